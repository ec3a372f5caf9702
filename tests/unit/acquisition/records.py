"""Score records made by hand: what each image shows, box by box."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from job.acquisition.strategy import Images, Selection, TableRecord, Task
from job.records.score_record import GroundTruthMatches, ScoreRecord

ALL_BOXES = {
    "min_confidence": 0,
    "min_side": 0,
    "max_aspect": None,
    "top": None,
    "rightness": False,
    "empty_score": 0,
}
"""Settings by which every box counts for its class, and an image without one has a score of 0."""


@dataclass(frozen=True)
class Box:
    """One detection."""

    probabilities: Sequence[float]
    feature: Sequence[float] = (1.0, 0.0)
    objectness: float = 1.0
    num_overlaps: int = 1
    truth: int = -1
    """Which of its image's true boxes it overlaps most."""
    iou: float = 0.0
    xyxy: Sequence[float] = (0, 0, 10, 10)


@dataclass(frozen=True)
class Image:
    """One image, and for a labelled one the classes of its true boxes."""

    boxes: Sequence[Box] = ()
    embedding: Sequence[float] = (1.0, 0.0)
    truth_classes: Sequence[int] = ()
    size_wh: tuple[int, int] = (96, 96)


def record_of(
    images: Mapping[str, Image], num_classes: int, *, with_truth: bool = False
) -> ScoreRecord:
    """Return the record of some images; features are of length 2 where no image has a box."""
    boxes = [box for image in images.values() for box in image.boxes]
    features = [box.feature for box in boxes]
    return ScoreRecord(
        ids=np.array(list(images), dtype=np.str_),
        sizes_wh=np.array([image.size_wh for image in images.values()], np.int64).reshape(-1, 2),
        offsets=_offsets([len(image.boxes) for image in images.values()]),
        boxes_xyxy=np.array([box.xyxy for box in boxes], np.float32).reshape(-1, 4),
        probabilities=np.array([box.probabilities for box in boxes], np.float16).reshape(
            len(boxes), num_classes
        ),
        objectness=np.array([box.objectness for box in boxes], np.float32),
        num_overlaps=np.array([box.num_overlaps for box in boxes], np.int64),
        embeddings=np.array([image.embedding for image in images.values()], np.float16).reshape(
            len(images), -1
        )
        if images
        else np.zeros((0, 2), np.float16),
        box_features=np.array(features, np.float16) if boxes else np.zeros((0, 2), np.float16),
        ground_truth=_truth(images, boxes) if with_truth else None,
    )


def _truth(images: Mapping[str, Image], boxes: Sequence[Box]) -> GroundTruthMatches:
    return GroundTruthMatches(
        offsets=_offsets([len(image.truth_classes) for image in images.values()]),
        classes=np.array(
            [label for image in images.values() for label in image.truth_classes], np.int64
        ),
        box=np.array([box.truth for box in boxes], np.int64),
        iou=np.array([box.iou for box in boxes], np.float32),
    )


def _offsets(lengths: Sequence[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


NO_IMAGES = Images(())


@dataclass(frozen=True)
class Labels:
    """What is labelled, and how many boxes of each class that is."""

    class_counts: Mapping[str, int]
    images: Images = NO_IMAGES


def candidates(images: Mapping[str, Image], num_classes: int) -> Images:
    """Return images with their record; the order of the mapping is that of the store."""
    record = record_of(images, num_classes)
    return Images(tuple(images), TableRecord((record.to_table(),)))


def labelled(images: Mapping[str, Image], class_counts: Mapping[str, int]) -> Labels:
    """Return what is labelled, with the record of it and its truth."""
    record = record_of(images, len(class_counts), with_truth=True)
    return Labels(class_counts, Images(tuple(images), TableRecord((record.to_table(),))))


def task_of(
    unlabelled: Images,
    labels: Labels,
    budget: int = 1,
    rng: int | np.random.Generator = 0,
    pool_ids: Sequence[str] | None = None,
) -> Task:
    """Return a task; by default the pool is the unlabelled images, and then the labelled ones."""
    return Task(
        unlabelled=unlabelled,
        labelled=labels.images,
        pool_ids=tuple(pool_ids or (*unlabelled.ids, *labels.images.ids)),
        classes=tuple(labels.class_counts),
        class_counts=labels.class_counts,
        budget=budget,
        rng=np.random.default_rng(rng),
        groups=groups_of(unlabelled.ids),
    )


def groups_of(ids: Sequence[str]) -> dict[str, str]:
    """Return groups of three images, and one of an image that is none of these."""
    return {"elsewhere": "g"} | {each: f"g{number // 3}" for number, each in enumerate(sorted(ids))}


def tables_of(images: Images) -> tuple[pa.Table, ...]:
    """Return the tables that the record of images made by hand consists of."""
    assert isinstance(images.record, TableRecord)
    return images.record.tables


def scores_of(selection: Selection) -> tuple[float, ...]:
    """Return the scores of the picks, in their order."""
    return tuple(pick.score for pick in selection.picks)


def reasons_of(selection: Selection) -> tuple[str, ...]:
    """Return the reasons of the picks, in their order."""
    return tuple(pick.reason for pick in selection.picks)
