# ruff: noqa: N803, N806 - shape suffixes
"""Matching of the detections in labelled images with the ground truth.

Shapes: D = detections of one image, B = its annotated boxes without crowd regions.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torchvision.ops import box_iou

from job.records.annotation import Annotation
from job.records.arrays import Floats, Integers
from job.records.score_record import GroundTruthMatches, ScoreRecord


def match_to_ground_truth(
    record: ScoreRecord, annotations: Sequence[Annotation], classes: Sequence[str]
) -> GroundTruthMatches:
    """Return the ground truth of a record's images, beside their detections.

    Args:
        record: N labelled images.
        annotations: Of these images, in the same order.
        classes: The detector's.
    """
    index_of = {name: index for index, name in enumerate(classes)}
    labels: list[int] = []
    offsets, boxes, ious = [0], [], []
    for row, annotation in enumerate(annotations):
        real = [position for position, crowd in enumerate(annotation.crowd) if not crowd]
        labels += [index_of[annotation.labels[position]] for position in real]
        offsets.append(len(labels))
        detected_D4 = record.boxes_xyxy[record.offsets[row] : record.offsets[row + 1]]
        box_D, iou_D = _most_overlapped(detected_D4, annotation.boxes_xyxy[real])
        boxes.append(box_D)
        ious.append(iou_D)
    return GroundTruthMatches(
        offsets=np.array(offsets, dtype=np.int64),
        classes=np.array(labels, dtype=np.int64),
        box=np.concatenate([np.empty(0, np.int64), *boxes]),
        iou=np.concatenate([np.empty(0, np.float32), *ious]),
    )


def _most_overlapped(boxes_D4: Floats, truth_B4: Floats) -> tuple[Integers, Floats]:
    """Return for each box the annotated one of the largest IoU, or -1, and the IoU: (D,), (D,)."""
    if not len(boxes_D4) or not len(truth_B4):
        return np.full(len(boxes_D4), -1), np.zeros(len(boxes_D4), np.float32)
    iou_DB = box_iou(torch.from_numpy(boxes_D4), torch.from_numpy(truth_B4)).numpy()
    box_D, iou_D = iou_DB.argmax(axis=1), iou_DB.max(axis=1)
    return np.where(iou_D > 0, box_D, -1), iou_D
