"""Numpy arrays by their element type, and conversion between ragged Arrow columns and flat arrays.

Ragged data is flat: row i owns `offsets[i]:offsets[i + 1]` of every flat array.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

Floats = NDArray[np.floating[Any]]
Float32s = NDArray[np.float32]
Float64s = NDArray[np.float64]
Integers = NDArray[np.int64]


def rows(values: Floats, dtype: type[np.floating[Any]]) -> pa.FixedSizeListArray:
    """Return a matrix as an Arrow array of rows."""
    flat = pa.array(np.ascontiguousarray(values, dtype=dtype).ravel())
    return pa.FixedSizeListArray.from_arrays(flat, values.shape[1])


def matrix(column: pa.ChunkedArray) -> Floats:
    """Return an Arrow column of rows, or of lists of rows, as one (rows, width) matrix."""
    array = column.combine_chunks()
    if pa.types.is_list(array.type):
        array = array.flatten()
    width = array.type.list_size
    result: Floats = array.flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
    return result


def flat_values(column: pa.ChunkedArray) -> NDArray[Any]:
    """Return an Arrow column of lists as one flat array."""
    values: NDArray[Any] = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    return values


def offsets_of(column: pa.ChunkedArray) -> Integers:
    """Return the offsets of an Arrow column of lists in its flat array: (rows + 1,)."""
    return offsets(np.asarray(column.combine_chunks().value_lengths(), dtype=np.int64))


def offsets(lengths: Sequence[int] | Integers) -> Integers:
    """Return the offsets of rows of these lengths: where each begins, and where the last ends."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
