"""What commands print for people, on standard output."""

from rich.console import Console

from job.keys import ExperimentKeys
from job.storage import Store

out = Console(highlight=False)


def say(text: str) -> None:
    """Print a text as it is, without wrapping it."""
    out.print(text, markup=False, soft_wrap=True)


def say_places(store: Store, experiment: str) -> None:
    """Print where the results and the report of an experiment are, if they are there."""
    keys = ExperimentKeys(experiment)
    for what, key in {"results": keys.results, "report": keys.page}.items():
        if store.exists(key):
            say(f"{what}: {store.local_path(key) or f'{store.url}/{key}'}")
