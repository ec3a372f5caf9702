"""The tests, against scipy and cases worked out by hand."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from job.report.analysis.intervals import t_interval
from job.report.analysis.statistics import (
    equivalence,
    holm,
    mean_between,
    paired_t,
    sign_flip,
)

some_differences = st.lists(
    st.integers(-1000, 1000).map(lambda each: each / 1000), min_size=2, max_size=8
).filter(lambda values: len(set(values)) > 1)


def test_paired_t_by_hand() -> None:
    """Of 1, 2, 3: mean 2, deviation 1, t = 2 * sqrt(3); P = 1 - t / sqrt(t^2 + 2) at 2 degrees."""
    assert paired_t([1.0, 2.0, 3.0]) == pytest.approx(1 - math.sqrt(12 / 14))


@settings(deadline=None)
@given(some_differences)
def test_paired_t_agrees_with_scipy(differences: list[float]) -> None:
    """Whatever the differences."""
    expected = stats.ttest_1samp(differences, 0.0).pvalue
    assert paired_t(differences) == pytest.approx(expected, abs=1e-12)


def test_equal_differences_have_p_0() -> None:
    """Without spread t is infinite, unless rounding leaves some."""
    assert paired_t([0.25] * 5) == 0.0
    assert paired_t([0.6 - 0.5, 0.7 - 0.6, 0.8 - 0.7]) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("differences", [[], [0.3], [0.0, 0.0, 0.0]])
def test_nothing_to_test(differences: list[float]) -> None:
    """Fewer than two pairs have no spread; what is equal by construction is not evidence."""
    assert paired_t(differences) is None
    assert sign_flip(differences) is None


def test_equivalence_by_hand() -> None:
    """Of 1, 2, 3 within 4: 4 - 2 is t = 2 * sqrt(3) away, of which half of the two-sided p."""
    expected = (1 - math.sqrt(12 / 14)) / 2
    assert equivalence([1.0, 2.0, 3.0], 4.0) == pytest.approx(expected)
    assert equivalence([-1.0, -2.0, -3.0], 4.0) == pytest.approx(expected)
    assert equivalence([1.0, 2.0, 3.0], 2.0) == pytest.approx(0.5)


@settings(deadline=None)
@given(some_differences)
def test_equivalence_is_the_larger_p_of_two_one_sided_tests(differences: list[float]) -> None:
    """By scipy: above the lower limit, and below the upper one."""
    above = stats.ttest_1samp(differences, -0.5, alternative="greater").pvalue
    below = stats.ttest_1samp(differences, 0.5, alternative="less").pvalue
    assert equivalence(differences, 0.5) == pytest.approx(max(above, below), abs=1e-12)


@settings(deadline=None)
@given(some_differences)
def test_equivalence_is_shown_where_the_90_percent_interval_is_within(
    differences: list[float],
) -> None:
    """Both say the same, so the page can show the interval."""
    found, p = t_interval(differences, 0.90), equivalence(differences, 0.5)
    assert found.low is not None
    assert found.high is not None
    is_within = max(-found.low, found.high) - 0.5
    if abs(is_within) > 1e-9:
        assert p is not None
        assert (is_within < 0) == (p < 0.05)


def test_equivalence_without_spread() -> None:
    """Differences that are all alike are within the margin, or not; one alone says nothing."""
    assert equivalence([0.0, 0.0, 0.0], 0.01) == 0.0
    assert equivalence([0.25, 0.25], 0.25) == 1.0
    assert equivalence([0.1], 0.25) is None


def test_sign_flips_of_a_sum_of_0() -> None:
    """Every flip is at least as far from 0, although sums in another order are off by rounding."""
    assert sign_flip([0.6, 0.8, -0.2, -1.1, -0.1]) == 1.0


def test_sign_flips_by_hand() -> None:
    """Of 1, 2, 3 the eight sums are 6, 4, 2, 0, 0, -2, -4, -6: two are as far as 6."""
    assert sign_flip([1.0, 2.0, 3.0]) == 2 / 8
    assert sign_flip([-1.0, 2.0, 3.0]) == 4 / 8


def test_five_seeds_cannot_be_below_one_sixteenth() -> None:
    """Two of 32 flips are as far as five differences of one sign, however large."""
    assert sign_flip([0.1, 0.1, 0.1, 0.1, 0.1]) == 1 / 16
    assert sign_flip([0.1, 0.2, 0.3, 0.4, 50.0]) == 1 / 16


@settings(deadline=None)
@given(some_differences)
def test_sign_flips_agree_with_plain_counting(differences: list[float]) -> None:
    """Counted in whole thousandths, where sums have no rounding."""
    whole = [round(1000 * each) for each in differences]
    sums = [
        abs(sum(sign * each for sign, each in zip(signs, whole, strict=True)))
        for signs in product((1, -1), repeat=len(whole))
    ]
    expected = sum(each >= abs(sum(whole)) for each in sums) / len(sums)
    assert sign_flip(differences) == pytest.approx(expected)


def test_too_many_pairs_are_not_enumerated() -> None:
    """Of 17 pairs there would be 131,072 flips."""
    assert sign_flip([1.0] * 16) == 2 / 2**16
    assert sign_flip([1.0] * 17) is None


def test_holm_by_hand() -> None:
    """0.01 * 4, then 0.02 * 3, then 0.03 * 2 which is not larger and takes 0.06, then 0.5 * 1."""
    assert holm([0.5, 0.01, 0.03, 0.02]) == pytest.approx([0.5, 0.04, 0.06, 0.06])


def test_holm_stays_a_probability() -> None:
    """Nothing is above 1, and of no test nothing is left."""
    assert holm([0.6, 0.9, 0.7]) == [1.0, 1.0, 1.0]
    assert holm([]) == []


def test_holm_counts_tests_that_are_to_come() -> None:
    """Four tests, two made: 0.01 * 4 and 0.03 * 3; what is not made stays so."""
    assert holm([0.03, None, 0.01], num_tests=4) == [pytest.approx(0.09), None, pytest.approx(0.04)]
    assert holm([0.03, 0.01, 1.0, 1.0])[:2] == pytest.approx([0.09, 0.04])


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_agrees_with_its_definition(p_values: list[float]) -> None:
    """A test's is the largest of (number of p not smaller) * p among those not above its own."""
    ordered = sorted(p_values)
    for p, corrected in zip(p_values, holm(p_values), strict=True):
        upto = [(len(ordered) - k) * each for k, each in enumerate(ordered) if each <= p]
        expected = min(1.0, max(upto))
        assert corrected == pytest.approx(expected)


