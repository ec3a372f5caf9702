# ruff: noqa: N806, N815 - shape suffixes
"""The errors of an arm's last models in numbers.

D = detections, best first, C = classes.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from job.detection.metrics.error_gains import average_precisions, best_confidence, gains
from job.detection.metrics.error_kinds import KINDS, Explained, Kind
from job.records.arrays import Float64s, Integers
from job.report.drawing.outlines import OutlinedImage


@dataclass(frozen=True)
class ClassErrors:
    """The errors in one class, mean over seeds."""

    name: str
    num_boxes: int
    """The boxes to be found."""
    ap50: float
    """VOC's average precision at IoU 0.5, from 0 to 1."""
    gains: Mapping[Kind, float]
    """What that would gain, if all errors of a kind were mended."""
    counts: Mapping[Kind, float]
    """The errors at the confidence: detections as this class, and boxes of it that are missed."""
    taken_for: tuple[tuple[str, float], ...]
    """The classes that its boxes were taken for, the most frequent first, with how often."""


@dataclass(frozen=True)
class ArmErrors:
    """The errors of an arm's models after its last round, mean over seeds."""

    arm: str
    round: int
    seeds: tuple[int, ...]
    confidence: float
    """At it, F1 over all classes is best, and errors are counted from it on."""
    num_boxes: int
    """The boxes to be found, of all classes."""
    num_found: float
    """Those that a detection of at least that confidence hits."""
    map50: float
    gains: Mapping[Kind, float]
    """What the mAP would gain, if all errors of a kind were mended."""
    counts: Mapping[Kind, float]
    classes: tuple[ClassErrors, ...]
    """Those with boxes, in their order."""
    pictures: Mapping[Kind, Sequence[OutlinedImage]]
    """The worst errors of the first seed, by kind."""


@dataclass(frozen=True)
class SeedErrors:
    """The errors of one model: what is left of millions of detections."""

    seed: int
    confidence: float
    num_boxes_C: Integers
    num_found: int
    ap50_C: Float64s
    gains_C: Mapping[Kind, Float64s]
    counts_C: Mapping[Kind, Integers]
    taken_for: Counter[tuple[int, int]]
    """How often boxes of a class were taken for another one, by both classes."""

    @classmethod
    def of(cls, seed: int, explained: Explained) -> "SeedErrors":
        """Count the errors of a model."""
        confidence = best_confidence(explained)
        is_told_D = explained.score_D >= confidence
        boxes, wrong_D = explained.boxes, explained.is_of("classification") & is_told_D
        labels = boxes.label_B[explained.box_D[wrong_D]].tolist()
        others = explained.label_D[wrong_D].tolist()
        return cls(
            seed=seed,
            confidence=confidence,
            num_boxes_C=np.bincount(boxes.label_B[boxes.counts_B], minlength=explained.num_classes),
            num_found=int((explained.hit_D & is_told_D).sum()),
            ap50_C=average_precisions(explained),
            gains_C=gains(explained),
            counts_C=_counts(explained, confidence),
            taken_for=Counter(zip(labels, others, strict=True)),
        )


def _counts(explained: Explained, confidence: float) -> dict[Kind, Integers]:
    """Return how many errors of each kind there are from a confidence on: (C,) each."""
    is_told_D = explained.score_D >= confidence
    found = {kind: explained.label_D[explained.is_of(kind) & is_told_D] for kind in KINDS}
    found["missed"] = explained.boxes.label_B[explained.missed(confidence)]
    return {
        kind: np.bincount(labels, minlength=explained.num_classes) for kind, labels in found.items()
    }


def summarise(
    arm: str,
    round_index: int,
    models: Sequence[SeedErrors],
    classes: Sequence[str],
    pictures: Mapping[Kind, Sequence[OutlinedImage]],
) -> ArmErrors:
    """Return the errors of an arm: the mean over its seeds.

    Args:
        arm: The arm.
        round_index: The round of the models.
        models: What each seed's model did, on one test set.
        classes: In the order of the detections' labels.
        pictures: The worst errors of the first seed, by kind.
    """
    num_C = models[0].num_boxes_C
    shown = np.flatnonzero(num_C).tolist()
    ap50_C = np.mean([each.ap50_C for each in models], axis=0)
    gains_C = {kind: np.mean([each.gains_C[kind] for each in models], axis=0) for kind in KINDS}
    counts_C = {kind: np.mean([each.counts_C[kind] for each in models], axis=0) for kind in KINDS}
    taken_for = _taken_for(models, classes)
    return ArmErrors(
        arm=arm,
        round=round_index,
        seeds=tuple(each.seed for each in models),
        confidence=fmean(each.confidence for each in models),
        num_boxes=int(num_C.sum()),
        num_found=fmean(each.num_found for each in models),
        map50=float(ap50_C[shown].mean()),
        gains={kind: float(gains_C[kind][shown].mean()) for kind in KINDS},
        counts={kind: float(counts_C[kind].sum()) for kind in KINDS},
        classes=tuple(
            ClassErrors(
                name=classes[label],
                num_boxes=int(num_C[label]),
                ap50=float(ap50_C[label]),
                gains=_at(gains_C, label),
                counts=_at(counts_C, label),
                taken_for=taken_for.get(label, ()),
            )
            for label in shown
        ),
        pictures=pictures,
    )


def _at(values: Mapping[Kind, Float64s], label: int) -> dict[Kind, float]:
    return {kind: float(of[label]) for kind, of in values.items()}


def _taken_for(
    models: Sequence[SeedErrors], classes: Sequence[str]
) -> dict[int, tuple[tuple[str, float], ...]]:
    """Return what the boxes of each class were taken for, mean over models."""
    pairs = sum((each.taken_for for each in models), Counter[tuple[int, int]]())
    result = dict[int, tuple[tuple[str, float], ...]]()
    for (label, other), number in sorted(pairs.items(), key=lambda each: -each[1]):
        result[label] = (*result.get(label, ()), (classes[other], number / len(models)))
    return result
