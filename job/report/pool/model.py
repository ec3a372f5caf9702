# ruff: noqa: N806 - shape suffixes
"""How good an arm's latest model is on the pool, by what was drawn before training on it.

D = detections of all images together, C = classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from job.artifacts.reader import Reader
from job.config.schema import Config
from job.detection.metrics.detections import Detections
from job.errors import BadDataError
from job.keys import RoundRef
from job.records.arrays import offsets
from job.records.record_part import RecordPart
from job.report.pool.draws import Draws
from job.report.pool.metric import MIN_BOXES_PER_CLASS, WeightedMetric, estimate
from job.report.pool.sampling import Estimated, Sample

_COLUMNS = ["id", "boxes_xyxy", "probabilities", "objectness"]


@dataclass(frozen=True)
class DrawnMetric:
    """The mAP of a model on the images that were unlabelled when it was trained."""

    arm: str
    seed: int
    round: int
    """The round whose model it is."""
    drawn_in: tuple[int, ...]
    """The rounds that drew images at random since."""
    num_drawn: int
    num_boxes: int
    """In the drawn images."""
    metric: Estimated


def latest_metric(reader: Reader, config: Config, draws: Draws) -> DrawnMetric | None:
    """Return the metric of the latest model of which the draws say enough.

    Only its score record is read, and of it only these images.

    Returns:
        None if no model was scored, or if too few boxes were drawn since.

    Raises:
        BadDataError: A score record is damaged, or lacks an image.
    """
    if config.score.input != "resize":  # what the model saw was not the image as it is
        return None
    for number in range(len(draws.refs) - 2, -1, -1):
        sample = draws.sample_after(number)
        is_scored = reader.markers.get(draws.refs[number].stage("score")) is not None
        if sample and is_scored and _num_boxes(draws, sample) >= _needed(draws):
            return _measure(reader, config, draws, number, sample)
    return None


def _needed(draws: Draws) -> int:
    return MIN_BOXES_PER_CLASS * len(draws.classes)


def _num_boxes(draws: Draws, sample: Sample) -> int:
    drawn = (draws.truth[each] for each in _drawn_ids(sample))
    return sum(
        not (difficult or crowd)
        for each in drawn
        for difficult, crowd in zip(each.difficult, each.crowd, strict=True)
    )


def _drawn_ids(sample: Sample) -> list[str]:
    return [each for each, draw in zip(sample.ids, sample.draw_L, strict=True) if draw >= 0]


def _measure(
    reader: Reader, config: Config, draws: Draws, number: int, sample: Sample
) -> DrawnMetric:
    ref = draws.refs[number]
    threshold = max(config.score.score_threshold, config.evaluate.score_threshold)
    found = recorded_detections(reader, ref, sample.ids, threshold)
    truth = {each: draws.truth[each] for each in sample.ids}
    since = zip(draws.refs[number + 1 :], draws.rounds[number + 1 :], strict=True)
    return DrawnMetric(
        arm=draws.arm,
        seed=draws.seed,
        round=ref.index,
        drawn_in=tuple(each.index for each, labelled in since if labelled.drawn),
        num_drawn=sample.num_drawn,
        num_boxes=_num_boxes(draws, sample),
        metric=estimate(WeightedMetric(truth, found, draws.classes), sample),
    )


def recorded_detections(
    reader: Reader, ref: RoundRef, ids: Sequence[str], threshold: float
) -> Detections:
    """Return what a round's score record has of some images, as detections.

    A box counts once for every class of at least that probability in the full softmax, as on the
    test set. The record has no box whose most probable class is below `score.score_threshold`.

    Raises:
        BadDataError: The record is damaged, or lacks an image.
    """
    is_wanted = pc.field("id").isin(pa.array(ids, pa.string()))
    parts = [
        RecordPart(pq.read_table(path, columns=_COLUMNS, filters=is_wanted))
        for path in reader.score_parts(ref)
    ]
    found = Detections.joined([_of_part(part, threshold) for part in parts if len(part.ids)])
    if missing := sorted(set(ids).difference(found.ids)):
        message = f"the score record of {ref} has no image {missing[0]!r}"
        raise BadDataError(message)
    return found


def _of_part(part: RecordPart, threshold: float) -> Detections:
    p_DC = part.probabilities.astype(np.float32) * part.objectness[:, None]
    rows_D, labels_D = np.nonzero(p_DC >= threshold)
    counts = np.bincount(part.image_of_detection[rows_D], minlength=len(part.ids))
    return Detections(
        ids=tuple(part.ids.tolist()),
        offsets=offsets(counts),
        boxes_xyxy=part.boxes_xyxy[rows_D],
        labels=labels_D,
        scores=p_DC[rows_D, labels_D],
    )
