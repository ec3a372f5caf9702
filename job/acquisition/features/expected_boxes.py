# ruff: noqa: N806 - shape suffixes
"""How many boxes an image is expected to have, before anybody has looked at it.

N = candidates. A detector says for each of its boxes how sure it is that it holds an object at all
(`objectness`); their sum over an image is a number of boxes, if not a calibrated one.
"""

import numpy as np

from job.acquisition.features.reasons import check_finite
from job.acquisition.features.record_pass import score_images
from job.acquisition.numerics.aggregation import aggregate
from job.acquisition.numerics.uncertainty import Float64s
from job.acquisition.strategy import Candidates, Labelled
from job.records.score_record import TRUTH_COLUMNS, ScoreRecord

COLUMNS = frozenset({"objectness"})
LABELLED_COLUMNS = COLUMNS | TRUTH_COLUMNS


def expected_boxes(candidates: Candidates, labelled: Labelled) -> tuple[list[str], Float64s]:
    """Return the candidates' ids in ascending order, and each one's expected boxes: (N,).

    The sum of objectness over an image's detections, times a factor that makes it right for the
    labelled images together: their true boxes by the sum of their objectness (a ratio estimate).
    Where there is nothing to go by, the factor is 1.

    Raises:
        BadDataError: An image has no row, or an objectness that is not a number.
        ConfigError: There is no score record at all.
    """
    ids, sums_N = score_images(candidates, COLUMNS, sum_of_objectness)
    return ids, sums_N * calibration(labelled)


def sum_of_objectness(part: ScoreRecord) -> Float64s:
    """Return the sum of objectness over each image's detections: (N,)."""
    check_objectness(part)
    return aggregate(part.objectness.astype(np.float64), part.offsets, "sum", empty_score=0.0)


def check_objectness(part: ScoreRecord) -> None:
    """Refuse an objectness that is not a number; the message names its image."""
    check_finite(part, part.objectness)


def calibration(labelled: Labelled) -> float:
    """Return the labelled images' true boxes by the sum of their objectness; 1 without any."""
    found = true = 0.0
    for part in labelled.record.parts(LABELLED_COLUMNS):
        found += float(part.objectness.sum(dtype=np.float64))
        true += len(part.truth.classes) if part.truth else 0
    return true / found if found > 0 else 1.0
