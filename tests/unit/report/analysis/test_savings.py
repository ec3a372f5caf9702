"""What an arm saves, and whether it pays."""

import json
from dataclasses import asdict, astuple, replace

import numpy as np
import pytest
from scipy import stats

from job.report.analysis.curves import Axis, Curve
from job.report.analysis.savings import (
    CLAIMED,
    Need,
    Saving,
    final_mean,
    first_reach,
    savings_of,
    spent,
)
from tests.unit.report.make_curves import curve, curves

X = np.array([100.0, 200.0, 300.0])


def saving(all_curves: list[Curve], axis: Axis = "images") -> Saving:
    """Of the only arm beside the baseline."""
    (found,) = [each for each in savings_of(all_curves) if each.axis == axis]
    return found


@pytest.mark.parametrize(
    ("metric", "target", "expected"),
    [
        ([0.2, 0.4, 0.6], 0.3, 150.0),
        ([0.2, 0.4, 0.6], 0.4, 200.0),
        ([0.2, 0.4, 0.6], 0.6, 300.0),
        ([0.2, 0.4, 0.6], 0.61, None),
        ([0.2, 0.4, 0.6], 0.2, 100.0),
        ([0.2, 0.4, 0.6], 0.1, 100.0),
        ([0.2, 0.6, 0.4], 0.5, 175.0),
        ([0.4, 0.2, 0.6], 0.3, 100.0),
        ([0.2, 0.1, 0.6], 0.35, 250.0),
        ([0.1, 0.5 - 2e-12, 0.5 - 5e-13], 0.5, 300.0),
    ],
)
def test_where_a_metric_is_first_reached(
    metric: list[float], target: float, expected: float | None
) -> None:
    """On the straight line to the first round that has it; a curve that starts there, at once."""
    found = first_reach(X, np.array(metric), target)
    assert found == (None if expected is None else pytest.approx(expected))


def test_a_mean_of_equal_values_is_reached() -> None:
    """Three times 0.1 by three is a rounding error above 0.1, and 0.1 reaches it."""
    target = (0.1 + 0.1 + 0.1) / 3
    assert target > 0.1
    assert first_reach(X[:2], np.array([0.0, 0.1]), target) == pytest.approx(200)


def test_final_mean() -> None:
    """Over the last round that all seeds have; one that ended early does not decide which."""
    seeds = [
        curve("random", 0, [0.1, 0.2, 0.3, 0.5]),
        curve("random", 1, [0.1, 0.2, 0.4]),
        curve("random", 2, [0.9]),
    ]
    assert final_mean(seeds, "random") == pytest.approx(0.35)


def test_final_mean_of_seeds_without_a_common_round() -> None:
    """There is no round to take it of."""
    seeds = [curve("a", 0, [0.1], rounds=[0]), curve("a", 1, [0.2], rounds=[1])]
    assert final_mean(seeds, "a") is None


def test_saving_of_one_seed_by_hand() -> None:
    """Random has 0.6 at 300 images, the arm on its line at 150: half is saved."""
    found = saving([curve("random", 0, [0.2, 0.4, 0.6]), curve("a", 0, [0.2, 1.0, 1.0])])
    assert found.target == 0.6
    assert [astuple(each) for each in found.arm_needs] == [pytest.approx((0, 150, 300))]
    assert [astuple(each) for each in found.baseline_needs] == [pytest.approx((0, 300, 300))]
    assert found.saved is not None
    assert found.percent is not None
    assert (found.saved.mean, found.percent.mean) == pytest.approx((150, 50))
    assert found.percent.low is None


