"""Work on one item after another, in several threads."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_threads(
    function: Callable[[T], R], items: Iterable[T], num_threads: int, num_ahead: int
) -> Generator[R]:
    """Yield a function's results in the order of the items.

    Args:
        function: What raises there is raised here, in its turn; what has not begun is dropped.
        items: They are taken in the caller's thread.
        num_threads: How many are worked on at a time.
        num_ahead: How many are worked on or wait, done or not, while the caller has a result.
    """
    pool = ThreadPoolExecutor(num_threads)
    try:
        coming: deque[Future[R]] = deque()
        for item in items:
            coming.append(pool.submit(function, item))
            if len(coming) > num_ahead:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
