"""What other strategies would have picked in a round, from its score record, on a CPU.

Nothing of the experiment is touched. What strategies are compared by comes from the detector alone,
unless the oracle is asked for.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from job.acquisition.features.embeddings import read_embeddings
from job.acquisition.features.expected_boxes import calibration
from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Images, Selection
from job.annotators import labels_of
from job.artifacts.round_reader import RoundReader
from job.config.schema import ArmConfig
from job.data.decoding import decode_rgb
from job.errors import AlJobError, MissingLabelsError, UsageError
from job.keys import RoundRef
from job.plan import Plan
from job.records.annotation import class_counts
from job.records.record_part import RecordPart
from job.report.drawing.contact_sheet import Tile, contact_sheet
from job.report.picks.statistics import expected_boxes_by_class, jaccard, redundancy
from job.runtime import log
from job.selection import StoredRecord, pick
from job.storage import Store

MOST_BOXES_SHOWN = 10


@dataclass(frozen=True)
class Picked:
    """What one strategy would have picked, with its figures."""

    arm: ArmConfig
    selection: Selection
    select_seconds: float
    class_shares: dict[str, float]
    boxes_per_image: float
    annotation_seconds: float
    money: float
    redundancy: float | None


@dataclass(frozen=True)
class Replay:
    """What several strategies would have picked in one round."""

    ref: RoundRef
    budget: int
    by_oracle: bool
    """Whether boxes and classes are the ground truth, and not what the detector expects."""
    pool_class_shares: dict[str, float]
    pool_boxes_per_image: float
    picked: dict[str, Picked]
    overlap: dict[tuple[str, str], float]
    """Jaccard index of each pair's picks."""


@dataclass(frozen=True)
class _Boxes:
    """Boxes of each class in each image, expected or true."""

    row_of: dict[str, int]
    by_class: np.ndarray
    """(N, C)"""

    def of(self, ids: tuple[str, ...]) -> np.ndarray:
        rows = [self.row_of[image_id] for image_id in ids]
        return np.asarray(self.by_class[rows].sum(axis=0, dtype=np.float64))


def replay(  # noqa: PLR0913 - what is replayed, and how
    store: Store,
    plan: Plan,
    ref: RoundRef,
    arms: Mapping[str, ArmConfig],
    *,
    budget: int | None = None,
    by_oracle: bool = False,
) -> Replay:
    """Let each strategy pick for a round, and compare what they pick.

    Args:
        store: It is only read.
        plan: The experiment.
        ref: A round after round 0, of an arm whose previous round was scored.
        arms: The strategies, by a name for each.
        budget: Images to pick; None for the budget of the round.
        by_oracle: Count true boxes and classes, which only a simulation knows.

    Raises:
        UsageError: The previous round has no score record, or `ref` is round 0.
        ConfigError: A strategy reads a column that was not scored.
    """
    if ref.index == 0 or ref.is_test:
        message = (
            f"--round {ref.label}: nothing is scored before it; a round from 1 on can be replayed"
        )
        raise UsageError(message)
    io = RoundReader(store, plan, ref, budget=budget)
    scored = StoredRecord(tuple(io.score_parts_before()))
    unlabelled = Images(tuple(io.pool_before.unlabelled), scored)
    picks = {name: _pick(io, name, arm) for name, arm in arms.items()}
    boxes = _true_boxes(io, unlabelled) if by_oracle else _expected_boxes(io, unlabelled)
    embeddings = {
        name: _embeddings(unlabelled, selection) for name, (selection, _) in picks.items()
    }
    return Replay(
        ref=ref,
        budget=io.budget,
        by_oracle=by_oracle,
        pool_class_shares=_shares(boxes.of(unlabelled.ids), io.dataset.classes),
        pool_boxes_per_image=_mean(boxes.of(unlabelled.ids), len(unlabelled.ids)),
        picked={
            name: _described(
                io, arms[name], selection, seconds, boxes.of(selection.ids), embeddings[name]
            )
            for name, (selection, seconds) in picks.items()
        },
        overlap=jaccard({name: selection.ids for name, (selection, _) in picks.items()}),
    )


def _pick(io: RoundReader, name: str, arm: ArmConfig) -> tuple[Selection, float]:
    strategy = make_strategy(arm)
    log.get().info("replay.select", name=name, strategy=arm.strategy)
    begun = time.perf_counter()
    try:
        selection = pick(io, arm.strategy, strategy)
    except AlJobError as error:
        message = f"{name}: {error}"
        raise type(error)(message) from error
    return selection, time.perf_counter() - begun