def test_mean_of_a_curve_by_hand() -> None:
    """From 0 to 1 over 0..10, then flat to 20: 5 + 10 over 20; from 5 to 15: 3.75 + 5 over 10."""
    x, y = np.array([0.0, 10.0, 20.0]), np.array([0.0, 1.0, 1.0])
    assert mean_between(x, y, 0, 20) == pytest.approx(0.75)
    assert mean_between(x, y, 5, 15) == pytest.approx(0.875)
    assert mean_between(x, y, 2, 4) == pytest.approx(0.3)


def test_a_step_in_a_curve_has_no_area() -> None:
    """A round that costs nothing: 0.2 up to 10, 0.6 from there on."""
    x, y = np.array([0.0, 10.0, 10.0, 20.0]), np.array([0.2, 0.2, 0.6, 0.6])
    assert mean_between(x, y, 0, 20) == pytest.approx(0.4)


@pytest.mark.parametrize(("low", "high"), [(-1, 5), (5, 21), (7, 7), (8, 3)])
def test_nothing_is_extrapolated(low: float, high: float) -> None:
    """A range that the curve does not reach over, or that is empty, is refused."""
    x, y = np.array([0.0, 10.0, 20.0]), np.array([0.0, 1.0, 1.0])
    with pytest.raises(ValueError, match="not a range"):
        mean_between(x, y, low, high)
