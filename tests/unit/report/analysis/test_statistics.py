"""The statistics, against scipy and cases worked out by hand."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from job.report.analysis import statistics as module
from job.report.analysis.statistics import (
    Estimate,
    estimate,
    holm,
    mean_between,
    paired_t,
    sign_flip,
    student_two_sided,
)

some_differences = st.lists(
    st.integers(-1000, 1000).map(lambda each: each / 1000), min_size=2, max_size=8
).filter(lambda values: len(set(values)) > 1)


def plain_interval(values: list[float]) -> tuple[float, float]:
    """Every resample spelled out; the ends are the first means that enough of them reach."""
    means = sorted(sum(drawn) / len(values) for drawn in product(values, repeat=len(values)))
    low, high = (math.ceil(share * len(means) - 1e-9) - 1 for share in (0.025, 0.975))
    return means[low], means[high]


def test_of_two_seeds_the_interval_is_from_one_to_the_other() -> None:
    """The resamples' means are 0, 1, 1 and 2, a quarter each: nothing is between them."""
    assert estimate([0.0, 2.0]) == Estimate(mean=1.0, low=0.0, high=2.0, num_seeds=2)


@pytest.mark.parametrize(
    "values", [[1.0, 2.0, 4.0], [0.3, 0.1, 0.2, 0.9, 0.5], [5.13, -1.07, 0.29, 3.41, 2.03, 2.57]]
)
def test_interval_of_few_seeds_is_of_all_resamples(values: list[float]) -> None:
    """It equals the one that all N^N resamples give when each is written out."""
    result = estimate(values)
    assert (result.low, result.high) == pytest.approx(plain_interval(values))
    assert result.mean == pytest.approx(sum(values) / len(values))


def test_no_generator_has_a_say_in_the_interval_of_six_seeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All resamples are enumerated; of seven they are drawn."""
    module._weights_BN.cache_clear()  # noqa: SLF001 - what was drawn before is kept
    monkeypatch.delattr(np.random, "default_rng")
    assert estimate([5.13, -1.07, 0.29, 3.41, 2.03, 2.57]).low is not None
    with pytest.raises(AttributeError, match="default_rng"):
        estimate([1.0] * 7)


def test_interval_of_many_seeds_agrees_with_scipy() -> None:
    """Drawn resamples of 12 seeds end within a twentieth of the spread of where scipy's do."""
    values = np.random.default_rng(7).normal(size=12)
    ours = estimate(values)
    theirs = stats.bootstrap(
        (values,), np.mean, method="percentile", n_resamples=50_000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=0.05)


def test_interval_is_the_same_each_time() -> None:
    """Also where resamples are drawn, in another process: the generator always starts the same."""
    values = list(np.random.default_rng(3).normal(size=9))
    first = estimate(values)
    module._weights_BN.cache_clear()  # noqa: SLF001 - what another process begins with
    assert estimate(values) == first


def test_one_seed_has_no_interval() -> None:
    """One value tells nothing of the spread."""
    assert estimate([0.4]) == Estimate(mean=0.4, low=None, high=None, num_seeds=1)


def test_a_mean_of_nothing_is_refused() -> None:
    """There is no number to give."""
    with pytest.raises(ValueError, match="no value"):
        estimate([])


def test_five_normal_seeds_are_covered_in_84_of_100_cases() -> None:
    """It is about 1.96 * sqrt(4/5) = 1.753 standard errors; t of 4 degrees is within in 84.5 %."""
    assert 1 - 2 * stats.t.sf(1.96 * math.sqrt(4 / 5), 4) == pytest.approx(0.845, abs=0.001)
    samples = np.random.default_rng(0).normal(size=(2000, 5))
    ends = [estimate(values) for values in samples]
    covered = [each.low <= 0 <= each.high for each in ends if each.low is not None and each.high]
    assert np.mean(covered) == pytest.approx(0.845, abs=0.025)


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 6, 11, 30])
@pytest.mark.parametrize("t", [0.0, 0.1, -1.0, 2.776, 12.5, 300.0])
def test_students_t_agrees_with_scipy(t: float, freedom: int) -> None:
    """The finite sums give the two-sided probability, for odd and even degrees of freedom."""
    expected = 2 * stats.t.sf(abs(t), freedom)
    assert student_two_sided(t, freedom) == pytest.approx(expected, rel=1e-6, abs=1e-14)


def test_students_t_by_hand() -> None:
    """One degree of freedom is Cauchy's: half is beyond 1. Four: 2.776 is the tables' 5 %."""
    assert student_two_sided(1.0, 1) == pytest.approx(0.5)
    assert student_two_sided(2.776, 4) == pytest.approx(0.05, abs=1e-4)


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
