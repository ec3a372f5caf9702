# ruff: noqa: N806 - shape suffixes
"""Image embeddings of a score record, and how alike two images are by them.

N = images, E = length of an embedding. They stay float16, as the record has them: a large pool's
are the largest thing that a strategy holds.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.record_pass import read_rows
from job.acquisition.strategy import Record

Embeddings = NDArray[np.float16]
Float32s = NDArray[np.float32]


def read_embeddings(image_ids: Collection[str], record: Record) -> tuple[list[str], Embeddings]:
    """Return the ids in ascending order, and beside them the images' embeddings: (N, E).

    Raises:
        BadDataError: An image has no row, more than one, or an embedding that is not finite.
        ConfigError: There is no score record at all.
    """
    ids, found = read_rows(
        image_ids, record, {"embedding"}, lambda part: part.embeddings, np.float16
    )
    return ids, found.reshape(len(ids), -1) if ids else np.zeros((0, 0), np.float16)


def unit(vectors_NE: NDArray[np.floating[Any]]) -> Float32s:  # noqa: N803 - shape suffix
    """Return vectors scaled to length 1, as float32; one of zeros stays so: it is like nothing."""
    wide_NE = vectors_NE.astype(np.float32)
    length_N1 = np.linalg.norm(wide_NE, axis=1, keepdims=True)
    scaled_NE = np.zeros_like(wide_NE)
    np.divide(wide_NE, length_N1, out=scaled_NE, where=length_N1 > 0)
    return scaled_NE
