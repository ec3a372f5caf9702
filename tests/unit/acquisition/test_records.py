"""Score records made by hand, for tests."""

import numpy as np

from job.acquisition import RecordPart
from tests.typing.most_boxes import MostBoxes
from tests.unit.acquisition.records import Box, Image, Labels, candidates, record_of, task_of


def test_a_test_may_set_boxes_and_sizes() -> None:
    """A strategy that reads either can be tested with the same builder."""
    images = {"a": Image([Box([1.0], xyxy=(1, 2, 3, 4))], size_wh=(40, 30)), "b": Image()}
    part = RecordPart(record_of(images, 1).to_table())
    np.testing.assert_array_equal(part.boxes_xyxy, [[1, 2, 3, 4]])
    np.testing.assert_array_equal(part.sizes_wh, [[40, 30], [96, 96]])


def test_the_example_picks_the_image_with_the_most_boxes() -> None:
    """Of docs/strategies.md: boxes with an objectness of at least 0.5 count."""
    images = {
        "few": Image([Box([1.0])]),
        "many": Image([Box([1.0]), Box([1.0], objectness=0.5)]),
        "faint": Image([Box([1.0], objectness=0.4)] * 3),
    }
    selection = MostBoxes().select(task_of(candidates(images, 1), Labels({"cow": 1}), 2))
    assert [(pick.id, pick.reason) for pick in selection.picks] == [
        ("many", "2 boxes"),
        ("few", "1 boxes"),
    ]
