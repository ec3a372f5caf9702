"""What commands print for people, on standard output."""

from rich.console import Console, RenderableType

from job.keys import ExperimentKeys
from job.storage import Store

out = Console(highlight=False)
_WIDE = 1_000_000


def show(renderable: RenderableType) -> None:
    """Print a table: into a pipe or a file as wide as it is, else within the terminal."""
    console = out if out.is_terminal else Console(highlight=False, width=_WIDE)
    console.print(renderable)


def say(text: str) -> None:
    """Print a text as it is, without wrapping it."""
    out.print(text, markup=False, soft_wrap=True)


def say_places(store: Store, experiment: str) -> None:
    """Print where the results and the report of an experiment are, if they are there."""
    keys = ExperimentKeys(experiment)
    for what, key in {"results": keys.results, "report": keys.page}.items():
        if store.exists(key):
            say(f"{what}: {store.local_path(key) or f'{store.url}/{key}'}")
