# ruff: noqa: N806 - shape suffixes
"""Image embeddings of a score record.

N = images, E = length of an embedding. Embeddings stay float16, as they are in the record: in a
large pool they are the largest array that a strategy holds.
"""

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.cosine import scale_to_unit
from job.acquisition.strategy import Images

Embeddings = NDArray[np.float16]


def read_embeddings(images: Images) -> tuple[list[str], Embeddings]:
    """Return the ids in ascending order, and the images' embeddings in that order: (N, E).

    Raises:
        BadDataError: An image has no row, more than one, or an embedding that is not finite.
        ConfigError: There is no score record.
    """
    ids, found = read_rows(images, {"embedding"}, lambda part: part.embeddings, np.float16)
    return ids, found.reshape(len(ids), -1) if ids else np.zeros((0, 0), np.float16)


def read_unit_embeddings(images: Images) -> tuple[list[str], Embeddings]:
    """Return the same with embeddings scaled to length 1, so that only their direction counts.

    Raises:
        BadDataError: As for `read_embeddings`.
        ConfigError: As for `read_embeddings`.
    """
    ids, points_NE = read_embeddings(images)
    scale_to_unit(points_NE)
    return ids, points_NE
