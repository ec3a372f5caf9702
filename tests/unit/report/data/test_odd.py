"""Which images of a data set are worth a look."""

import numpy as np
import pytest

from job.report.data import odd
from tests.unit.report.data.make_labels import labels_of

RNG = np.random.default_rng(0)


def test_a_class_is_shown_with_its_boxes() -> None:
    """The caption counts the boxes of other classes, too."""
    labels = labels_of(
        [[("cow", 0, 0, 9, 9)], [("horse", 0, 0, 9, 9), ("cow", 1, 1, 9, 9), ("cow", 2, 2, 9, 9)]]
    )
    shown = odd.of_class(labels, 0, 5, RNG)
    assert [(each.id, each.caption, each.boxes) for each in shown] == [
        ("0", "1 box", (0,)),
        ("1", "2 boxes and 1 of other classes", (2, 3)),
    ]
    assert len(odd.of_class(labels, 0, 1, RNG)) == 1


def test_the_size_of_a_box_is_that_in_a_square() -> None:
    """20 x 10 of 100 x 50 pixels are a fifth of each side."""
    labels = labels_of([[("cow", 0, 0, 20, 10)]])
    assert labels.side_B.tolist() == pytest.approx([0.2])


def test_the_smallest_the_largest_and_the_narrowest_come_first() -> None:
    """One box of an image, over both splits; only the smallest ones are zoomed."""
    pool = labels_of([[("cow", 0, 0, 8, 4), ("cow", 50, 0, 54, 2)], [("cow", 0, 0, 100, 50)]])
    test = labels_of([[("horse", 0, 0, 90, 5)]], "test")
    found = odd.smallest([pool, test], 2)
    assert [(each.labels.split, each.boxes, each.is_zoomed) for each in found] == [
        ("pool", (1,), True),
        ("test", (0,), True),
    ]
    assert found[0].caption == "4 x 2 of 100 x 50 pixels"
    assert [each.caption for each in odd.largest([pool, test], 1)] == [
        "100 x 50 of 100 x 50 pixels"
    ]
    assert [each.caption for each in odd.narrowest([pool, test], 1)] == [
        "90 x 5 of 100 x 50 pixels"
    ]


def test_of_a_group_only_the_oddest_is_shown() -> None:
    """Frames of one video would be the four smallest; an image in no group stands for itself."""
    labels = labels_of(
        [[("cow", 0, 0, side, 4)] for side in (4, 5, 6, 7)], groups={"0": "g", "1": "g"}
    )
    assert [each.id for each in odd.smallest([labels], 4)] == ["0", "2", "3"]


def test_boxes_at_an_edge_are_named_by_it() -> None:
    """Within half a pixel; other boxes are not shown."""
    labels = labels_of([[("cow", 0.4, 9, 20, 50)], [("cow", 1, 1, 99, 49)]])
    shown = odd.touching([labels], 4, RNG)
    assert [(each.id, each.caption) for each in shown] == [("0", "touches left and bottom")]


def test_the_most_overlapping_pair_of_each_image_is_found() -> None:
    """10 x 10 and 10 x 8 share 80 of 100 pixels. Less than half does not count."""
    labels = labels_of(
        [
            [("cow", 0, 0, 10, 10), ("horse", 0, 0, 10, 8), ("cow", 0, 0, 10, 6)],
            [("cow", 0, 0, 10, 10), ("cow", 0, 0, 10, 4)],
            [("cow", 0, 0, 10, 10)],
        ]
    )
    [found] = odd.overlaps(labels)
    assert (found.row, found.boxes) == (0, (0, 1))
    assert found.iou == pytest.approx(0.8)
    assert [each.caption for each in odd.overlapping([labels], 4)] == ["cow and horse: IoU 0.80"]


def test_crowd_regions_do_not_overlap() -> None:
    """They are meant to lie over other boxes."""
    boxes = [("cow", 0, 0, 10, 10), ("cow", 0, 0, 10, 10)]
    assert not list(odd.overlaps(labels_of([boxes], crowd=[1])))
    assert not list(odd.overlaps(labels_of([boxes], crowd=[0, 1])))


def test_images_with_most_boxes_and_without_any() -> None:
    """An image that is not labelled is neither."""
    labels = labels_of([[], [("cow", 0, 0, 9, 9)], None])
    assert [each.caption for each in odd.most_boxes([labels], 4)] == ["1 box"]
    assert [each.id for each in odd.without_boxes(labels, 4, RNG)] == ["0"]
    assert [each.id for each in odd.unlabelled(labels, 4, RNG)] == ["2"]
