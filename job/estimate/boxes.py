"""How many boxes images are expected to have that nobody has labelled yet."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Span:
    """An expected number, and the range that it lies in."""

    low: float
    expected: float
    high: float

    @classmethod
    def exactly(cls, number: float) -> "Span":
        """Return a number that is known."""
        return cls(number, number, number)

    def __add__(self, other: "Span") -> "Span":
        """Return the sum, end by end."""
        return Span(self.low + other.low, self.expected + other.expected, self.high + other.high)

    def map(self, function: Callable[[float], float]) -> "Span":
        """Return what a function that never falls makes of it."""
        return Span(function(self.low), function(self.expected), function(self.high))


class BoxCounts:
    """The number of boxes of images that are known, as examples of those that are not."""

    def __init__(self, counts: Iterable[float], source: str) -> None:
        """Keep them.

        Args:
            counts: The boxes of each image; at least one image.
            source: Where they come from, in words.
        """
        self._sorted = np.sort(np.fromiter(counts, np.float64))
        self.source = source

    @property
    def mean(self) -> float:
        """Boxes of an image."""
        return float(self._sorted.mean())

    def of(self, num_picks: int, num_images: int) -> Span:
        """Return how many boxes some images have together.

        Strategies do not pick at random. So the range is from the images with the fewest boxes to
        those with the most: whatever is picked, it lies in between, as far as the known images are
        like the others.

        Args:
            num_picks: How many images.
            num_images: Of so many they are picked.
        """
        share = min(num_picks / max(num_images, 1), 1.0)
        few = max(round(share * len(self._sorted)), 1)
        low, high = self._sorted[:few].mean(), self._sorted[-few:].mean()
        return Span(float(low), self.mean, float(high)).map(lambda mean: num_picks * mean)
