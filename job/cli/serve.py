"""`al-job serve`: pages of the store's experiments for a browser."""

from typing import Annotated

import typer

from job.artifacts.experiment_file import load_experiment
from job.cli.options import STATE, ExperimentOption, StoreOption
from job.cli.output import say
from job.serve.access import Access
from job.serve.server import Server
from job.serve.site import Site
from job.storage import open_store


def serve(
    experiment: ExperimentOption = None,
    store: StoreOption = STATE,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The port; 0: any that is free.")
    ] = 8765,
    host: Annotated[
        str,
        typer.Option(
            "--host",
            help="The address to listen at. If other machines can reach it, AL_SERVE_TOKEN or"
            " AL_SERVE_TOKEN_FILE has to have a token.",
        ),
    ] = "127.0.0.1",
) -> None:
    """Show the experiments of a store in a browser: their state, picks, labels and curves.

    It only reads, and runs until it is stopped. Without --experiment it shows all experiments.
    """
    access, opened = Access.of(host), open_store(store)
    if experiment:
        load_experiment(opened, experiment, read_only=True)
    with Server(host, port, Site(opened, access, experiment).answer) as server:
        token = "; it asks for the token" * access.asks
        say(f"{opened.url} is shown at {server.url}{token}; Ctrl-C ends it")
        server.serve_forever()
