"""Ordered results of several threads."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from threading import Event, local
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class DroppedError(Exception):
    """The results that a thread works on have been given up."""


class _OfThread(local):
    dropped: Event | None = None


_of_thread = _OfThread()


def stop_if_dropped() -> None:
    """End the work of a thread of `in_threads` if its results have been given up.

    Long work calls it now and then. In other threads it does nothing.

    Raises:
        DroppedError: They have been given up.
    """
    if _of_thread.dropped and _of_thread.dropped.is_set():
        raise DroppedError


def in_threads(
    function: Callable[[T], R], items: Iterable[T], num_threads: int, num_ahead: int
) -> Generator[R]:
    """Yield a function's results in the order of the items.

    Args:
        function: Its errors are raised here, in their turn; items not yet begun are dropped.
        items: They are taken in the caller's thread.
        num_threads: Maximum number of items that are worked on at a time.
        num_ahead: Maximum number of submitted items whose results have not been yielded yet.

    If the caller closes it early, or an item fails, it waits for what has begun: see
    `stop_if_dropped`.
    """
    dropped = Event()
    pool = ThreadPoolExecutor(
        num_threads, initializer=setattr, initargs=(_of_thread, "dropped", dropped)
    )
    try:
        coming: deque[Future[R]] = deque()
        for item in items:
            coming.append(pool.submit(function, item))
            if len(coming) > num_ahead:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        dropped.set()
        pool.shutdown(cancel_futures=True)


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
