"""Arms compared seed by seed: differences, tests, and what is missing."""

import json
from dataclasses import asdict, astuple

import pytest
from scipy import stats

from job.report.analysis.areas import areas_of
from job.report.analysis.comparison import compare, coverage, mean_points
from job.report.analysis.missing import MissingRounds
from job.report.analysis.pairs import common_range, pairs
from job.report.analysis.penalties import penalties
from tests.unit.report.make_curves import BASE, NOISE, added, boxes, curve, curves, reference


def test_differences_by_hand() -> None:
    """Arm less random at each number of images: here 0 in the shared round, then always 0.05."""
    found = compare([*curves("random", BASE), *curves("a", added([0, 0.05, 0.05]))])
    assert [(each.arm, each.x) for each in found.differences] == [
        ("a", 100),
        ("a", 200),
        ("a", 300),
    ]
    assert [each.estimate.mean for each in found.differences] == pytest.approx([0, 0.05, 0.05])
    assert [each.estimate.low for each in found.differences] == pytest.approx([0, 0.05, 0.05])
    assert [each.seeds for each in found.differences] == [(0, 1, 2, 3, 4)] * 3


def test_a_constant_difference_is_certain() -> None:
    """Its t is infinite, so p is 0 and stays 0 after correction; the permutation test has 1/16."""
    found = compare([*curves("random", BASE), *curves("a", added([0, 0.05, 0.05]))])
    for each in found.differences[1:]:
        assert (each.p, each.p_holm) == pytest.approx((0, 0), abs=1e-9)
        assert each.p_permutation == 1 / 16


def test_the_shared_round_is_not_tested() -> None:
    """All arms are the same in round 0: a test there would only make the correction harder."""
    found = compare([*curves("random", BASE), *curves("a", added(NOISE))])
    assert found.differences[0].p is None
    assert found.differences[0].p_holm is None
    assert found.num_tests == 2


def test_p_values_are_scipys_corrected_over_all_arms_and_budgets() -> None:
    """Two arms at two budgets are four tests: the smallest p is times 4, the next times 3, ..."""
    a, b = added(NOISE), added([[0, 0.03, 0.04]] * 5)
    b[0][1] += 0.02
    b[3][2] -= 0.03
    found = compare([*curves("random", BASE), *curves("a", a), *curves("b", b)])
    expected = [
        float(stats.ttest_rel([row[index] for row in arm], [row[index] for row in BASE]).pvalue)
        for arm in (a, b)
        for index in (1, 2)
    ]
    tested = [each for each in found.differences if each.p is not None]
    assert [each.p for each in tested] == pytest.approx(expected)
    ranked = sorted(tested, key=lambda each: each.p or 0.0)
    corrected, before = [], 0.0
    for each, factor in zip(ranked, (4, 3, 2, 1), strict=True):
        before = max(before, min(1.0, factor * (each.p or 0.0)))
        corrected.append(before)
    assert [each.p_holm for each in ranked] == pytest.approx(corrected)
    assert found.num_tests == 4


def test_budgets_are_corrected_for_arms_that_are_not_finished() -> None:
    """One arm at two budgets, and two arms to come: the smallest of six; theirs wait."""
    all_curves = [*curves("random", BASE), *curves("a", added(NOISE)), *curves("b", added(NOISE))]
    found = compare(all_curves, missing=MissingRounds({"b": 1, "c": 15}))
    a, b = (
        [each for each in found.differences if each.arm == arm and each.p is not None]
        for arm in ("a", "b")
    )
    assert found.num_tests == 6
    assert min(each.p_holm or 0 for each in a) == min(1, 6 * min(each.p or 0 for each in a))
    assert [each.p_holm for each in b] == [None, None]


def test_a_seed_counts_where_both_arms_have_it() -> None:
    """Seed 1 failed in a after round 1, seed 2 never began, and seed 7 has no random beside it."""
    arm = [
        curve("a", 0, [0.3, 0.5, 0.6]),
        curve("a", 1, [0.3, 0.5]),
        curve("a", 7, [0.3, 0.9, 0.9]),
    ]
    found = compare([*curves("random", BASE[:3]), *arm])
    assert [each.seeds for each in found.differences] == [(0, 1), (0, 1), (0,)]
    assert found.differences[1].estimate.mean == pytest.approx((0.10 + 0.07) / 2)
    assert astuple(found.differences[2].estimate) == pytest.approx((0.10, None, None, 1))
    assert found.differences[2].p is None


def test_a_missing_round_is_not_made_up() -> None:
    """Without round 1 in between, nothing is told of 200 images."""
    gap = curve("a", 0, [0.3, 0.6], rounds=[0, 2])
    found = compare([*curves("random", BASE[:1]), gap])
    assert [each.x for each in found.differences] == [100, 300]


