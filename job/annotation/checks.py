"""Whether an answer can be taken as the label of its image, box by box."""

from collections.abc import Collection

import numpy as np

from job.annotation.answers import Answer, DrawnBox
from job.data.ingest.boxes import clip_box
from job.errors import BadDataError
from job.records.annotation import Annotation
from job.runtime.names import given


def problems_of(answer: Answer, size_wh: tuple[int, int], classes: Collection[str]) -> list[str]:
    """Return why an answer cannot be taken, each reason once; nothing if it can.

    Args:
        answer: What somebody said of an image.
        size_wh: The image's size in pixels, upright.
        classes: Those of the data set.
    """
    if answer.is_refused:
        return []
    found = list(answer.problems)
    if answer.size_wh and answer.size_wh != size_wh:
        sizes = [f"{width} x {height}" for width, height in (answer.size_wh, size_wh)]
        found.append(f"another image: it has {sizes[0]} pixels, and the picked one {sizes[1]}")
    for box in answer.boxes:
        found += _problems_of_box(box, size_wh, classes)
    return list(dict.fromkeys(found))


def _problems_of_box(
    box: DrawnBox, size_wh: tuple[int, int], classes: Collection[str]
) -> list[str]:
    found = [] if box.label in classes else [f"{given(box.label)} is not a class"]
    try:
        clip_box(box.corners_xyxy, *size_wh)
    except BadDataError as error:
        found.append(f"a box is wrong: {error}")
    return found


def annotation_of(answer: Answer, size_wh: tuple[int, int]) -> Annotation:
    """Return an answer without problems as an annotation: its boxes are clipped to the image."""
    boxes = [clip_box(box.corners_xyxy, *size_wh)[0] for box in answer.boxes]
    nothing = (False,) * len(boxes)
    return Annotation(
        width=size_wh[0],
        height=size_wh[1],
        boxes_xyxy=np.array(boxes, dtype=np.float32).reshape(-1, 4),
        labels=tuple(box.label for box in answer.boxes),
        difficult=nothing,
        crowd=nothing,
    )
