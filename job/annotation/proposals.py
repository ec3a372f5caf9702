# ruff: noqa: N806 - shape suffixes
"""Boxes for people to begin with: what the previous round's model sees in the picks.

N = images, D = detections of all of them together.
"""

from collections.abc import Iterator, Sequence
from contextlib import closing

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq

from job.annotation.batch import Proposal
from job.artifacts.round_reader import RoundReader
from job.errors import BadDataError, UsageError
from job.keys import RoundRef
from job.records.record_part import RecordPart
from job.runtime import log

_COLUMNS = ["id", "boxes_xyxy", "probabilities", "objectness"]


def min_confidence_of(io: RoundReader) -> float | None:
    """Return the confidence of the proposals that people begin with in a round; None: with none.

    No model is there before round 0 picks, and the boxes of a test set must not come from one.
    """
    has_model = bool(io.earlier) and not io.round.is_test
    return io.config.annotation.proposals if has_model else None


def proposals_of(
    io: RoundReader, ids: Sequence[str], min_confidence: float
) -> dict[str, tuple[Proposal, ...]]:
    """Return the proposals of some images, the most confident of each image first.

    They are those of the previous round's score record. If that round was not scored, because its
    arm selects without scores, its model looks at these images now, in the same way.

    Args:
        io: The round that picked the images.
        ids: The images.
        min_confidence: Proposals have at least this much: p(class) of the full softmax.

    Raises:
        UsageError: There is no previous round, or its model is not there yet; or the images are
            drawn for the test set.
        BadDataError: The record or the model is gone, damaged, or lacks an image.
    """
    if io.round.is_test:
        message = "--proposals: the boxes of a test set must not come from a model: leave it out"
        raise UsageError(message)
    if not io.earlier:
        message = "--proposals: no model is trained before round 0 picks; leave the option out"
        raise UsageError(message)
    previous = io.earlier[-1]
    is_scored = io.markers.get(previous.stage("score")) is not None
    parts = _recorded(io, previous, ids) if is_scored else _seen_now(io, previous, ids)
    found: dict[str, tuple[Proposal, ...]] = {}
    for part in parts:
        found |= _of_part(part, io.dataset.classes, min_confidence)
    if missing := sorted(set(ids).difference(found)):
        message = f"the score record of round {previous.index} has no image {missing[0]!r}"
        raise BadDataError(message)
    return found


def _recorded(io: RoundReader, ref: RoundRef, ids: Sequence[str]) -> Iterator[RecordPart]:
    """Yield the parts of a round's score record, with these images only."""
    is_wanted = pc.field("id").isin(list(ids))
    for path in io.score_parts(ref):
        yield RecordPart(pq.read_table(path, columns=_COLUMNS).filter(is_wanted))


def _seen_now(io: RoundReader, ref: RoundRef, ids: Sequence[str]) -> Iterator[RecordPart]:
    """Yield what the score record of a round that was not scored would have of these images."""
    # Late imports: an export without a model starts without waiting for torch.
    from job.detection.detectors.base import load_model  # noqa: PLC0415
    from job.detection.device import set_threads  # noqa: PLC0415
    from job.detection.inference.predict import Engine, record_images  # noqa: PLC0415

    config = io.config
    set_threads(config.runtime)
    detector = load_model(io.model(ref), config.detector)
    with closing(io.dataset.read_images("pool", ids)) as stored:
        images = log.track(stored, "propose", len(ids), "images")
        engine, seed = Engine.of(config.runtime), (ref.own_seed, ref.index)
        for record in record_images(detector, [images], config.score, engine, seed=seed):
            yield RecordPart(record.to_table())


def _of_part(
    part: RecordPart, classes: Sequence[str], min_confidence: float
) -> dict[str, tuple[Proposal, ...]]:
    """Return the proposals of each image of a part."""
    if not part.table.num_rows:
        return {}
    best_D = part.probabilities.max(axis=1, initial=0).astype(np.float64)
    confidences_D = part.objectness.astype(np.float64) * best_D
    order_D = np.argsort(-confidences_D, kind="stable")
    order_D = order_D[confidences_D[order_D] >= min_confidence]
    found: dict[str, list[Proposal]] = {image_id: [] for image_id in part.ids.tolist()}
    columns = (
        part.ids[part.image_of_detection],
        part.boxes_xyxy,
        part.predicted,
        confidences_D,
    )
    rows = (column[order_D].tolist() for column in columns)
    for image_id, box, number, confidence in zip(*rows, strict=True):
        found[image_id].append(Proposal(tuple(box), classes[number], round(confidence, 4)))
    return {image_id: tuple(proposals) for image_id, proposals in found.items()}
