"""Work on one item after another, in several threads."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from threading import Event, local
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


class DroppedError(Exception):
    """Nobody waits any more for what a thread works on."""


class _OfThread(local):
    dropped: Event | None = None


_of_thread = _OfThread()


def stop_if_dropped() -> None:
    """End what is done in a thread of `in_threads` after its results have been given up.

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
        function: What raises there is raised here, in its turn; what has not begun is dropped.
        items: They are taken in the caller's thread.
        num_threads: How many are worked on at a time.
        num_ahead: How many are worked on or wait, done or not, while the caller has a result.

    Where the caller closes it early, or an item fails, it waits for what has begun: see
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
    """Yield lists of `size` items, for what is worth a thread's turn; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
