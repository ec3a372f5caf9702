"""What messages say of names that a user may mistype, and of long texts."""

from collections.abc import Iterable
from difflib import get_close_matches

from job.errors import UsageError

MAX_CHARACTERS = 100
"""So much of a text that was given is repeated in a message."""
MAX_NAMES = 30
"""So many known names are listed in a message."""


def shortened(text: str) -> str:
    """Return a text that was given, short enough for a message."""
    return text if len(text) <= MAX_CHARACTERS else f"{text[: MAX_CHARACTERS - 3]}..."


def given(value: object) -> str:
    """Return a value that was given as a message repeats it: with its quotes, and short enough."""
    return shortened(repr(value))


def known(names: Iterable[str]) -> str:
    """Return the names to choose from, for a message."""
    ordered = sorted(names)
    more = f" and {len(ordered) - MAX_NAMES} more" if len(ordered) > MAX_NAMES else ""
    listed = ", ".join(ordered[:MAX_NAMES])
    return f"known: {listed}{more}" if listed else "none is known"


def unknown(name: str, names: Iterable[str]) -> str:
    """Return what to say of an unknown name: the closest known one, and all of them."""
    return f"unknown {given(name)}; {suggestion(name, names)}"


def suggestion(name: str, names: Iterable[str]) -> str:
    """Return the closest known name, if one is close, and all of them."""
    names = sorted(names)
    close = get_close_matches(name, names, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"{guess}{known(names)}"


def refuse_twin(kind: str, name: str, others: Iterable[str]) -> None:
    """Refuse a new name that differs only by case from another one.

    Raises:
        UsageError: It does: a disk that ignores case takes both for one.
    """
    for other in others:
        if other != name and other.lower() == name.lower():
            message = (
                f"{kind} {name!r}: there is {other!r}, and a disk that ignores case takes both for "
                "one: choose another name"
            )
            raise UsageError(message)
