"""Names in figures: shortened if they are long, and never two alike."""

from collections.abc import Iterable, Sequence
from textwrap import fill

from job.runtime.tables import plain

MAX_LETTERS = 28


def short_names(names: Sequence[str]) -> dict[str, str]:
    """Return each name with at most `MAX_LETTERS` letters; the middle of a long one is left out.

    If two would look alike, they begin with their numbers.
    """
    short = {name: shorten(plain(name), MAX_LETTERS) for name in names}
    shown = list(short.values())
    return {
        name: text
        if shown.count(text) == 1
        else f"{number}. {shorten(plain(name), MAX_LETTERS - len(str(number)) - 2)}"
        for number, (name, text) in enumerate(short.items(), start=1)
    }


def shorten(name: str, max_letters: int) -> str:
    """Return a name with at most `max_letters` letters; the middle of a long one is left out."""
    if len(name) <= max_letters:
        return name
    end = max_letters // 2
    return f"{name[: max_letters - end - 1]}\N{HORIZONTAL ELLIPSIS}{name[-end:]}"


def wrapped(title: str, labels: Iterable[str] = ()) -> str:
    """Return a title in lines that a figure has room for, beside labels to its left."""
    width = 72 - max((len(label) for label in labels), default=0)
    return title if len(title) <= width else fill(title, max(width - 8, 40))
