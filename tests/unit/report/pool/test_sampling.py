# ruff: noqa: N803, N806 - shape suffixes
"""Estimates about a pool of which some images were drawn at random."""

import math
from itertools import combinations
from statistics import fmean

import numpy as np
import pytest

from job.records.arrays import Float64s
from job.report.pool.sampling import LabelledRound, Sample


def one_draw(num_drawn: int, num_pool: int) -> Sample:
    ids = tuple(f"{number:03d}" for number in range(num_drawn))
    sample = Sample.of((), [LabelledRound(ids, (), num_pool)], num_pool - num_drawn)
    assert sample
    return sample


def test_without_a_draw_there_is_no_sample() -> None:
    """Nor is there one if nothing is left to estimate."""
    assert Sample.of((), [LabelledRound((), ("a",), 9)], 8) is None
    assert Sample.of((), [LabelledRound(("a", "b"), (), 2)], 0) is None


def test_if_all_were_drawn_at_random_their_plain_mean_is_the_estimate() -> None:
    """Two draws in a row are one draw of both, however different their sizes are."""
    rounds = [LabelledRound(("a", "b"), (), 10), LabelledRound(("c", "d", "e"), (), 8)]
    sample = Sample.of((), rounds, 5)
    assert sample
    np.testing.assert_allclose(sample.weights_L, 10 / 5)
    # 1 / variance of the rest's mean: 1 / (1 / 5 + 1 / 5), of 5 images drawn and 5 left.
    assert sample.equivalent == pytest.approx(2.5)


def test_images_that_were_chosen_count_as_they_are() -> None:
    """By hand: totals of 2 draws from 10 and from 6 images, weighted with 2/80 and 2/24."""
    rounds = [LabelledRound(("a", "b"), (), 10), LabelledRound(("e", "f"), ("c", "d"), 8)]
    sample = Sample.of((), rounds, 4)
    assert sample
    values_L = np.array([1.0, 3.0, 7.0, 9.0, 2.0, 4.0])
    assert sample.ids == ("a", "b", "c", "d", "e", "f")
    first, second = 10 * 2.0, (1 + 3 + 7 + 9) + 6 * 3.0
    expected = (2 / 80 * first + 2 / 24 * second) / (2 / 80 + 2 / 24)
    assert sample.total(values_L) == pytest.approx(expected)


def test_the_estimate_is_right_on_average_whatever_a_strategy_chooses() -> None:
    """Over all draws of 2 of 6 images, after each the largest image left is chosen, and 1 drawn."""
    pool = {"a": 1.0, "b": 5.0, "c": 2.0, "d": 9.0, "e": 0.0, "f": 4.0}
    totals = []
    for first in combinations(pool, 2):
        left = {each: value for each, value in pool.items() if each not in first}
        chosen = max(left, key=lambda each: left[each])
        for second in left.keys() - {chosen}:
            rounds = [LabelledRound(first, (), 6), LabelledRound((second,), (chosen,), 4)]
            sample = Sample.of((), rounds, 2)
            assert sample
            totals.append(sample.total(np.array([pool[each] for each in sample.ids])))
    assert fmean(totals) == pytest.approx(sum(pool.values()))


def test_images_labelled_before_any_draw_are_known() -> None:
    """Such as those whose labels came along: the draw speaks for the others."""
    sample = Sample.of(("x", "y"), [LabelledRound(("a", "b"), (), 8)], 6)
    assert sample
    assert sample.total(np.array([5.0, 5.0, 1.0, 2.0])) == pytest.approx(10 + 8 * 1.5)


def test_what_was_never_seen_has_an_interval_too() -> None:
    """None of 50 of a very large pool: at most 7.1 %, by Wilson: z^2 / (50 + z^2)."""
    found = one_draw(50, 10_000_000).proportion(np.zeros(50))
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high == pytest.approx(3.8415 / 53.8415, abs=1e-4)


def test_of_labelled_images_all_is_known() -> None:
    """If 90 of 100 images are labelled and 9 of them show it, at least 9 and at most 19 do."""
    found = one_draw(90, 100).proportion((np.arange(90) < 9).astype(float))
    assert found.low is not None
    assert found.high is not None
    assert found.value == pytest.approx(0.1)
    assert 0.09 <= found.low < 0.1 < found.high <= 0.19


def test_a_mean_of_which_too_little_was_seen_has_no_interval() -> None:
    """Four images with another number of boxes than the rest say nothing about its spread."""
    sample = one_draw(40, 1000)
    assert sample.mean(np.where(np.arange(40) < 4, 3.0, 1.0)).low is None
    assert sample.mean(np.where(np.arange(40) < 5, 3.0, 1.0)).low is not None


