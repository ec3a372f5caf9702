"""What the previous round's model proposes for the picks."""

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from job.annotation.proposals import proposals_of
from job.artifacts.experiment_file import load_experiment
from job.artifacts.round_reader import RoundReader
from job.errors import BadDataError, UsageError
from job.keys import RoundRef
from job.plan import Plan
from job.storage.local import LocalStore

LOW = 0.06


def reader(store: LocalStore, arm: str, index: int) -> RoundReader:
    plan = Plan(load_experiment(store, "tiny"))
    return RoundReader(store, plan, RoundRef("tiny", 0, arm, index))


def by_hand(folder: Path, ids: list[str], classes: tuple[str, ...]) -> dict[str, list[object]]:
    """Label, confidence and box of each row of the record, the most confident first."""
    found: dict[str, list[object]] = {}
    for path in sorted(folder.glob("part-*.parquet")):
        for row in pq.read_table(path).to_pylist():
            columns = (row["objectness"], row["probabilities"], row["boxes_xyxy"])
            boxes = [
                (objectness * float(max(p)), classes[p.index(max(p))], tuple(box))
                for objectness, p, box in zip(*columns, strict=True)
            ]
            best = sorted(boxes, key=lambda box: -box[0])
            if row["id"] in ids:
                found[row["id"]] = [(each, round(p, 4), box) for p, each, box in best if p >= LOW]
    return found


def test_proposals_are_the_previous_rounds_detections(finished: LocalStore) -> None:
    """Confidence is p(class) of the full softmax: objectness times the class's share of it."""
    io = reader(finished, "brust", 2)
    ids = io.picked_ids(io.round)
    found = proposals_of(io, ids, LOW)
    folder = finished.root / "experiments/tiny/seed-0/brust/round-001/score"
    expected = by_hand(folder, ids, io.dataset.classes)
    plain = {
        image_id: [(each.label, each.confidence, each.corners_xyxy) for each in proposals]
        for image_id, proposals in found.items()
    }
    assert any(expected.values())
    assert plain == expected


def test_no_proposal_is_below_the_confidence(finished: LocalStore) -> None:
    """Every image that was asked for has an entry, if only an empty one."""
    io = reader(finished, "brust", 2)
    ids = io.picked_ids(io.round)
    assert proposals_of(io, ids, 1.0) == dict.fromkeys(ids, ())


def test_a_round_that_was_not_scored_looks_at_the_picks_now(
    finished: LocalStore, tmp_path: Path
) -> None:
    """Its model sees what the score record would have said."""
    scored = reader(finished, "brust", 2)
    ids = scored.picked_ids(scored.round)
    expected = proposals_of(scored, ids, LOW)
    copy = tmp_path / "copy"
    shutil.copytree(finished.root, copy)
    (copy / "experiments/tiny/seed-0/brust/round-001/score/done.json").unlink()
    found = proposals_of(reader(LocalStore(copy), "brust", 2), ids, LOW)
    assert found.keys() == expected.keys()
    for image_id in ids:
        for one, other in zip(found[image_id], expected[image_id], strict=True):
            assert one.label == other.label
            assert one.confidence == pytest.approx(other.confidence, abs=2e-4)
            assert one.corners_xyxy == pytest.approx(other.corners_xyxy, abs=1e-2)


def test_before_round_0_there_is_no_model(finished: LocalStore) -> None:
    """The option is refused, and not silently without effect."""
    with pytest.raises(UsageError, match="--proposals: no model is trained before round 0 picks"):
        proposals_of(reader(finished, "brust", 0), ["a"], LOW)


def test_a_record_without_a_pick_is_refused(finished: LocalStore) -> None:
    """An image that is not in it is not an image without objects."""
    with pytest.raises(BadDataError, match="record of round 1 has no image 'nobody'"):
        proposals_of(reader(finished, "brust", 2), ["nobody"], LOW)
