# ruff: noqa: N806 - shape suffixes
"""Presence: images that seem to show an object, for pools in which many show none.

N = unlabelled images, C = classes.
"""

from dataclasses import replace
from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.checks import check_classes
from job.acquisition.features.objects import READS, ObjectBoxes, confidences
from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.aggregation import first_highest
from job.acquisition.strategies.random import draw
from job.acquisition.strategy import Pick, Selection, Strategy, Task
from job.config.section import UnitInterval
from job.records.record_part import RecordPart

SEEN = np.dtype([("score", np.float64), ("class", np.int16)])
"""The highest confidence of an image's boxes, and that box's class; 0 and -1 without a box."""


class Presence(ObjectBoxes, Strategy):
    """Draws most of the budget at random from the images that show a box, the rest from all others.

    Within each of the two, every image is equally likely. The score is the highest confidence of a
    box.
    """

    reads: ClassVar[frozenset[str]] = READS

    min_confidence: UnitInterval = 0.1
    """Boxes below this confidence do not count: objectness times the highest class probability."""
    share: UnitInterval = 0.85
    """The share of the budget that is drawn from images with a box, as long as there are any."""

    def select(self, task: Task) -> Selection:
        """Draw from the images with a box, and then from all that are left."""
        score_part = partial(self._score_part, task=task)
        ids, rows = read_rows(task.unlabelled, self.reads, score_part, SEEN)
        shown = {each: row for each, row in zip(ids, rows, strict=True) if row["class"] >= 0}
        wanted = min(round(self.share * task.budget), len(shown))
        first = draw(shown, replace(task, budget=wanted)).ids
        left = set(ids).difference(first)
        others = draw(left, replace(task, budget=task.budget - wanted)).ids
        among = f"drawn from the {len(shown):,} of {len(ids):,} images that show a box"
        picks = [
            Pick(each, float(shown[each]["score"]), f"{among}: {_told(shown[each], task)}")
            for each in first
        ]
        rest = f"drawn from all {len(left):,} other images, with a box or without"
        return Selection((*picks, *(Pick(each, 0.0, rest) for each in others)))

    def _score_part(self, part: RecordPart, task: Task) -> NDArray[np.void]:
        check_classes(part, task.classes)
        kept = self.objects(part)
        confidence_D = confidences(kept)
        rows = np.zeros(len(kept.ids), SEEN)
        rows["class"] = -1
        (some,) = np.nonzero(kept.num_detections)
        top = first_highest(confidence_D, kept.offsets)
        rows["score"][some], rows["class"][some] = confidence_D[top], kept.predicted[top]
        return rows


def _told(row: Any, task: Task) -> str:
    return f"{task.classes[row['class']]}, confidence {row['score']:.2f}"