def test_savings_are_paired_and_in_percent_of_what_the_baseline_needs() -> None:
    """Random needs 200 and 400, the arm 100 and 300: 100 less of 300 on average, a third.

    Each seed has the end of its own to reach, here 0.4 and 0.3.
    """
    all_curves = [
        curve("random", 0, [0.2, 0.4, 0.4, 0.4]),
        curve("random", 1, [0.1, 0.15, 0.2, 0.3]),
        curve("a", 0, [0.4, 0.5, 0.5, 0.5]),
        curve("a", 1, [0.1, 0.2, 0.3, 0.35]),
    ]
    found = saving(all_curves)
    assert found.target == pytest.approx(0.35)
    assert found.saved is not None
    assert (found.saved.mean, found.saved.low, found.saved.high) == pytest.approx((100, 100, 100))
    assert found.percent is not None
    assert (found.percent.mean, found.percent.low, found.percent.high) == pytest.approx(
        (100 / 3, 100 / 3, 100 / 3)
    )
    assert [each.amount for each in found.arm_needs] == pytest.approx([100, 300])
    assert (spent(found.arm_needs), spent(found.baseline_needs)) == pytest.approx((200, 300))
    assert found.p == 0.0


def test_the_percentage_has_the_sign_of_what_is_tested() -> None:
    """Ten images more in four seeds of 1,000, and one less of 2: that is a loss, not a saving."""
    lost = [10.0, 11, 9, 10]
    needs = [*((1000.0, 1000 + each) for each in lost), (2.0, 1.0)]
    all_curves = [
        curve(arm, seed, [0.0, 0.5], {"images": [0, need]})
        for number, arm in enumerate(("random", "a"))
        for seed, need in ((seed, both[number]) for seed, both in enumerate(needs))
    ]
    found = saving(all_curves)
    assert found.saved is not None
    assert found.percent is not None
    assert found.saved.mean == pytest.approx(-39 / 5)
    assert found.percent.mean == pytest.approx(100 * (-39 / 5) / (4002 / 5))
    assert found.p == pytest.approx(stats.ttest_1samp([-10, -11, -9, -10, 1], 0).pvalue)
    assert found.percent.high is not None
    assert found.p is not None
    assert (found.percent.high < 0) == (found.p < 0.05)


def test_savings_are_corrected_for_all_arms_and_axes() -> None:
    """Each of two arms has half of the level: images get it first, then Holm's three others do.

    A third arm to come leaves each a third.
    """
    random, a, b = three_arms()
    found = [each for each in savings_of([*random, *a, *b]) if each.p is not None]
    assert [each.axis for each in found] == [*CLAIMED, *CLAIMED]
    first, second = found[0].p or 0, found[4].p or 0
    assert first < 0.05 < second
    # All costs are as many as images here, so each has the same p; Holm makes three of it.
    expected = [2 * first, *[6 * first] * 3, *[min(1, 2 * second), *[min(1, 6 * second)] * 3]]
    assert [each.p_corrected for each in found] == pytest.approx(expected)
    more = savings_of([*random, *a, *b], num_arms=3)
    assert more[0].p_corrected == pytest.approx(3 * first)
    unfinished = savings_of([*random, *a, *b], unfinished={"b"})
    assert {each.arm for each in unfinished if each.p_corrected is not None} == {"a"}


def three_arms() -> tuple[list[Curve], list[Curve], list[Curve]]:
    """Random, and two arms that reach its end earlier: one for sure, and one perhaps."""
    return (
        curves("random", [[0.2, 0.3, 0.4]] * 3),
        curves("a", [[0.2, 0.4, 0.5], [0.2, 0.45, 0.5], [0.2, 0.41, 0.5]]),
        curves("b", [[0.2, 0.40, 0.5], [0.2, 0.21, 0.4], [0.2, 0.22, 0.4]]),
    )


def test_other_costs_are_asked_only_after_images() -> None:
    """Fewer boxes for sure are not shown where fewer images are not: their p is at least as large.

    Where no seed differs in images at all, there is nothing to test, and nothing else is shown.
    """
    random = curves("random", [[0.2, 0.3, 0.4]] * 3, {"boxes": [100, 200, 900]})
    unsure = [
        curve("a", seed, [0.2, 0.3, end], {"boxes": [100, 200, 210 + seed]})
        for seed, end in enumerate((0.4, 0.4, 0.5))
    ]
    images, boxes, *_ = savings_of([*random, *unsure])
    assert boxes.p is not None
    assert boxes.p < 0.001
    assert images.p == pytest.approx(0.4226, abs=5e-5)  # 0, 0 and 50: t is 1
    assert boxes.p_corrected == images.p_corrected == pytest.approx(images.p)
    alike = [replace(each, metric=random[0].metric) for each in unsure]
    images, boxes, *_ = savings_of([*random, *alike])
    assert (images.p, images.p_corrected, boxes.p_corrected) == (None, None, 1.0)


