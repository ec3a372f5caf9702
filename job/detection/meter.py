"""Measures how fast a stage goes through its images."""

import time
from collections.abc import Generator, Iterable
from typing import TypeVar

import torch

from job.records.pace import Pace

T = TypeVar("T")


class Meter:
    """A clock that runs from the first image that is asked for."""

    def __init__(self) -> None:
        self._begun: float | None = None
        self._images = 0
        self._waiting = 0.0

    def waiting(self, items: Iterable[T], images_each: int = 1) -> Generator[T]:
        """Yield the items, and count the time until each is there.

        Args:
            items: Images or batches. There may be several such series, one after the other.
            images_each: How many images an item has.
        """
        asked = self._begin()
        for item in items:
            self._waiting += time.perf_counter() - asked
            self._images += images_each
            yield item
            asked = time.perf_counter()

    def _begin(self) -> float:
        now = time.perf_counter()
        if self._begun is None:
            self._begun = now
            if _has_gpu():
                torch.cuda.reset_peak_memory_stats()
        return now

    def pace(self) -> Pace:
        """Return what was measured up to now."""
        seconds = 0.0 if self._begun is None else time.perf_counter() - self._begun
        memory = torch.cuda.max_memory_allocated() if _has_gpu() else 0
        return Pace(self._images, round(seconds, 3), round(self._waiting, 3), memory >> 20)


def _has_gpu() -> bool:
    """Whether this process has computed on a GPU: nothing begins to by being asked."""
    return bool(torch.cuda.is_initialized())  # type: ignore[no-untyped-call]
