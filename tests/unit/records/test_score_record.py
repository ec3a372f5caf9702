"""The score record, to Parquet's form and back, and the parts of it that strategies read."""

from dataclasses import fields, replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS, GroundTruthMatches, ScoreRecord

RECORD = ScoreRecord(
    ids=np.array(["b", "a", "ü"]),
    sizes_wh=np.array([[500, 375], [96, 97], [1, 2]]),
    offsets=np.array([0, 2, 2, 3]),
    boxes_xyxy=np.arange(12, dtype=np.float32).reshape(3, 4),
    probabilities=np.array([[0.5, 0.5], [0.25, 0.75], [1, 0]], np.float16),
    objectness=np.array([0.5, 0.25, 1], np.float32),
    num_overlaps=np.array([1, 7, 3]),
    embeddings=np.arange(6, dtype=np.float16).reshape(3, 2),
    box_features=np.arange(9, dtype=np.float16).reshape(3, 3),
)


MATCHES = GroundTruthMatches(
    offsets=np.array([0, 2, 2, 3]),
    classes=np.array([1, 0, 1]),
    box=np.array([1, -1, 0]),
    iou=np.array([0.5, 0, 1], np.float32),
)


def through_parquet(table: pa.Table) -> pa.Table:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink)
    return pq.read_table(pa.BufferReader(sink.getvalue()))


def test_there_and_back() -> None:
    """Every field has the same values and the same type."""
    back = RecordPart(through_parquet(RECORD.to_table()))
    for field in [field for field in fields(ScoreRecord) if field.name != "ground_truth"]:
        expected, found = getattr(RECORD, field.name), getattr(back, field.name)
        assert found.dtype == expected.dtype, field.name
        np.testing.assert_array_equal(found, expected, err_msg=field.name)


def test_the_ground_truth_there_and_back() -> None:
    """A record of labelled images has it; if one of its columns is not read, it is an error."""
    table = through_parquet(replace(RECORD, ground_truth=MATCHES).to_table())
    matches = RecordPart(table).ground_truth
    for field in fields(GroundTruthMatches):
        expected, found = getattr(MATCHES, field.name), getattr(matches, field.name)
        assert found.dtype == expected.dtype, field.name
        np.testing.assert_array_equal(found, expected, err_msg=field.name)
    for name in GROUND_TRUTH_COLUMNS:
        with pytest.raises(AttributeError, match=f"read without {name};"):
            _ = RecordPart(table.drop_columns([name])).ground_truth


def test_the_true_boxes_of_detections() -> None:
    """By their rows among those of all images."""
    part = RecordPart(RECORD.to_table())
    assert MATCHES.rows(part.image_of_detection).tolist() == [1, -1, 2]


def test_box_features_are_optional() -> None:
    """Without them there is no column, and asking for them is an error."""
    table = replace(RECORD, box_features=None).to_table()
    assert "box_features" not in table.column_names
    with pytest.raises(AttributeError, match="read without box_features;"):
        _ = RecordPart(table).box_features


def test_only_some_columns() -> None:
    """Those are there with the offsets; another one is an error that says what to do."""
    part = RecordPart(RECORD.to_table().select(["id", "objectness"]))
    assert part.objectness.tolist() == [0.5, 0.25, 1.0]
    assert part.num_detections.tolist() == [2, 0, 1]
    with pytest.raises(AttributeError) as error:
        _ = part.probabilities
    assert str(error.value) == (
        "the score record was read without probabilities; it was read with id, objectness: "
        "a strategy names its columns in `reads` and `reads_labelled`"
    )


def test_no_column_of_detections_no_offsets() -> None:
    """The number of detections is not known then."""
    part = RecordPart(RECORD.to_table().select(["id", "embedding"]))
    assert part.embeddings.shape == (3, 2)
    with pytest.raises(AttributeError, match="offsets"):
        _ = part.num_detections


def test_a_slice_of_a_table_has_its_own_detections() -> None:
    """A table that is a view of a longer one begins at its own first row."""
    part = RecordPart(RECORD.to_table().slice(1, 2))
    assert part.ids.tolist() == ["a", "ü"]
    assert part.offsets.tolist() == [0, 0, 1]
    assert part.probabilities.tolist() == [[1.0, 0.0]]


def test_no_rows() -> None:
    """An empty part keeps its widths."""
    part = RecordPart(through_parquet(RECORD.to_table().slice(0, 0)))
    assert part.offsets.tolist() == [0]
    assert part.probabilities.shape == (0, 2)
    assert part.sizes_wh.shape == (0, 2)
