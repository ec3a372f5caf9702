"""Proposals that were kept, beside those that are right."""

import numpy as np
import pytest

from job.report.people.anchoring import Rate, RightBoxes, anchoring, right_of_all
from tests.unit.report.pool.make_images import annotation, detections

CLASSES = ("cow", "horse")


def test_a_rate_of_single_boxes_has_wilsons_interval() -> None:
    """56 of 70, one box an image: 69.2 % to 87.7 %, as published for method 3 by Newcombe."""
    rate = Rate.of(np.repeat([1.0, 0.0], [56, 14]), np.ones(70))
    assert rate
    assert rate.value == pytest.approx(0.8)
    assert (rate.low, rate.high) == pytest.approx((0.692, 0.877), abs=2e-3)


def test_boxes_of_one_image_that_are_alike_count_as_one() -> None:
    """Ten boxes an image, all right or all wrong: as wide as if each image had one box."""
    single = Rate.of(np.repeat([1.0, 0.0], [30, 20]), np.ones(50))
    alike = Rate.of(np.repeat([10.0, 0.0], [30, 20]), np.full(50, 10.0))
    assert single
    assert alike
    assert (alike.low, alike.high) == pytest.approx((single.low, single.high))


def test_if_all_is_kept_images_count() -> None:
    """Nothing varies, so 20 images are 20 cases, however many boxes they have."""
    rate = Rate.of(np.full(20, 5.0), np.full(20, 5.0))
    assert rate
    assert (rate.value, rate.high) == (1.0, 1.0)
    assert rate.low == pytest.approx(20 / (20 + 3.8415), abs=1e-3)


def test_of_few_images_there_is_no_rate() -> None:
    """Images without a box do not count."""
    assert Rate.of(np.ones(9), np.ones(9)) is None
    assert Rate.of(np.zeros(30), np.repeat([1.0, 0.0], [9, 21])) is None


def _rate(count: int, number: int) -> Rate:
    found = Rate.of(np.repeat([1.0, 0.0], [count, number - count]), np.ones(number))
    assert found
    return found


def test_the_difference_has_newcombes_interval() -> None:
    """His example: 56 of 70 and 48 of 80 differ by 0.2, at least 0.0524."""
    found = anchoring(_rate(56, 70), _rate(48, 80))
    assert (found.excess, found.low) == pytest.approx((0.2, 0.0524), abs=2e-3)
    assert found.is_suspicious


def test_as_many_kept_as_are_right_is_no_reason_to_suspect() -> None:
    """Nor are a few more: chance may do that."""
    assert not anchoring(_rate(56, 70), _rate(64, 80)).is_suspicious
    assert not anchoring(_rate(56, 70), _rate(56, 80)).is_suspicious


def test_right_boxes_are_hits_above_the_confidence() -> None:
    """Of four boxes one is not confident, one finds nothing, and one finds what another one did."""
    truth = {"a": annotation(("cow", 0.0)), "b": annotation(("horse", 20.0)), "c": annotation()}
    found = detections(
        {
            "a": [("cow", 0.0, 0.9), ("cow", 1.0, 0.8), ("horse", 50.0, 0.2)],
            "b": [],
            "c": [("horse", 0.0, 0.5)],
        },
        CLASSES,
    )
    right = RightBoxes.of(truth, found, CLASSES, 0.5)
    assert right.right_N.tolist() == [1, 0, 0]
    assert right.boxes_N.tolist() == [2, 0, 1]


def test_a_box_counts_for_its_most_probable_class_alone() -> None:
    """Detections have it once for every likely class, proposals do not."""
    truth = {"a": annotation(("cow", 0.0))}
    found = detections({"a": [("horse", 0.0, 0.4), ("cow", 0.0, 0.5)]}, CLASSES)
    right = RightBoxes.of(truth, found, CLASSES, 0.3)
    assert (right.right_N.tolist(), right.boxes_N.tolist()) == ([1], [1])


def test_models_count_as_much_as_they_proposed() -> None:
    """By hand: 3/4 right of 300 proposals and 1/4 right of 100: 62.5 %."""
    ones = np.ones(12)
    good = RightBoxes(np.tile([1.0, 1, 1, 0], 3), ones)
    bad = RightBoxes(np.tile([1.0, 0, 0, 0], 3), ones)
    found = right_of_all([(good, 300), (bad, 100)])
    assert found
    assert found.value == pytest.approx(0.625)
    assert right_of_all([]) is None
    assert right_of_all([(RightBoxes(np.zeros(12), np.zeros(12)), 5)]) is None
