# ruff: noqa: N806, N815 - shape suffixes
"""Image embeddings of a score record.

N = images, L = labelled images, E = length of an embedding. Embeddings stay float16, as they are in
the record: in a large pool they are the largest array that a strategy holds.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from job.acquisition.features.record_pass import read_rows
from job.acquisition.numerics.cosine import scale_to_unit
from job.acquisition.strategy import Images, Task

Embeddings = NDArray[np.float16]


def read_embeddings(images: Images) -> tuple[list[str], Embeddings]:
    """Return the ids in ascending order, and the images' embeddings in that order: (N, E).

    Raises:
        BadDataError: An image has no row, more than one, or an embedding that is not finite.
        ConfigError: There is no score record.
    """
    ids, found = read_rows(images, {"embedding"}, lambda part: part.embeddings, np.float16)
    return ids, found.reshape(len(ids), -1) if ids else np.zeros((0, 0), np.float16)


@dataclass(frozen=True)
class Directions:
    """Where images lie as seen from the middle of all: embeddings of length 1."""

    ids: list[str]
    """The unlabelled images, in ascending order."""
    points_NE: Embeddings
    labelled_ids: list[str]
    """The labelled images, in ascending order."""
    labelled_LE: Embeddings


def read_directions(task: Task) -> Directions:
    """Return the embeddings less the mean of all unlabelled and labelled images, of length 1.

    A network's features are often positive, as behind a ReLU. Without their mean, all images point
    the same way, and what tells them apart is a small part of every distance.

    Raises:
        BadDataError: As for `read_embeddings`.
        ConfigError: As for `read_embeddings`.
    """
    ids, points_NE = read_embeddings(task.unlabelled)
    labelled_ids, labelled_LE = read_embeddings(task.labelled)
    given = [each for each in (points_NE, labelled_LE) if len(each)]
    if given:
        sums = sum(each.sum(axis=0, dtype=np.float64) for each in given)
        mean_E = np.asarray(sums / sum(map(len, given)))
        for each in given:
            scale_to_unit(each, mean_E)
    return Directions(ids, points_NE, labelled_ids, labelled_LE)
