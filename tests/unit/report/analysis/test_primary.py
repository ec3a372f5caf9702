"""The primary test: the area against images, arm by arm."""

import pytest
from scipy import stats

from job.report.analysis.areas import areas_of
from job.report.analysis.curves import Curve
from job.report.analysis.missing import ALL_THERE, MissingRounds
from job.report.analysis.primary import Outcome, Primary, primary_tests
from job.report.analysis.statistics import equivalence
from tests.unit.report.make_curves import BASE, NOISE, added, curves, wobbling

RANDOM = curves("random", BASE)
FINAL = [0.004, -0.002, 0.011, 0.007, -0.009]
"""What the last round has more: the area has a quarter of it."""


def against_random(
    all_curves: list[Curve], missing: MissingRounds = ALL_THERE, smallest_effect: float = 0.01
) -> list[Primary]:
    """Of all arms beside random."""
    arms = {curve.arm for curve in all_curves}
    return list(
        primary_tests(
            areas_of(all_curves),
            missing.num_compared(arms, "random"),
            missing.unfinished(arms, "random"),
            smallest_effect,
        )
    )


def test_the_test_is_of_the_area_against_images() -> None:
    """A quarter of the last round's difference, by scipy; two arms, so twice the smaller p."""
    a = [[*row[:2], row[2] + more] for row, more in zip(BASE, FINAL, strict=True)]
    first, second = against_random([*RANDOM, *curves("a", a), *curves("b", added(NOISE))])
    quarter = [each / 4 for each in FINAL]
    assert first.area.differences == pytest.approx(quarter)
    assert first.p == pytest.approx(stats.ttest_1samp(quarter, 0).pvalue)
    assert first.p_equal == pytest.approx(equivalence(quarter, 0.01))
    assert first.p is not None
    assert second.p is not None
    assert min(first.p_holm or 0, second.p_holm or 0) == pytest.approx(
        min(1.0, 2 * min(first.p, second.p))
    )
    assert (first.improvement.count, first.improvement.num_seeds) == (3, 5)
    low, high = stats.t.interval(0.90, 4, sum(quarter) / 5, stats.sem(quarter))
    assert (first.equal_interval.low, first.equal_interval.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("arm", "outcome", "lead"),
    [
        (wobbling(0.05, 0.05), "better", 1),
        (wobbling(-0.05, -0.05), "worse", -1),
        (wobbling(0.001, -0.002), "equal", 0),
        (wobbling(0.005, 0.005), "equal", 1),
        (wobbling(-0.005, -0.005), "equal", -1),
        (added(NOISE), "not shown", 0),
        (BASE, "equal", 0),
    ],
)
def test_outcomes(arm: list[list[float]], outcome: Outcome, lead: int) -> None:
    """A lead that is shown to be less than a point is equality, and stays known as a lead."""
    (found,) = against_random([*RANDOM, *curves("a", arm)])
    assert (found.outcome, found.lead) == (outcome, lead)


def test_what_matters_can_be_set() -> None:
    """Half a point more is a lead if a tenth of a point matters."""
    both = [*RANDOM, *curves("a", wobbling(0.005, 0.005))]
    (found,) = against_random(both, smallest_effect=0.001)
    assert (found.outcome, found.smallest_effect) == ("better", 0.001)


def test_ten_seeds_need_nothing_else() -> None:
    """Two points, give or take three: not shown by five seeds, and shown by ten."""
    more = [0.05, -0.01, 0.035, 0.005, 0.02] * 2
    ten = [[row[0], row[1] + each, row[2] + each] for row, each in zip(BASE * 2, more, strict=True)]
    (of_five,) = against_random([*RANDOM, *curves("a", ten[:5])])
    (of_ten,) = against_random([*curves("random", BASE * 2), *curves("a", ten)])
    assert (of_five.outcome, of_ten.outcome) == ("not shown", "better")


def test_fewer_than_five_seeds_show_nothing() -> None:
    """Neither a lead nor equality."""
    for arm in (wobbling(0.1, 0.1), BASE):
        (found,) = against_random([*RANDOM[:4], *curves("a", arm[:4])])
        assert (found.outcome, found.may_claim) == ("not shown", False)


def test_nothing_is_shown_before_all_rounds_are_there() -> None:
    """An arm that is finished may claim; it is corrected for the others as if their p were 1."""
    arms = [*RANDOM, *curves("a", wobbling(0.05, 0.05)), *curves("b", wobbling(0.05, 0.05))]
    a, b = against_random(arms, MissingRounds({"b": 1, "c": 15}))
    assert (a.outcome, b.outcome) == ("better", "not shown")
    assert a.p is not None
    assert a.p_holm == pytest.approx(3 * a.p)
    assert b.p == a.p
    assert (b.p_holm, b.p_equal_holm) == (None, None)
    assert {each.outcome for each in against_random(arms, MissingRounds({"random": 1}))} == {
        "not shown"
    }
    final = MissingRounds({"random": 1}, is_final=True)
    assert {each.outcome for each in against_random(arms, final)} == {"better"}
