"""How much boxes overlap."""

import numpy as np

from job.records.boxes import iou_of


def test_iou_is_what_is_shared_of_both() -> None:
    """Moved by 5 of 10 pixels they share 50 of 150; apart from each other nothing."""
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [50, 50, 60, 60]], dtype=np.float32)
    third = 1 / 3
    expected = [[1, third, 0], [third, 1, 0]]
    np.testing.assert_allclose(iou_of(boxes[:2], boxes), expected)
    assert iou_of(boxes[:0], boxes).shape == (0, 3)
