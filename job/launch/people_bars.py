"""How fast people label, and a bar for each stage that they label."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from job.artifacts.annotating import Annotating
from job.keys import StageRef
from job.runtime import log


def rate_of(annotating: Annotating) -> dict[str, float]:
    """Return images an hour, and the seconds that are left at that rate, if there is one yet."""
    if annotating.per_hour is None or annotating.seconds_left is None:
        return {}
    return {
        "per_hour": round(annotating.per_hour, 1),
        "seconds_left": round(annotating.seconds_left),
    }


def rate_in_words(annotating: Annotating) -> str:
    """Return the same for a person, such as `45 images/h, 4:43:00 left; 2 need attention`."""
    rate = rate_of(annotating)
    parts = []
    if rate:
        left = timedelta(seconds=rate["seconds_left"])
        parts.append(f"{rate['per_hour']:g} images/h, {left} left")
    if num := len(annotating.attention):
        parts.append(f"{num} {'needs' if num == 1 else 'need'} attention")
    return "; ".join(parts)


@contextmanager
def bars(stages: Mapping[StageRef, Annotating | None]) -> Iterator[None]:
    """Show a bar for each stage that people label, if there is a terminal.

    It is gone afterwards. Elsewhere, log lines say the same.
    """
    if not log.console.is_terminal:
        yield
        return
    columns = (
        TextColumn("{task.description}", style="bold", markup=False),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}", markup=False),
    )
    with Progress(*columns, console=log.console, transient=True, refresh_per_second=1) as shown:
        for ref, each in stages.items():
            if each:
                rate = rate_in_words(each)
                shown.add_task(str(ref), total=each.total, completed=each.answered, rate=rate)
        yield
