"""Names that a user may mistype: what to say instead."""

from collections.abc import Iterable
from difflib import get_close_matches


def known(names: Iterable[str]) -> str:
    """Return the names to choose from, for a message."""
    return f"known: {', '.join(sorted(names)) or 'none'}"


def unknown(name: str, names: Iterable[str]) -> str:
    """Return what to say of an unknown name: the closest known one, and all of them."""
    names = sorted(names)
    close = get_close_matches(name, names, n=1)
    guess = f"did you mean {close[0]!r}? " if close else ""
    return f"unknown {name!r}; {guess}{known(names)}"
