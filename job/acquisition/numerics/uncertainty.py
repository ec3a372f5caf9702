# ruff: noqa: N803, N806 - shape suffixes
"""How unsure the detector is of one detection, from its class distribution.

D = detections, C = classes; each row of `p_DC` sums to 1. Whatever its type (the score record has
float16), all is computed in float64.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Float64s = NDArray[np.float64]


def margin(p_DC: NDArray[np.floating[Any]]) -> Float64s:
    """(1 - (p1 - p2))^2 of the two highest probabilities: (D,), from 0 (sure) to 1 (torn).

    Brust, Kaeding, Denzler: Active Learning for Deep Object Detection, VISAPP 2019 (1-vs-2).
    With a single class there is no second, p2 = 0: p1 is then 1 and the uncertainty 0 throughout.
    """
    p1_D, p2_D = _two_highest(p_DC)
    return np.square(1 - (p1_D - p2_D))


def outside_top2(p_DC: NDArray[np.floating[Any]]) -> Float64s:
    """(1 - p1 - p2)^2: (D,), the mass outside the two highest probabilities.

    The tutorial's sign error, which it took for the margin; for comparison only.
    """
    p1_D, p2_D = _two_highest(p_DC)
    return np.square(1 - p1_D - p2_D)


def entropy(p_DC: NDArray[np.floating[Any]]) -> Float64s:
    """Shannon's -sum p ln p: (D,), in nats, from 0 (sure) to ln C; 0 ln 0 is 0."""
    p_DC = p_DC.astype(np.float64, copy=False)
    log_DC = np.log(p_DC, where=p_DC > 0, out=np.zeros_like(p_DC))
    return np.asarray(0.0 - np.einsum("dc,dc->d", p_DC, log_DC))


def _two_highest(p_DC: NDArray[np.floating[Any]]) -> tuple[Float64s, Float64s]:
    if p_DC.shape[1] == 1:
        return p_DC[:, 0].astype(np.float64), np.zeros(len(p_DC))
    sorted_DC = np.partition(p_DC.astype(np.float64, copy=False), -2, axis=1)
    return sorted_DC[:, -1], sorted_DC[:, -2]