def _described(  # noqa: PLR0913, PLR0917 - what there is to say of picks
    io: RoundReader,
    arm: ArmConfig,
    selection: Selection,
    seconds: float,
    boxes: np.ndarray,
    similarity: float | None,
) -> Picked:
    num_images, num_boxes = len(selection.ids), float(boxes.sum())
    cost = io.config.annotation
    return Picked(
        arm=arm,
        selection=selection,
        select_seconds=seconds,
        class_shares=_shares(boxes, io.dataset.classes),
        boxes_per_image=_mean(boxes, num_images),
        annotation_seconds=cost.seconds(num_images, num_boxes),
        money=cost.money(num_images, num_boxes),
        redundancy=similarity,
    )


def _expected_boxes(io: RoundReader, unlabelled: Images) -> _Boxes:
    """Return the expected boxes, calibrated on the labelled images."""
    parts = StoredRecord(tuple(io.labelled_parts_before()))
    labelled = Images(tuple(io.pool_before.labelled), parts)
    ids, boxes = expected_boxes_by_class(unlabelled, len(io.dataset.classes))
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    return _Boxes(row_of, boxes * np.float32(calibration(labelled)))


def _true_boxes(io: RoundReader, unlabelled: Images) -> _Boxes:
    try:
        annotations = labels_of(io.dataset, unlabelled.ids, "oracle", lambda: io.latest_dataset)
    except MissingLabelsError as error:
        message = f"--oracle: {error}: leave it out, and expected boxes are counted"
        raise UsageError(message) from error
    counts = [
        list(class_counts([annotation], io.dataset.classes).values())
        for annotation in annotations.values()
    ]
    row_of = {image_id: row for row, image_id in enumerate(annotations)}
    return _Boxes(row_of, np.array(counts).reshape(len(row_of), len(io.dataset.classes)))


def _embeddings(unlabelled: Images, selection: Selection) -> float | None:
    _, found = read_embeddings(Images(selection.ids, unlabelled.record))
    return redundancy(found)


def _shares(boxes: np.ndarray, classes: tuple[str, ...]) -> dict[str, float]:
    total = max(float(boxes.sum()), 1e-12)
    return {name: float(count) / total for name, count in zip(classes, boxes, strict=True)}


def _mean(boxes: np.ndarray, num_images: int) -> float:
    return float(boxes.sum()) / max(num_images, 1)


def sheets(store: Store, plan: Plan, found: Replay, most: int) -> dict[str, bytes]:
    """Return a contact sheet of each strategy's first picks: images, detections, reasons."""
    io = RoundReader(store, plan, found.ref)
    wanted = {
        image_id for picked in found.picked.values() for image_id in picked.selection.ids[:most]
    }
    seen = _look(StoredRecord(tuple(io.score_parts_before())), wanted)
    return {
        name: contact_sheet(
            [
                _tile(io, each.id, each.reason, *seen[each.id])
                for each in picked.selection.picks[:most]
            ],
            f"{name}: first picks of round {found.ref.index}, {found.ref.experiment}",
        )
        for name, picked in found.picked.items()
    }


def _look(record: StoredRecord, ids: set[str]) -> dict[str, tuple[RecordPart, int]]:
    """Return the part and the row of some images."""
    columns = {"boxes_xyxy", "probabilities", "objectness"}
    return {
        image_id: (part, row)
        for part in record.parts(columns)
        for row, image_id in enumerate(part.ids.tolist())
        if image_id in ids
    }


def _tile(io: RoundReader, image_id: str, reason: str, part: RecordPart, row: int) -> Tile:
    first = part.offsets[row]
    mine = slice(first, min(part.offsets[row + 1], first + MOST_BOXES_SHOWN))  # best first
    labels = part.predicted[mine]
    confidences = part.probabilities[mine].max(axis=1, initial=0) * part.objectness[mine]
    return Tile(
        image=decode_rgb(io.dataset.read_image("pool", image_id).data, image_id),
        boxes_xyxy=part.boxes_xyxy[mine],
        labels=labels.tolist(),
        words=[
            f"{io.dataset.classes[label]} {confidence:.2f}"
            for label, confidence in zip(labels, confidences, strict=True)
        ],
        caption=f"{image_id}: {reason}",
    )
