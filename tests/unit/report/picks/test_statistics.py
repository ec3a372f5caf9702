"""What picks are like, by the detector."""

import numpy as np
import pytest

from job.errors import BadDataError
from job.report.picks import statistics as picks
from job.report.picks.statistics import expected_boxes_by_class, jaccard, redundancy
from tests.unit.acquisition.records import Box, Image, candidates


def test_expected_boxes_of_each_class() -> None:
    """0.5 * (0.25, 0.75) + 1 * (1, 0) = (1.125, 0.375); none without detections."""
    images = {"b": Image([Box([0.25, 0.75], objectness=0.5), Box([1.0, 0.0])]), "a": Image()}
    ids, boxes = expected_boxes_by_class(candidates(images, 2), 2)
    assert ids == ["a", "b"]
    assert boxes.tolist() == [[0.0, 0.0], [1.125, 0.375]]


def test_an_objectness_that_is_no_number_names_its_image() -> None:
    """All figures would be none."""
    images = {"bad": Image([Box([0.5, 0.5], objectness=np.nan)])}
    with pytest.raises(BadDataError, match="image 'bad'"):
        expected_boxes_by_class(candidates(images, 2), 2)


@pytest.mark.parametrize("block", [1, 2, 100])
def test_redundancy_is_the_mean_cosine_to_the_most_similar_pick(
    block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """(1, 0) and (2, 0) are each other's twins, 1; (3, 4) has 0.6 to both: (1 + 1 + 0.6) / 3."""
    monkeypatch.setattr(picks, "_BLOCK", block)
    vectors = np.array([[1, 0], [2, 0], [3, 4]], np.float16)
    assert redundancy(vectors) == pytest.approx(2.6 / 3, rel=1e-6)


@pytest.mark.parametrize("count", [0, 1])
def test_fewer_than_two_picks_have_no_redundancy(count: int) -> None:
    """There is no other one."""
    assert redundancy(np.ones((count, 2), np.float16)) is None


def test_overlap() -> None:
    """2 of 4, 0 of 5; of nothing and nothing, 0."""
    found = jaccard({"a": ["1", "2", "3"], "b": ["3", "2", "4"], "c": [], "d": []})
    assert found["a", "b"] == 0.5
    assert found["a", "c"] == 0.0
    assert found["c", "d"] == 0.0