def test_of_an_arm_that_does_not_get_there_in_every_seed_no_saving_is_told() -> None:
    """Of the others alone it would: the seed's need is only known to be more than it had spent."""
    all_curves = [
        *curves("random", [[0.2, 0.4]] * 3),
        *curves("a", [[0.2, 0.6], [0.2, 0.39], [0.2, 0.7]]),
    ]
    found = saving(all_curves)
    assert found.arm_needs[1] == Need(1, None, end=200)
    assert found.num_never == 1
    assert (found.saved, found.percent, found.p, found.saved_by_seed) == (None, None, None, [])


def test_an_arm_that_never_reaches_it() -> None:
    """There is no saving to tell of."""
    found = saving([*curves("random", [[0.2, 0.4]]), *curves("a", [[0.2, 0.3]])])
    assert (found.saved, found.percent, found.p, found.num_never) == (None, None, None, 1)


def test_seeds_that_ended_early_or_are_not_paired_are_left_out() -> None:
    """Of three seeds of the arm one failed after its first round, one has no random beside it."""
    all_curves = [
        *curves("random", [[0.2, 0.3, 0.4], [0.2, 0.3, 0.4]]),
        curve("a", 0, [0.2, 0.5, 0.5]),
        curve("a", 1, [0.2]),
        curve("a", 5, [0.2, 0.5, 0.5]),
    ]
    assert [each.seed for each in saving(all_curves).arm_needs] == [0]


def test_arms_without_a_seed_in_common_save_nothing_that_is_known() -> None:
    """All is empty."""
    found = saving([curve("random", 0, [0.2, 0.4]), curve("a", 1, [0.2, 0.5])])
    assert (found.arm_needs, found.saved, found.percent) == ((), None, None)


def test_an_arm_may_save_images_and_need_more_boxes() -> None:
    """0.4 at 150 images, where it has 600 boxes labelled; random has 500 at 200 images."""
    random = curve("random", 0, [0.2, 0.4], {"boxes": [250, 500]})
    arm = curve("a", 0, [0.2, 0.6], {"boxes": [250, 950]})
    images, boxes = saving([random, arm]), saving([random, arm], "boxes")
    assert images.percent is not None
    assert boxes.percent is not None
    assert images.percent.mean == pytest.approx(25)
    assert boxes.percent.mean == pytest.approx(-20)


def test_an_axis_that_costs_nothing_is_left_out() -> None:
    """With all prices 0 no money can be saved."""
    free: dict[Axis, list[float]] = {"money": [0, 0]}
    found = savings_of([curve("random", 0, [0.2, 0.4], free), curve("a", 0, [0.2, 0.6], free)])
    assert [each.axis for each in found] == [
        "images",
        "boxes",
        "annotation_seconds",
        "wall_seconds",
    ]


def test_a_need_of_nothing_has_no_percent() -> None:
    """The metric is there at the first point, at which nothing had been paid."""
    later: dict[Axis, list[float]] = {"money": [0, 7]}
    all_curves = [curve("random", 0, [0.4, 0.4], later), curve("a", 0, [0.4, 0.4], later)]
    found = saving(all_curves, "money")
    assert found.saved is not None
    assert (found.saved.mean, found.percent) == (0, None)


def test_everything_can_be_written_as_json() -> None:
    """Plain numbers, and neither NaN nor infinity."""
    all_curves = [*curves("random", [[0.2, 0.4]]), *curves("a", [[0.2, 0.3]]), curve("b", 0, [0.2])]
    json.dumps([asdict(each) for each in savings_of(all_curves)], allow_nan=False)
