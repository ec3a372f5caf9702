# ruff: noqa: N803, N806 - shape suffixes
"""Seconds for an image and for a box, from measured times."""

from dataclasses import replace

import numpy as np
import pytest

from job.artifacts.outcome import AnnotatorOutcome, ImageOutcome
from job.config.annotation import AnnotationConfig
from job.report.people.times import fit, measured_times
from tests.unit.report.make_context import asked_round

BOXES_N = np.array([0.0, 1, 1, 2, 2, 3, 4, 5, 8, 0, 1, 6])
NOISE_N = np.array([3.0, -9, 4, 8, -7, 2, -20, 15, 30, -2, 5, -25])


def test_exact_times_give_their_costs_back() -> None:
    """40 s an image and 5 s a box, without any doubt."""
    found = fit(BOXES_N, 40 + 5 * BOXES_N)
    assert found
    assert (found.per_image.mean, found.per_box.mean) == pytest.approx((40, 5))
    assert (found.per_box.low, found.per_box.high) == pytest.approx((5, 5))


def test_the_total_is_that_of_what_was_measured() -> None:
    """That is what costs are for."""
    seconds_N = 40 + 5 * BOXES_N + NOISE_N
    found = fit(BOXES_N, seconds_N)
    assert found
    total = 12 * found.per_image.mean + BOXES_N.sum() * found.per_box.mean
    assert total == pytest.approx(seconds_N.sum())


def test_the_interval_is_that_of_refits_without_each_answer() -> None:
    """HC3's variance is the sum of squared changes of the coefficients; t = 2.228 with 10."""
    seconds_N = 40 + 5 * BOXES_N + NOISE_N
    found = fit(BOXES_N, seconds_N)
    slope, image = np.polyfit(BOXES_N, seconds_N, 1)
    without = [
        np.polyfit(np.delete(BOXES_N, n), np.delete(seconds_N, n), 1) for n in range(len(BOXES_N))
    ]
    changes_NK = np.array(without) - (slope, image)
    errors = np.sqrt((changes_NK**2).sum(axis=0))
    assert found
    assert found.per_box.high == pytest.approx(slope + 2.228 * errors[0], rel=1e-3)
    assert found.per_image.low == pytest.approx(max(image - 2.228 * errors[1], 0), rel=1e-3)


@pytest.mark.parametrize(
    ("seconds_N", "per_image", "per_box"),
    [(10 * BOXES_N - 5 * (BOXES_N > 0), 0, 1), (100 - 5 * BOXES_N, 1, 0)],
)
def test_neither_is_below_0(seconds_N: np.ndarray, per_image: int, per_box: int) -> None:
    """The other one then carries the total, and of the first nothing says how sure it is."""
    found = fit(BOXES_N, seconds_N)
    assert found
    assert (found.per_image.low is None, found.per_box.low is None) == (not per_image, not per_box)
    means = found.per_image.mean, found.per_box.mean
    assert [bool(each) for each in means] == [bool(per_image), bool(per_box)]
    assert 12 * means[0] + BOXES_N.sum() * means[1] == pytest.approx(seconds_N.sum())


def test_what_cannot_be_told_apart_is_not_told() -> None:
    """Few answers, or as many boxes in all of them."""
    assert fit(BOXES_N[:9], BOXES_N[:9]) is None
    assert fit(np.ones(20), np.arange(20.0)) is None


def _answered(seconds: float | None) -> AnnotatorOutcome:
    counted = min(seconds or 9, 600)
    return AnnotatorOutcome("ann", 2, seconds=seconds, counted_seconds=counted)


def test_images_with_proposals_are_apart() -> None:
    """So that nobody takes one for the other; what is assumed or refused is left out."""
    images = (
        ImageOutcome("a", "labelled", (_answered(100.0), _answered(50.0))),
        ImageOutcome("b", "labelled", (_answered(900.0),), proposals=3),
        ImageOutcome("c", "labelled", (_answered(None),)),
        ImageOutcome("d", "refused", (replace(_answered(7.0), is_refused=True),)),
        ImageOutcome("e", "labelled", (_answered(7.0),), is_shared=True),
    )
    config = AnnotationConfig(seconds_per_image=10, seconds_per_box=1)
    plain, proposed = measured_times([asked_round(*images)], config)
    assert (plain.with_proposals, plain.answers, plain.boxes, plain.counted) == (False, 2, 4, 150)
    assert (proposed.with_proposals, proposed.raw, proposed.counted) == (True, 900, 600)
    assert (plain.assumed, proposed.assumed) == (24, 12)
    assert plain.seconds is None
