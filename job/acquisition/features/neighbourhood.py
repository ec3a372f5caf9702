# ruff: noqa: N803, N806 - shape suffixes
"""What each pick adds, in words: the images that it stands for, and the labelled one it is like.

P = picks, N = images that they are to stand for, L = labelled images, E = length of an embedding;
embeddings have length 1.
"""

from collections.abc import Sequence

import numpy as np

from job.acquisition.numerics.cosine import most_similar, num_most_similar
from job.records.arrays import Floats


def describe_picks(
    picks_PE: Floats,
    images_NE: Floats,
    among: str,
    labelled_LE: Floats,
    labelled_ids: Sequence[str],
) -> list[str]:
    """Return for each pick how many images it stands for, and which labelled one it is like.

    An image is stood for by the pick that is nearest to it, unless a labelled image is as near.

    Args:
        picks_PE: The picks.
        images_NE: The images that they are to stand for.
        among: The number and kind of these images, in words.
        labelled_LE: The labelled images.
        labelled_ids: Their ids.
    """
    if not len(picks_PE):
        return []
    picks_PE = picks_PE.astype(np.float32)
    labelled_LE = labelled_LE.astype(np.float32).reshape(-1, picks_PE.shape[1])
    taken_TE = np.concatenate([labelled_LE, picks_PE])
    counts_P = num_most_similar(images_NE.astype(np.float32), taken_TE)[len(labelled_LE) :]
    nearest_P, cosine_P = most_similar(picks_PE, labelled_LE)
    told = [_stands_for(count, among) for count in counts_P.tolist()]
    if not labelled_ids:
        return told
    return [
        f"{each}; most like the labelled {labelled_ids[row]} (cosine {cosine:.2f})"
        for each, row, cosine in zip(told, nearest_P.tolist(), cosine_P.tolist(), strict=True)
    ]


def _stands_for(count: int, among: str) -> str:
    if not count:
        return f"none of {among} is nearest to it"
    return f"stands for the {count:,} of {among} nearest to it"
