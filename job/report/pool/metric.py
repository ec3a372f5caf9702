# ruff: noqa: N803, N806, N815 - shape suffixes
"""The mAP of a model on the images of a pool that it was not trained on, by a random sample.

The metric is that of the test set (`job.detection.metrics`), with a weight for each image: how many
images of the pool it stands for.

L = labelled images, M = detections of a class, best first, B = boxes of a class, G = groups.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from job.detection.metrics.detections import Detections
from job.detection.metrics.matching import Booleans, gather_truth, match
from job.records.annotation import Annotation
from job.records.arrays import Float64s, Integers
from job.report.analysis.student import student_quantile
from job.report.pool.sampling import LEVEL, Estimated, Sample

MIN_BOXES_PER_CLASS = 10
"""On average: of fewer boxes, the mAP comes out far too high, and its interval is too narrow."""
_MAX_GROUPS = 50
"""Of a draw's images, which are left out group by group."""


@dataclass(frozen=True)
class _ClassMatches:
    """The detections of a class that count, best first, and the boxes to be found."""

    image_M: Integers
    hit_M: Booleans
    image_B: Integers

    def average_precision(self, weights_L: Float64s) -> float | None:
        """Return the area under the curve; None if no image with a weight shows the class."""
        boxes = weights_L[self.image_B].sum()
        if boxes <= 0:
            return None
        weight_M = weights_L[self.image_M]
        counts_M = weight_M > 0
        hits_M = np.cumsum((weight_M * self.hit_M)[counts_M])
        precision_M = hits_M / np.cumsum(weight_M[counts_M])
        best_M = np.maximum.accumulate(precision_M[::-1])[::-1]
        return float(np.sum(np.diff(hits_M / boxes, prepend=0.0) * best_M))


class WeightedMetric:
    """The mAP at IoU 0.5 of detections in some images, for any weights of the images."""

    def __init__(
        self, truth: Mapping[str, Annotation], found: Detections, classes: Sequence[str]
    ) -> None:
        """Match the detections with the boxes, once.

        Args:
            truth: The boxes of the images, in the order of the weights.
            found: What the model sees in these images and no other; equal scores count in order.
            classes: In the order of the detections' labels.
        """
        row_of = {image_id: row for row, image_id in enumerate(truth)}
        order = np.argsort(-found.scores, kind="stable")
        image_D, label_D = found.image_of_detection[order], found.labels[order]
        boxes_D4 = found.boxes_xyxy[order].astype(np.float64)
        every_id = [*found.ids, *(each for each in truth if each not in set(found.ids))]
        rows = np.array([row_of[each] for each in every_id], dtype=np.int64)
        self._classes = []
        for index, boxes in enumerate(gather_truth(truth, found.ids, classes).values()):
            mine = label_D == index
            matches = match(boxes, image_D[mine], boxes_D4[mine])
            image_B = np.repeat(boxes.image_R, boxes.num_R)
            counted_M = matches.voc_counts_D
            self._classes.append(
                _ClassMatches(
                    image_M=rows[image_D[mine][counted_M]],
                    hit_M=matches.voc_hit_D[counted_M],
                    image_B=rows[image_B[~boxes.difficult_B & ~boxes.crowd_B]],
                )
            )

    def value(self, weights_L: Float64s) -> float:
        """Return the mean over the classes that images with a weight show; 0 if there are none."""
        found = (each.average_precision(weights_L) for each in self._classes)
        defined = [value for value in found if value is not None]
        return float(np.mean(defined)) if defined else 0.0

    def num_boxes(self, counts_L: Booleans) -> int:
        """Return how many boxes are to be found in some of the images."""
        return sum(int(counts_L[each.image_B].sum()) for each in self._classes)


def estimate(metric: WeightedMetric, sample: Sample) -> Estimated:
    """Return the mAP on the images of which there is a sample, with Student's 95 % interval.

    The jackknife, draw by draw: the images of a draw are left out group by group, and those that
    are left stand for them. It gives the error, and takes away most of what a small sample's mAP is
    too high by (Rust and Rao, Variance Estimation for Complex Surveys Using Replication Techniques,
    1996; Jones, Jackknife Estimation of Functions of Stratum Means, 1974).

    Args:
        metric: Of the images of the sample, in its order.
        sample: Its images have detections of a model that was trained on none of them.
    """
    whole = metric.value(sample.weights_L)
    corrected, variance, freedom = whole, 0.0, 0
    for number, groups_L in _groups(sample):
        values_G = _left_out(metric, sample, groups_L)
        num = len(values_G)
        unseen = 1 - sample.num_drawn_D[number] / sample.num_left_D[number]
        corrected += unseen * (num - 1) * (whole - values_G.mean())
        variance += unseen * (num - 1) * float(values_G.var())
        freedom += num - 1
    corrected = min(max(corrected, 0.0), 1.0)
    if not freedom:
        return Estimated(corrected)
    reach = student_quantile((1 + LEVEL) / 2, freedom) * math.sqrt(variance)
    return Estimated(corrected, max(corrected - reach, 0.0), min(corrected + reach, 1.0))


def _groups(sample: Sample) -> list[tuple[int, Integers]]:
    """Return the group of each image, for each draw of at least two images; -1: of another draw.

    The images of a draw are in the order of the draw, so each group is a random one.
    """
    result = []
    for number, num_drawn in enumerate(sample.num_drawn_D.tolist()):
        if num_drawn > 1:
            groups_L = np.full(len(sample.ids), -1)
            groups_L[sample.draw_L == number] = np.arange(num_drawn) % min(num_drawn, _MAX_GROUPS)
            result.append((number, groups_L))
    return result


def _left_out(metric: WeightedMetric, sample: Sample, groups_L: Integers) -> Float64s:
    """Return the metric without each of the groups of a draw: (G,)."""
    groups = range(groups_L.max() + 1)
    return np.array([metric.value(sample.weights_without(groups_L == group)) for group in groups])
