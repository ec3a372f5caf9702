"""What an arm saves, and whether it pays."""

import json
from dataclasses import asdict, astuple

import numpy as np
import pytest

from job.report.analysis.curves import Axis, Curve
from job.report.analysis.savings import (
    Need,
    Saving,
    final_mean,
    first_reach,
    savings_of,
)
from tests.unit.report.make_curves import curve, curves

X = np.array([100.0, 200.0, 300.0])


def saving(all_curves: list[Curve], axis: Axis = "images", target: float | None = None) -> Saving:
    """Of the only arm beside the baseline."""
    (found,) = [each for each in savings_of(all_curves, target) if each.axis == axis]
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
    assert (found.target, found.is_final) == (0.6, True)
    assert [astuple(each) for each in found.arm_needs] == [pytest.approx((0, 150, 300))]
    assert [astuple(each) for each in found.baseline_needs] == [pytest.approx((0, 300, 300))]
    assert found.saved is not None
    assert found.percent is not None
    assert (found.saved.mean, found.percent.mean) == pytest.approx((150, 50))
    assert found.percent.low is None


def test_savings_are_paired() -> None:
    """Random needs 200 and 400, the arm 100 and 300: 50 % and 25 %, not 200 less of 600."""
    all_curves = [
        curve("random", 0, [0.2, 0.4, 0.4, 0.4]),
        curve("random", 1, [0.1, 0.2, 0.3, 0.4]),
        curve("a", 0, [0.4, 0.5, 0.5, 0.5]),
        curve("a", 1, [0.1, 0.2, 0.4, 0.5]),
    ]
    found = saving(all_curves, target=0.4)
    assert found.percent is not None
    assert (found.percent.mean, found.percent.low, found.percent.high) == pytest.approx(
        (37.5, 25, 50)
    )
    assert found.saved is not None
    assert (found.saved.mean, found.saved.low, found.saved.high) == pytest.approx((100, 100, 100))
    assert [each.amount for each in found.arm_needs] == pytest.approx([100, 300])
    assert found.p == 0.0
    assert not found.is_final


def test_a_seed_that_never_reaches_it_has_no_part_and_is_counted() -> None:
    """Its need is not known, only that it is more than it had spent."""
    all_curves = [
        *curves("random", [[0.2, 0.4], [0.2, 0.4]]),
        *curves("a", [[0.2, 0.6], [0.2, 0.39]]),
    ]
    found = saving(all_curves)
    assert found.arm_needs[1] == Need(1, None, end=200)
    assert (found.num_never, found.num_at_least) == (1, 0)
    assert found.percent is not None
    assert (found.percent.mean, found.percent.num_seeds) == pytest.approx((25, 1))


def test_an_arm_that_never_reaches_it() -> None:
    """There is no saving to tell of."""
    found = saving([*curves("random", [[0.2, 0.4]]), *curves("a", [[0.2, 0.3]])])
    assert (found.saved, found.percent, found.p, found.num_never) == (None, None, None, 1)


def test_where_random_never_reaches_it_the_saving_is_at_least_that_to_its_end() -> None:
    """Its final mean is 0.5: seed 1 ends at 0.4 with 200 images, the arm has 0.5 at 150."""
    all_curves = [
        *curves("random", [[0.2, 0.6], [0.2, 0.4]]),
        *curves("a", [[0.2, 0.8], [0.2, 0.8]]),
    ]
    found = saving(all_curves)
    assert found.target == pytest.approx(0.5)
    assert (found.num_never, found.num_at_least) == (0, 1)
    assert found.baseline_needs[1].amount is None
    assert found.saved is not None
    assert (found.saved.low, found.saved.high) == pytest.approx((25, 50))


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
