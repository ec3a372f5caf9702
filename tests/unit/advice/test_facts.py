"""What labels say, and how large boxes are to a network."""

from collections.abc import Sequence

import numpy as np
import pytest

from job.advice.facts import Labels, labels_of, resolution_of
from job.records.annotation import Annotation


def annotation(*boxes: Sequence[float], crowd: bool = False, size: int = 100) -> Annotation:
    """An image of a square with boxes of the class `cow`."""
    number = len(boxes)
    corners = np.array(boxes, np.float32).reshape(-1, 4)
    flags = (False,) * number
    return Annotation(size, size, corners, ("cow",) * number, flags, (crowd,) * number)


def sides(*shares: float) -> Labels:
    """Labels of boxes with these sides, as shares of those of images of 200 pixels."""
    return Labels(1, 0, {"cow": len(shares)}, np.array(shares), 200.0)


def test_labels_are_counted_without_crowd_regions() -> None:
    """An image of which nothing else is marked is empty; the side of 20 x 5 pixels is 10 of 100."""
    several = annotation((0, 0, 20, 5), (10, 10, 60, 60))
    images = [several, annotation(size=300), annotation((0, 0, 9, 9), crowd=True)]
    found = labels_of(images, ["cow", "sheep"])
    assert found is not None
    assert (found.num_images, found.num_empty, found.image_side) == (3, 2, 100)
    assert found.class_counts == {"cow": 2, "sheep": 0}
    assert found.side_B.tolist() == pytest.approx([0.1, 0.5])
    assert found.empty_share == pytest.approx(2 / 3)


def test_without_labels_nothing_is_known() -> None:
    """Neither of classes nor of sizes."""
    assert labels_of([], ["cow"]) is None
    assert resolution_of(None, "ssd", 128, 0.2) is None
    assert resolution_of(labels_of([annotation()], ["cow"]), "ssd", 128, 0.2) is None


def test_boxes_are_compared_with_a_cell_and_with_a_default_box() -> None:
    """At 128 px, a cell of 16 px is an eighth of the side."""
    found = resolution_of(sides(0.1, 0.12, 0.13, 0.19, 0.21, *[0.5] * 5), "ssd", 128, 0.2)
    assert found is not None
    assert (found.below_cell, found.below_default_box) == (0.2, 0.4)
    without = resolution_of(sides(0.1), "other", 128, None)
    assert without is not None
    assert without.below_default_box is None


@pytest.mark.parametrize(("smallest", "size"), [(0.1, 160), (0.05, 320), (0.049, 352), (0.5, 32)])
def test_the_size_that_is_needed_shows_nine_of_ten_boxes_large_enough(
    smallest: float, size: int
) -> None:
    """Rounded up to a multiple of 32: 16 px are a tenth of 160, and 0.049 of 326.5."""
    found = resolution_of(sides(*[smallest] * 11), "ssd", 128, None)
    assert found is not None
    assert found.size_needed == size
