# ruff: noqa: N803, N806 - shape suffixes
"""Boxes as arrays: how much they overlap.

N and M = boxes, as (xmin, ymin, xmax, ymax).
"""

import numpy as np

from job.records.arrays import Float64s, Floats


def iou_of(boxes_N4: Floats, boxes_M4: Floats) -> Float64s:
    """Return the IoU of each box with each other one: (N, M)."""
    one, other = boxes_N4.astype(np.float64)[:, None], boxes_M4.astype(np.float64)[None]
    low, high = np.maximum(one[..., :2], other[..., :2]), np.minimum(one[..., 2:], other[..., 2:])
    shared = (high - low).clip(min=0).prod(axis=2)
    area_N1, area_1M = ((each[..., 2:] - each[..., :2]).prod(axis=2) for each in (one, other))
    return np.asarray(shared / (area_N1 + area_1M - shared))
