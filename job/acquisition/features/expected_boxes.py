# ruff: noqa: N806 - shape suffixes
"""The expected number of boxes in an image, before anybody has annotated it.

N = images. The detector gives for each detection the probability that it is an object
(`objectness`). The sum over an image is a number of boxes, but not a calibrated one.
"""

import numpy as np

from job.acquisition.features.checks import check_finite
from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.aggregation import aggregate
from job.acquisition.strategy import Images
from job.records.arrays import Float64s
from job.records.record_part import RecordPart
from job.records.score_record import GROUND_TRUTH_COLUMNS

READS = frozenset({"objectness"})
READS_LABELLED = READS | GROUND_TRUTH_COLUMNS


def expected_boxes(images: Images, labelled: Images) -> tuple[list[str], Float64s]:
    """Return the ids in ascending order, and the expected number of boxes of each image: (N,).

    The number is the sum of objectness over the image's detections, times `calibration`.

    Raises:
        BadDataError: An image has no row, or an objectness that is not finite.
        ConfigError: There is no score record.
    """
    ids, sums_N = read_rows(images, READS, sum_of_objectness)
    return ids, sums_N * calibration(labelled)


def sum_of_objectness(part: RecordPart) -> Float64s:
    """Return the sum of objectness over each image's detections: (N,)."""
    check_finite(part, part.objectness, "objectness values")
    return aggregate(part.objectness.astype(np.float64), part.offsets, "sum", empty_score=0.0)


def calibration(labelled: Images) -> float:
    """Return the ratio of ground-truth boxes to the sum of objectness, over all labelled images.

    It is 1 if the labelled images have no detections, or if nothing is labelled.
    """
    found = true = 0.0
    for part in labelled.record.parts(READS_LABELLED):
        found += float(part.objectness.sum(dtype=np.float64))
        true += len(part.ground_truth.classes)
    return true / found if found > 0 else 1.0
