"""Student's t distribution, against scipy and the tables."""

import pytest
from scipy import stats

from job.report.analysis.student import student_above, student_quantile, student_two_sided


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


@pytest.mark.parametrize("freedom", [1, 2, 5, 8])
@pytest.mark.parametrize("t", [0.0, 0.7, -0.7, 12.5])
def test_the_upper_tail_agrees_with_scipy(t: float, freedom: int) -> None:
    """Of a t below 0 it is more than a half."""
    assert student_above(t, freedom) == pytest.approx(stats.t.sf(t, freedom), rel=1e-9)


@pytest.mark.parametrize("freedom", [1, 2, 4, 9, 30])
@pytest.mark.parametrize("probability", [0.5, 0.95, 0.975, 0.9999])
def test_quantiles_agree_with_scipy(probability: float, freedom: int) -> None:
    """Of few and of many degrees of freedom, in the middle and far out."""
    expected = stats.t.ppf(probability, freedom)
    assert student_quantile(probability, freedom) == pytest.approx(expected, rel=1e-9, abs=1e-9)
