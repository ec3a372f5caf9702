# ruff: noqa: N803, N806 - shape suffixes
"""Checks of a part of a score record: finite numbers, and the data set's classes.

D = detections of all images together.
"""

from collections.abc import Sequence

import numpy as np

from job.errors import BadDataError
from job.records.arrays import Floats
from job.records.record_part import RecordPart


def check_finite(part: RecordPart, values_D: Floats, what: str = "probabilities") -> None:
    """Refuse a value that is not finite, which the maximum of an image might hide.

    Args:
        part: A part of a score record.
        values_D: A value for each of its detections.
        what: What the value comes from, in the plural, for the message.

    Raises:
        BadDataError: The value of a detection is not a finite number; the message names its image.
    """
    wrong_D = ~np.isfinite(values_D)
    if wrong_D.any():
        image_id = str(part.ids[part.image_of_detection[wrong_D.argmax()]])
        message = (
            f"image {image_id!r} has a detection whose {what} are not finite numbers: "
            "score the previous round again"
        )
        raise BadDataError(message)


def check_classes(part: RecordPart, classes: Sequence[str]) -> None:
    """Refuse a score record of other classes than the data set's.

    Raises:
        BadDataError: Their numbers differ.
    """
    if part.probabilities.shape[1] != len(classes):
        message = (
            f"the score record has {part.probabilities.shape[1]} classes, the labels have "
            f"{len(classes)} ({', '.join(classes)}): both must be of one data set"
        )
        raise BadDataError(message)
