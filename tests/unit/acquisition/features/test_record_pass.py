"""The pass over the score record."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from numpy.typing import NDArray

from job.acquisition.features.record_pass import read_rows, rows_among
from job.acquisition.strategy import Images, TableRecord
from job.errors import BadDataError, ConfigError
from job.records.record_part import RecordPart
from tests.unit.acquisition.records import tables_of

ImagesOf = Callable[..., Images]

BOXES = {"c": [[1.0]], "a": [], "b": [[1.0], [1.0]]}


def count(part: RecordPart) -> NDArray[np.float64]:
    return part.num_detections.astype(np.float64)


def test_scores_come_in_the_order_of_ids(candidates_of: ImagesOf) -> None:
    """Whatever the order of the store."""
    ids, scores = read_rows(candidates_of(BOXES, 1), ["probabilities"], count)
    assert (ids, scores.tolist()) == (["a", "b", "c"], [0.0, 2.0, 1.0])


def test_rows_of_other_images_are_passed_over(candidates_of: ImagesOf) -> None:
    """So a record of the whole pool can be replayed with any labelled set."""
    candidates = replace(candidates_of(BOXES, 1), ids=("c", "b"))
    ids, scores = read_rows(candidates, ["probabilities"], count)
    assert (ids, scores.tolist()) == (["b", "c"], [2.0, 1.0])


def test_an_image_without_a_row_is_named(candidates_of: ImagesOf) -> None:
    """It would never be picked, and nobody would know."""
    candidates = replace(candidates_of(BOXES, 1), ids=("c", "b", "y", "x"))
    with pytest.raises(BadDataError, match=r"image 'x' \(and 1 more\) has no row"):
        read_rows(candidates, ["probabilities"], count)


@pytest.mark.parametrize("in_one_part", [False, True])
def test_an_image_with_two_rows_is_named(candidates_of: ImagesOf, *, in_one_part: bool) -> None:
    """In two parts, or in one."""
    candidates = candidates_of(BOXES, 1)
    (table,) = tables_of(candidates)
    tables: tuple[pa.Table, ...] = (table, table.slice(2, 1))
    if in_one_part:
        tables = (pa.concat_tables(tables),)
    with pytest.raises(BadDataError, match="image 'b' has more than one row"):
        read_rows(replace(candidates, record=TableRecord(tables)), ["probabilities"], count)


def test_a_score_that_is_not_a_number_is_named(candidates_of: ImagesOf) -> None:
    """For whatever a strategy of an outside package computes."""
    with pytest.raises(BadDataError, match="image 'a' has a score that is not a finite number"):
        read_rows(
            candidates_of(BOXES, 1),
            ["probabilities"],
            lambda part: np.where(part.num_detections > 0, 1.0, np.nan),
        )


def test_no_candidates_no_rows(candidates_of: ImagesOf) -> None:
    """A pool without unlabelled images is not an error."""
    candidates = replace(candidates_of(BOXES, 1), ids=())
    ids, scores = read_rows(candidates, ["probabilities"], count)
    assert (ids, scores.tolist()) == ([], [])


def test_no_record_at_all() -> None:
    """Says what to choose instead."""
    with pytest.raises(ConfigError, match="there is no score record, as before round 0"):
        read_rows(Images(("a",)), ["probabilities"], count)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("cde", [2, 3, 4]),
        ("edc", [4, 3, 2]),
        ("c-e", [2, -1, 4]),
        ("a~z", [0, -1, 25]),
        ("za", [25, 0]),
        ("cc", [2, 2]),
        ("", []),
    ],
)
def test_ids_are_found_wherever_they_are(wanted: str, expected: list[int]) -> None:
    """Neighbours, with a gap, in another order, far apart, twice, or not there at all."""
    ids = list("abcdefghijklmnopqrstuvwxyz")
    assert rows_among(ids, list(wanted)).tolist() == expected


def test_scattered_ids_are_found_among_many() -> None:
    """Two of ten thousand, and two that are not there."""
    ids = [f"{number:05d}" for number in range(0, 20_000, 2)]
    assert rows_among(ids, ["00002", "19998", "00003", "99999"]).tolist() == [1, 9999, -1, -1]