def test_arms_of_unequal_rounds_are_compared_where_both_are() -> None:
    """Nothing is extrapolated over the shorter one's last round."""
    longer = [[*row, 0.6] for row in added([0, 0.05, 0.05])]
    found = compare([*curves("random", BASE), *curves("a", longer)])
    assert [each.x for each in found.differences] == [100, 200, 300]
    shorter = [row[:2] for row in BASE]
    found = compare([*curves("random", BASE), *curves("a", shorter)])
    assert [each.x for each in found.differences] == [100, 200]


def test_without_random_the_first_arm_is_the_baseline() -> None:
    """Another one can be asked for, and has to be there."""
    both = [*curves("b", BASE), *curves("a", added([0, 0.05, 0.05]))]
    assert compare(both).baseline == "b"
    assert {each.arm for each in compare(both).differences} == {"a"}
    assert compare(both, baseline="a").differences[2].estimate.mean == pytest.approx(-0.05)
    with pytest.raises(ValueError, match="random"):
        compare(both, baseline="random")


def test_the_bound_is_no_arm() -> None:
    """It labels the whole pool at once: there is no budget at which to compare it."""
    found = compare([*curves("random", BASE), reference(0.9)])
    assert found.arms == ("random",)
    assert found.differences == ()


def test_no_curve_at_all() -> None:
    """There is nothing to compare."""
    with pytest.raises(ValueError, match="no curve"):
        compare([curve("random", 0, [float("nan")])])


def test_budgets_beyond_half_the_pool_are_marked() -> None:
    """200 of 400 is half and not beyond it; without a pool's size nothing is marked."""
    both = [*curves("random", BASE), *curves("a", added(NOISE))]
    assert [each.beyond_half for each in compare(both, 400).differences] == [False, False, True]
    assert not any(each.beyond_half for each in compare(both).differences)


def test_what_the_figures_rest_on() -> None:
    """Each seed's rounds, seeds that ended early, and seeds that only other arms have."""
    both = [*curves("random", BASE), curve("a", 0, [0.3, 0.4, 0.5]), curve("a", 3, [0.3])]
    random, arm = coverage(both)
    assert (random.seeds, random.short, random.missing) == ((0, 1, 2, 3, 4), (), ())
    assert (arm.seeds, arm.num_rounds) == ((0, 3), (3, 1))
    assert (arm.short, arm.missing) == ((3,), (1, 2, 4))


def test_other_axes_are_compared_on_straight_lines() -> None:
    """Random has 0.3 to 0.5 over 200..400 boxes, a 0.4 to 0.6 over 300..500: both have 300..400."""
    both = [boxes("random", 0, [0.3, 0.5], [200, 400]), boxes("a", 0, [0.4, 0.6], [300, 500])]
    assert common_range(both, "boxes") == (300, 400)
    found = pairs(both, "a", "random", "boxes")
    assert [each.x for each in found] == [300, 400]
    assert [each.differences_N.tolist() for each in found] == [
        pytest.approx([0.0]),
        pytest.approx([0.0]),
    ]
    steeper = [both[0], boxes("a", 0, [0.4, 0.8], [300, 500])]
    found = pairs(steeper, "a", "random", "boxes")
    assert [each.differences_N[0] for each in found] == pytest.approx([0.0, 0.1])


def test_mean_points_are_of_rounds_that_all_lasting_seeds_have() -> None:
    """Seed 2 ended early and is left out; the third round is seed 0's alone."""
    of_arm = [
        boxes("a", 0, [0.2, 0.4, 0.6], [100, 210, 320]),
        boxes("a", 1, [0.3, 0.5], [120, 230]),
        boxes("a", 2, [0.9], [999]),
    ]
    first, second = mean_points(of_arm, "boxes")
    assert (first.round, first.x, first.estimate.mean) == pytest.approx((0, 110, 0.25))
    assert (second.round, second.x, second.estimate.mean) == pytest.approx((1, 220, 0.45))
    assert (second.estimate.low, second.estimate.high) == pytest.approx((0.4, 0.5))


def test_everything_can_be_written_as_json() -> None:
    """Plain numbers, and neither NaN nor infinity, also of a constant difference."""
    both = [*curves("random", BASE), *curves("a", added([0, 0.05, 0.05])), curve("b", 0, [0.3])]
    json.dumps([asdict(compare(both, 400)), asdict(penalties(both))], allow_nan=False)
    json.dumps([asdict(each) for each in areas_of(both)], allow_nan=False)
    json.dumps([asdict(each) for each in mean_points(both, "boxes")], allow_nan=False)
