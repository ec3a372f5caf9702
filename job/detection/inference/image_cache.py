"""Keep what has been computed for the next time, as far as there is room."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

V = TypeVar("V")


class ImageCache(Generic[V]):
    """Values by key, up to a number of bytes; safe in any thread.

    What comes first stays: of what is gone through again and again, in the same order, a part is
    then there each time, where dropping the oldest would leave nothing.
    """

    def __init__(self, max_bytes: int) -> None:
        self._room = max_bytes
        self._values: dict[Hashable, V] = {}
        self._lock = Lock()

    def get(self, key: Hashable, compute: Callable[[], V], num_bytes: int) -> V:
        """Return the value of a key, computed unless it is kept.

        Args:
            key: What the value depends on; two values of one key are equal.
            compute: It may be called by several threads at once.
            num_bytes: What the value takes.
        """
        if key in self._values:
            return self._values[key]
        value = compute()
        with self._lock:
            if num_bytes <= self._room and key not in self._values:
                self._values[key] = value
                self._room -= num_bytes
        return value
