"""Intervals of means and shares, against scipy and cases worked out by hand."""

import math
from itertools import product

import numpy as np
import pytest
from scipy import stats

from job.report.analysis import intervals as module
from job.report.analysis.intervals import Estimate, bootstrap, share_above_0, t_interval


def plain_interval(values: list[float]) -> tuple[float, float]:
    """Every resample spelled out; the ends are the first means that enough of them reach."""
    means = sorted(sum(drawn) / len(values) for drawn in product(values, repeat=len(values)))
    low, high = (math.ceil(share * len(means) - 1e-9) - 1 for share in (0.025, 0.975))
    return means[low], means[high]


def test_of_two_seeds_the_interval_is_from_one_to_the_other() -> None:
    """The resamples' means are 0, 1, 1 and 2, a quarter each: nothing is between them."""
    assert bootstrap([0.0, 2.0]) == Estimate(mean=1.0, low=0.0, high=2.0, num_seeds=2)


@pytest.mark.parametrize(
    "values", [[1.0, 2.0, 4.0], [0.3, 0.1, 0.2, 0.9, 0.5], [5.13, -1.07, 0.29, 3.41, 2.03, 2.57]]
)
def test_interval_of_few_seeds_is_of_all_resamples(values: list[float]) -> None:
    """It equals the one that all N^N resamples give when each is written out."""
    result = bootstrap(values)
    assert (result.low, result.high) == pytest.approx(plain_interval(values))
    assert result.mean == pytest.approx(sum(values) / len(values))


def test_no_generator_has_a_say_in_the_interval_of_six_seeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All resamples are enumerated; of seven they are drawn."""
    module._weights_BN.cache_clear()  # noqa: SLF001 - what was drawn before is kept
    monkeypatch.delattr(np.random, "default_rng")
    assert bootstrap([5.13, -1.07, 0.29, 3.41, 2.03, 2.57]).low is not None
    with pytest.raises(AttributeError, match="default_rng"):
        bootstrap([1.0] * 7)


def test_interval_of_many_seeds_agrees_with_scipy() -> None:
    """Drawn resamples of 12 seeds end within a twentieth of the spread of where scipy's do."""
    values = np.random.default_rng(7).normal(size=12)
    ours = bootstrap(values)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=50_000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.05)


def test_interval_is_the_same_each_time() -> None:
    """Also where resamples are drawn, in another process: the generator always starts the same."""
    values = list(np.random.default_rng(3).normal(size=9))
    first = bootstrap(values)
    module._weights_BN.cache_clear()  # noqa: SLF001 - what another process begins with
    assert bootstrap(values) == first


def test_one_seed_has_no_interval() -> None:
    """One value tells nothing of the spread."""
    assert bootstrap([0.4]) == Estimate(mean=0.4, low=None, high=None, num_seeds=1)


def test_a_mean_of_nothing_is_refused() -> None:
    """There is no number to give."""
    with pytest.raises(ValueError, match="no value"):
        bootstrap([])


def test_five_normal_seeds_are_covered_in_84_of_100_cases() -> None:
    """It is about 1.96 * sqrt(4/5) = 1.753 standard errors; t of 4 degrees is within in 84.5 %."""
    assert 1 - 2 * stats.t.sf(1.96 * math.sqrt(4 / 5), 4) == pytest.approx(0.845, abs=0.001)
    samples = np.random.default_rng(0).normal(size=(2000, 5))
    ends = [bootstrap(values) for values in samples]
    covered = [each.low <= 0 <= each.high for each in ends if each.low is not None and each.high]
    assert np.mean(covered) == pytest.approx(0.845, abs=0.025)


@pytest.mark.parametrize("level", [0.90, 0.95])
@pytest.mark.parametrize(
    "values", [[1.0, 2.0], [0.3, 0.1, 0.2, 0.9, 0.5], [*map(float, range(12))]]
)
def test_students_interval_agrees_with_scipy(values: list[float], level: float) -> None:
    """The mean, and t of so many seeds times the standard error to each side."""
    found = t_interval(values, level)
    expected = stats.t.interval(level, len(values) - 1, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx(expected)
    assert (found.mean, found.num_seeds) == pytest.approx((np.mean(values), len(values)))


def test_students_interval_ends_at_0_where_p_is_the_rest() -> None:
    """Of 1, 2, 3 the 0 is sqrt(12) standard errors off: p = 1 - sqrt(12 / 14)."""
    found = t_interval([1.0, 2.0, 3.0], math.sqrt(12 / 14))
    assert (found.low, found.high) == pytest.approx((0.0, 4.0), abs=1e-9)


def test_one_seed_has_no_students_interval() -> None:
    """And of none there is no mean."""
    assert t_interval([0.4]) == Estimate(mean=0.4, low=None, high=None, num_seeds=1)
    with pytest.raises(ValueError, match="no value"):
        t_interval([])


def test_an_estimate_in_another_unit() -> None:
    """Mean and ends alike; what is not there stays so."""
    assert Estimate(0.5, 0.25, 1.0, 5).scaled(100) == Estimate(50.0, 25.0, 100.0, 5)
    assert Estimate(0.5, None, None, 1).scaled(100) == Estimate(50.0, None, None, 1)


@pytest.mark.parametrize(("ahead", "num_seeds"), [(5, 5), (0, 5), (7, 10), (1, 1), (10, 10)])
def test_share_of_seeds_agrees_with_scipy(ahead: int, num_seeds: int) -> None:
    """Wilson's interval of so many of so many."""
    found = share_above_0([0.1] * ahead + [-0.2] * (num_seeds - ahead))
    expected = stats.binomtest(ahead, num_seeds).proportion_ci(method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert found.value == pytest.approx(ahead / num_seeds)


def test_a_seed_without_a_difference_counts_half() -> None:
    """One ahead, one behind and two undecided are two of four."""
    found = share_above_0([0.1, -0.1, 0.0, 0.0])
    assert (found.count, found.num_seeds, found.value) == (2.0, 4, 0.5)
