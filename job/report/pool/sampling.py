# ruff: noqa: N802, N803, N806, N815 - shape suffixes
"""What random draws say of a pool of which other images are labelled as well.

Each draw estimates the total of a quantity over the pool: what was known before it counts as it is,
and the images drawn stand for all that were left. Each of these totals is right on average, given
all that happened before, so they are uncorrelated, however the other images were chosen (Des Raj,
Some Estimators in Sampling with Varying Probabilities without Replacement, 1956). They are combined
by the inverse of their variances. If all images were drawn at random, this is their plain mean.

L = labelled images, D = draws.
"""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from job.records.arrays import Float64s, Integers
from job.report.analysis.intervals import wilson
from job.report.analysis.student import student_quantile

LEVEL = 0.95
"""Of the intervals."""
MIN_SEEN = 5
"""An interval needs this many drawn images that differ from the others."""


@dataclass(frozen=True)
class Estimated:
    """A quantity of the pool that was estimated, and its 95 % interval."""

    value: float
    low: float | None = None
    """None: too little was seen to say how sure it is."""
    high: float | None = None


@dataclass(frozen=True)
class LabelledRound:
    """The images that a round labelled."""

    drawn: tuple[str, ...]
    """Those of its random draw."""
    others: tuple[str, ...]
    num_unlabelled: int
    """The images of the pool that were not labelled before; refused ones do not count."""

    @property
    def num_left(self) -> int:
        """How many images the random draw was from."""
        return self.num_unlabelled - len(self.others)


