"""Small memories: of what was looked at a moment ago, and of pictures up to a number of bytes."""

import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock, Semaphore
from typing import Generic, TypeVar

from job.errors import AlJobError

K = TypeVar("K")
T = TypeVar("T")


class Remembered(Generic[T]):
    """What a function returns, or the failure that it raises, for some seconds.

    If several threads ask at the same time, one of them calls the function and the others wait.
    """

    def __init__(self, function: Callable[[], T], seconds: float) -> None:
        self._function, self._seconds = function, seconds
        self._lock = Lock()
        self._until = 0.0
        self._value: T | AlJobError

    def get(self) -> T:
        """Return the value, which may be some seconds old.

        Raises:
            AlJobError: What the function raised, some seconds ago.
        """
        with self._lock:
            if time.monotonic() >= self._until:
                self._value = self._called()
                self._until = time.monotonic() + self._seconds
        if isinstance(self._value, AlJobError):
            raise self._value.with_traceback(None)
        return self._value

    def _called(self) -> T | AlJobError:
        try:
            return self._function()
        except AlJobError as error:
            return error


class Kept(Generic[K, T]):
    """What was made, by key: at most so many things; the longest unused one makes room."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[K, T] = OrderedDict()

    def get(self, key: K, make: Callable[[], T]) -> T:
        """Return the thing of a key, which is made unless it is kept."""
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        made = make()
        with self._lock:
            made = self._kept.setdefault(key, made)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made


class Pictures:
    """Pictures by name: at most so many bytes are kept, and so many are made at a time."""

    def __init__(self, max_bytes: int, at_once: int) -> None:
        self._room = max_bytes
        self._making = Semaphore(at_once)
        self._lock = Lock()
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()

    def get(self, name: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        """Return a picture, which is made unless it is kept; those longest unused make room."""
        if kept := self._find(name):
            return kept
        with self._making:
            picture = self._find(name) or make()
        with self._lock:
            if name not in self._kept:
                self._kept[name] = picture
                self._room -= len(picture)
            while self._room < 0:
                self._room += len(self._kept.popitem(last=False)[1])
        return picture

    def _find(self, name: tuple[object, ...]) -> bytes | None:
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
            return self._kept.get(name)
