# ruff: noqa: N803, N806 - shape suffixes
"""The uncertainty of a detection, from its class distribution.

D = detections, C = classes; each row of `p_DC` sums to 1. The score record has float16; everything
is computed in float64.
"""

import numpy as np

from job.records.arrays import Float64s, Floats


def margin(p_DC: Floats) -> Float64s:
    """Return (1 - (p1 - p2))^2 of the two highest probabilities: (D,), from 0 (certain) to 1.

    Brust, Kaeding, Denzler: Active Learning for Deep Object Detection, VISAPP 2019 (1-vs-2). With a
    single class, p1 is 1 and p2 is 0, so every uncertainty is 0.
    """
    p1_D, p2_D = two_highest(p_DC)
    return np.square(1 - (p1_D - p2_D))


def entropy(p_DC: Floats) -> Float64s:
    """Return Shannon's entropy -sum p ln p: (D,), in nats, from 0 (certain) to ln C.

    0 ln 0 is 0.
    """
    p_DC = p_DC.astype(np.float64, copy=False)
    log_DC = np.log(p_DC, where=p_DC > 0, out=np.zeros_like(p_DC))
    return np.asarray(0.0 - np.einsum("dc,dc->d", p_DC, log_DC))


def two_highest(p_DC: Floats) -> tuple[Float64s, Float64s]:
    """Return the two highest probabilities: (D,), (D,). A single class has a second one of 0."""
    if p_DC.shape[1] == 1:
        return p_DC[:, 0].astype(np.float64), np.zeros(len(p_DC))
    sorted_DC = np.partition(p_DC.astype(np.float64, copy=False), -2, axis=1)
    return sorted_DC[:, -1], sorted_DC[:, -2]