def test_a_mean_has_students_interval_if_nothing_is_skew() -> None:
    """By hand: 0 and 2 in 10 images of an endless pool, t = 2.262 with 9 degrees of freedom."""
    found = one_draw(10, 10_000_000).mean(np.tile([0.0, 2.0], 5))
    reach = 2.262 * math.sqrt(10 / 9) / math.sqrt(10)
    assert (found.low, found.high) == pytest.approx((1 - reach, 1 + reach), abs=1e-3)


def test_the_interval_of_a_skew_mean_solves_halls_transformation() -> None:
    """Its ends are where the transformed t is Student's quantile: 2.045 with 29 degrees."""
    values_L = np.array([1.0] * 20 + [2.0] * 7 + [9.0] * 3)
    found = one_draw(30, 10_000_000).mean(values_L)
    deviation = values_L.std(ddof=1)
    skewness = ((values_L - values_L.mean()) ** 3).mean() / values_L.std() ** 3
    for end, expected in ((found.low, 2.045), (found.high, -2.045)):
        assert end is not None
        t = (values_L.mean() - end) / (deviation / math.sqrt(30))
        scaled = skewness / math.sqrt(30)
        assert t + scaled * t**2 / 3 + scaled**2 * t**3 / 27 + scaled / 6 == pytest.approx(
            expected, abs=1e-3
        )


def test_a_ratio_has_the_interval_of_cochran() -> None:
    """By his formula for one draw from 100 images, written out; of 4 images there is none."""
    sizes_L = np.array([1.0, 2, 3, 1, 2, 3, 1, 2, 3, 4])
    values_L = np.array([1.0, 1, 0, 0, 2, 1, 0, 1, 0, 3])
    found = one_draw(10, 100).ratio(values_L, sizes_L)
    ratio = values_L.sum() / sizes_L.sum()
    spread = ((values_L - ratio * sizes_L) ** 2).sum() / 9
    reach = 2.262 * math.sqrt((1 - 10 / 100) * spread / 10) / sizes_L.mean()
    assert found.value == pytest.approx(ratio)
    assert (found.low, found.high) == pytest.approx((ratio - reach, ratio + reach), abs=1e-3)
    assert one_draw(10, 100).ratio(np.where(np.arange(10) < 4, 1.0, 0.0), sizes_L).low is None


def test_a_ratio_is_at_least_what_is_known() -> None:
    """A class that only the others show: 4 of their boxes, of 20 that the pool has by the draw."""
    others = ("y", "z")
    rounds = [LabelledRound(("a", "b"), (), 10), LabelledRound((), others, 8)]
    sample = Sample.of((), rounds, 6)
    assert sample
    found = sample.ratio(np.array([0.0, 0, 2, 2]), np.array([2.0, 2, 2, 2]))
    assert found.value == pytest.approx(4 / 20)


def _simulated(rng: np.random.Generator, boxes_N: Float64s) -> tuple[Sample, Float64s]:
    """Four rounds of 15 drawn images, and of the 15 others with most boxes, roughly."""
    is_labelled = np.zeros(len(boxes_N), bool)
    rounds = []
    for _ in range(4):
        num_unlabelled = int((~is_labelled).sum())
        wanted = np.where(is_labelled, -np.inf, boxes_N + rng.normal(size=len(boxes_N)))
        others = np.argsort(-wanted)[:15]
        is_labelled[others] = True
        found = rng.choice(np.flatnonzero(~is_labelled), 15, replace=False)
        is_labelled[found] = True
        drawn, chosen = (tuple(map(str, each)) for each in (found, others))
        rounds.append(LabelledRound(drawn, chosen, num_unlabelled))
    sample = Sample.of((), rounds, int((~is_labelled).sum()))
    assert sample
    return sample, boxes_N[np.array(sample.ids, int)]


def test_intervals_hold_what_is_true() -> None:
    """About 95 of 100, although the strategy picks the images with most boxes: here 91 to 99."""
    rng = np.random.default_rng(3)
    boxes_N = rng.poisson(1.5, 700) * rng.choice([1.0, 1.0, 1.0, 3.0], 700)
    held = np.zeros(2)
    for _ in range(200):
        sample, boxes_L = _simulated(rng, boxes_N)
        pairs = (
            (sample.mean(boxes_L), boxes_N.mean()),
            (sample.proportion((boxes_L == 0).astype(float)), (boxes_N == 0).mean()),
        )
        for number, (each, true) in enumerate(pairs):
            assert each.low is not None
            assert each.high is not None
            held[number] += each.low <= true <= each.high
    assert ((held >= 182) & (held <= 198)).all()