@dataclass(frozen=True)
class Sample:
    """The labelled images of a pool, and which of them were drawn at random from what."""

    ids: tuple[str, ...]
    """(L,): the labelled images."""
    draw_L: Integers
    """The draw that an image is of; -1: it was not drawn at random."""
    known_L: Integers
    """The first draw that was made when the image was labelled, or chosen otherwise."""
    num_left_D: Integers
    """How many images each draw was from; always more than were drawn."""
    num_rest: int
    """The images of the pool that are not labelled."""

    @classmethod
    def of(
        cls, before: Collection[str], rounds: Sequence[LabelledRound], num_rest: int
    ) -> "Sample | None":
        """Return the sample of some rounds in a row.

        Args:
            before: The images of the pool that were labelled before them.
            rounds: In their order.
            num_rest: The images that are unlabelled after them.

        Returns:
            None if nothing is left to estimate, or if there is no draw.
        """
        draws = [each for each in rounds if each.drawn]
        if not draws or not num_rest:
            return None
        ids, draw, known = list(before), [-1] * len(before), [0] * len(before)
        number = 0
        for each in rounds:
            ids += [*each.others, *each.drawn]
            draw += [-1] * len(each.others) + [number] * len(each.drawn)
            known += [number] * len(each.others) + [number + 1] * len(each.drawn)
            number += bool(each.drawn)
        return cls(
            ids=tuple(ids),
            draw_L=np.array(draw),
            known_L=np.array(known),
            num_left_D=np.array([each.num_left for each in draws]),
            num_rest=num_rest,
        )

    @cached_property
    def num_drawn_D(self) -> Integers:
        """How many images each draw has."""
        return np.bincount(self.draw_L[self.draw_L >= 0])

    @property
    def num_drawn(self) -> int:
        """The images that were drawn at random."""
        return int(self.num_drawn_D.sum())

    @property
    def num_pool(self) -> int:
        """The images of the pool."""
        return len(self.ids) + self.num_rest

    @cached_property
    def precision_D(self) -> Float64s:
        """The inverse of each total's variance, for a quantity of variance 1 among the images."""
        left_D, drawn_D = self.num_left_D, self.num_drawn_D
        return drawn_D / (left_D * (left_D - drawn_D))

    @cached_property
    def weights_L(self) -> Float64s:
        """How many images of the pool each labelled image stands for."""
        return self.weights_without(np.zeros(len(self.ids), bool))

    def weights_without(self, is_out_L: NDArray[np.bool_]) -> Float64s:
        """Return the weights if some images of one draw had not been drawn.

        Those of the draw that are left stand for them; for later draws they are known all the same.
        """
        drawn = (self.draw_L >= 0) & ~is_out_L
        num_D = np.bincount(self.draw_L[drawn], minlength=len(self.num_left_D))
        share_D = self.precision_D / self.precision_D.sum()
        of_draw_L = np.where(drawn, (share_D * self.num_left_D / num_D)[self.draw_L], 0.0)
        # Of the totals of later draws an image is a known part.
        later_D = np.append(np.cumsum(share_D[::-1])[::-1], 0.0)
        return np.asarray(of_draw_L + later_D[self.known_L])

    @property
    def equivalent(self) -> float:
        """The images of a simple random sample of an endless pool that say as much of the rest."""
        return float(self.num_rest**2 * self.precision_D.sum())

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the spread within draws."""
        return self.num_drawn - len(self.num_drawn_D)

    def total(self, values_L: Float64s) -> float:
        """Return the total of a quantity over the pool."""
        return float(self.weights_L @ values_L)

    def proportion(self, holds_L: Float64s) -> Estimated:
        """Return the share of the pool's images of which something holds, with Wilson's interval.

        Args:
            holds_L: (L,): 1 if it holds of an image, else 0.
        """
        share = min(max(self._of_rest(holds_L), 0.0), 1.0)
        low, high = wilson(share * self.equivalent, self.equivalent)
        return self._of_pool(holds_L, share, low, high)

    def mean(self, values_L: Float64s) -> Estimated:
        """Return the mean of a quantity over the pool's images.

        The interval is Student's after a transformation that removes the skewness (Hall, On the
        Removal of Skewness by Transformation, 1992): a few images have many boxes.
        """
        mean = self._of_rest(values_L)
        if self._num_unusual(values_L) < MIN_SEEN or not self.freedom:
            return self._of_pool(values_L, mean)
        deviations = self._deviations(values_L)
        deviation = math.sqrt((deviations**2).sum() / self.freedom)
        skewness = float((deviations**3).mean() / (deviations**2).mean() ** 1.5)
        reach = student_quantile((1 + LEVEL) / 2, self.freedom)
        error = deviation / math.sqrt(self.equivalent)
        low, high = (
            mean - error * _without_skewness(t, skewness, self.equivalent) for t in (reach, -reach)
        )
        return self._of_pool(values_L, mean, low, high)

    def ratio(self, values_L: Float64s, sizes_L: Float64s) -> Estimated:
        """Return the ratio of two totals over the pool, such as a class's share of all boxes.

        The interval is Student's of the linearized ratio (Cochran, Sampling Techniques, 1977,
        chapter 6).
        """
        total = max(self.total(sizes_L), float(sizes_L.sum()))
        known = float(values_L.sum())
        ratio = max(self.total(values_L), known) / total if total else 0.0
        seen = int(np.count_nonzero(values_L[self.draw_L >= 0]))
        if seen < MIN_SEEN or not self.freedom:
            return Estimated(ratio)
        deviations = self._deviations(values_L - ratio * sizes_L)
        error = math.sqrt((deviations**2).sum() / self.freedom / self.precision_D.sum()) / total
        reach = student_quantile((1 + LEVEL) / 2, self.freedom) * error
        return Estimated(ratio, max(ratio - reach, known / total), min(ratio + reach, 1.0))

    def _of_rest(self, values_L: Float64s) -> float:
        """Return the mean of a quantity over the images that are not labelled."""
        return float((self.total(values_L) - values_L.sum()) / self.num_rest)

    def _of_pool(
        self, values_L: Float64s, rest: float, low: float | None = None, high: float | None = None
    ) -> Estimated:
        """Return what follows for the pool: of its labelled images, all is known."""
        known = float(values_L.sum())
        value, low, high = (
            None if mean is None else (known + self.num_rest * max(mean, 0.0)) / self.num_pool
            for mean in (rest, low, high)
        )
        return Estimated(value or 0.0, low, high)

    def _deviations(self, values_L: Float64s) -> Float64s:
        """Return how far each image that was drawn is from the mean of its draw."""
        of_draw = self.draw_L[self.draw_L >= 0]
        values = values_L[self.draw_L >= 0]
        means_D = np.bincount(of_draw, values) / self.num_drawn_D
        return np.asarray(values - means_D[of_draw])

    def _num_unusual(self, values_L: Float64s) -> int:
        """Return how many of the drawn images differ from the most frequent value."""
        _, counts = np.unique(values_L[self.draw_L >= 0], return_counts=True)
        return self.num_drawn - int(counts.max())


def _without_skewness(t: float, skewness: float, num: float) -> float:
    """Return Hall's transformation of a quantile, turned around."""
    if abs(skewness) < 1e-9:  # noqa: PLR2004 - the limit
        return t
    root = math.sqrt(num)
    return 3 * root / skewness * (math.cbrt(1 + skewness * (t / root - skewness / (6 * num))) - 1)
