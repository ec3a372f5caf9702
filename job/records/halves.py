# ruff: noqa: N803, N806 - shape suffixes
"""Numbers in half precision, as numpy's own functions give them, in a fraction of their time.

Numpy converts and compares float16 one by one, in software. R = rows, W = width of a row.
"""

import numpy as np
from numpy.typing import NDArray

from job.records.arrays import Float64s, Floats, Integers

_INFINITY = 0x7C00
"""The bits of infinity. Those of all numbers that are not negative are below, in their order."""
_VALUES = np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float64)
"""What each pattern of bits stands for."""


def to_float64(values: Floats) -> Float64s:
    """Return what `values.astype(np.float64)` does."""
    if values.dtype != np.float16:
        return values.astype(np.float64, copy=False)
    return _VALUES[values.view(np.uint16)]


def highest(values_RW: Floats) -> Floats:
    """Return the highest value of each row, or 0 if none is above it: (R,)."""
    bits_RW = _ordered_bits(values_RW)
    if bits_RW is None:
        return np.asarray(values_RW.max(axis=1, initial=0))
    return np.asarray(bits_RW.max(axis=1, initial=0)).view(np.float16)


def first_highest(values_RW: Floats) -> Integers:
    """Return the place of the highest value in each row, of equal ones the first: (R,)."""
    bits_RW = _ordered_bits(values_RW)
    return np.asarray((values_RW if bits_RW is None else bits_RW).argmax(axis=1))


def _ordered_bits(values_RW: Floats) -> NDArray[np.int16] | None:
    """Return bits that are in the order of the values, or None if one is negative or not finite."""
    if values_RW.dtype != np.float16 or not values_RW.flags.c_contiguous:
        return None
    bits_RW = values_RW.view(np.uint16)
    return bits_RW.view(np.int16) if bits_RW.max(initial=0) < _INFINITY else None
