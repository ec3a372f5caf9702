"""The statistics of the report, against scipy and by hand."""

import numpy as np
import pytest
from scipy import stats

from job.report.statistics import first_reached, holm, interval, mean_height, paired_t, two_sided_t


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 8, 9, 30])
@pytest.mark.parametrize("t", [0.0, 0.3, 1.0, 2.5, 7.0])
def test_students_distribution_is_scipys(freedom: int, t: float) -> None:
    """For even and odd degrees of freedom."""
    assert two_sided_t(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_paired_test_is_scipys(seed: int) -> None:
    """Of the differences of pairs."""
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, 5 + seed))
    expected = stats.ttest_rel(first, second).pvalue
    assert paired_t((first - second).tolist()) == pytest.approx(expected)


def test_differences_without_spread() -> None:
    """One difference has none; equal ones are certain, or nothing."""
    assert paired_t([0.1]) is None
    assert paired_t([0.5, 0.5, 0.5]) == 0.0
    assert paired_t([0.0, 0.0]) == 1.0


def test_holm_by_hand() -> None:
    """0.01 * 4, then the larger of it and 0.02 * 3, 0.03 * 2 = 0.06, 0.6 * 1; 1 is the most."""
    assert holm([0.03, 0.01, 0.6, 0.02]) == pytest.approx([0.06, 0.04, 0.6, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_two_values_have_the_interval_of_their_four_resamples() -> None:
    """Means 0, 1, 1, 2: 2.5 % of the way over three gaps is 0.075 of the first."""
    assert interval([0.0, 2.0]) == pytest.approx((0.075, 1.925))
    assert interval([1.0]) is None


def test_the_bootstrap_is_scipys() -> None:
    """The percentile method; of up to six values without chance, of more with the same draws."""
    for values in ([1.0, 2.0, 4.0, 8.0, 3.0], np.random.default_rng(1).normal(size=12).tolist()):
        theirs = stats.bootstrap(
            (values,), np.mean, method="percentile", n_resamples=20_000, rng=1
        ).confidence_interval
        assert interval(values) == pytest.approx((theirs.low, theirs.high), abs=0.06)
        assert interval(values) == interval(values)


def test_mean_height_by_hand() -> None:
    """From 0 to 10 a line from 0 to 1, then level: over 5 to 15, (0.75 * 5 + 1 * 5) / 10."""
    x, y = np.array([0.0, 10, 20]), np.array([0.0, 1, 1])
    assert mean_height(x, y, 5, 15) == pytest.approx(0.875)
    assert mean_height(x, y, 0, 20) == pytest.approx(0.75)
    assert mean_height(x, y, 5, 5) == pytest.approx(0.5)


def test_where_a_curve_first_reaches_a_height() -> None:
    """On the line between two points; at once; never; before it falls again."""
    x, y = np.array([100.0, 200, 300, 400]), np.array([0.2, 0.4, 0.3, 0.6])
    assert first_reached(x, y, 0.3) == pytest.approx(150)
    assert first_reached(x, y, 0.1) == 100
    assert first_reached(x, y, 0.7) is None
    assert first_reached(x, y, 0.5) == pytest.approx(300 + 100 * 2 / 3)
