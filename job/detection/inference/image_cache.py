"""Images as the network sees them, kept in memory from one stage of `al-job run` to the next."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any


class ImageCache:
    """Values by key, up to a number of bytes; safe in any thread.

    What comes first is kept, and nothing is evicted. Every round scans the same images in the same
    order, and for such a scan a cache that evicts the least recently used and is smaller than the
    data has a hit rate of zero.
    """

    def __init__(self, max_bytes: int) -> None:
        self._room = max_bytes
        self._values: dict[Hashable, Any] = {}
        self._lock = Lock()

    @contextmanager
    def sized(self, max_bytes: int) -> Iterator[None]:
        """Within, keep up to so many bytes: the images of one data set. Before and after, none."""
        self._values, self._room = {}, max_bytes
        try:
            yield
        finally:
            self._values, self._room = {}, 0

    def get(
        self, key: Hashable, compute: Callable[[], Any], num_bytes: Callable[[Any], int]
    ) -> Any:
        """Return the value of a key, computed unless it is kept.

        Args:
            key: What the value depends on; two values of one key are equal.
            compute: Several threads may call it at once.
            num_bytes: The size of a value.
        """
        if key in self._values:
            return self._values[key]
        value = compute()
        with self._lock:
            if (size := num_bytes(value)) <= self._room and key not in self._values:
                self._values[key] = value
                self._room -= size
        return value


IMAGE_CACHE = ImageCache(0)
"""This process's cache. `al-job run` gives it room."""
