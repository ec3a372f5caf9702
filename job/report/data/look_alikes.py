# ruff: noqa: N806 - shape suffixes
"""Images that look alike, by a perceptual hash: no detector and no weights are needed.

The hash says of each pixel of a small gray image whether the next one is brighter (dHash). Images
with almost the same hash are near-duplicates: copies, frames of one video, other sizes.

H = images that are compared.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from PIL import Image

from job.data.dataset import Dataset
from job.data.decoding import decode_at_least
from job.data.shards import EncodedImage
from job.keys import Split
from job.records.arrays import Float32s

SIDE = 16
MAX_SHARE = 0.1
"""The highest share of bits in which two near-duplicates differ."""
MIN_CONTRAST = 4.0
"""Standard deviation of gray, of 255. Below it, an image is almost of one colour, and its hash is
noise."""
MAX_COMPARED: dict[Split, int] = {"pool": 1_000, "test": 500}
RUN = 10
"""Of a larger split, images are compared in runs of this many, so that frames meet the next one."""


@dataclass(frozen=True)
class Alike:
    """Two images that look alike, each as the split and the row."""

    first: tuple[Split, int]
    second: tuple[Split, int]
    share: float
    """The share of bits in which they differ."""


@dataclass(frozen=True)
class LookAlikes:
    """What was compared, and which images have a near-duplicate among what was compared."""

    num_compared: dict[Split, int]
    num_in_pool: int
    """Images of the pool that look like another one of the pool."""
    num_across: int
    """Test images that look like one of the pool."""
    closest_in_pool: tuple[Alike, ...]
    closest_across: tuple[Alike, ...]


def find_look_alikes(dataset: Dataset, num_shown: int) -> LookAlikes:
    """Compare images of both splits; of each image, at most one pair is shown.

    Raises:
        BadDataError: An image of the data set is damaged or missing.
    """
    rows: dict[Split, list[int]] = {}
    hashes: dict[Split, Float32s] = {}
    for split, most in MAX_COMPARED.items():
        found = list(_hashes(dataset, split, _some(len(dataset.ids(split)), most)))
        rows[split] = [row for row, _ in found]
        hashes[split] = np.array([bits for _, bits in found], np.float32).reshape(-1, SIDE * SIDE)
    inside = _nearest("pool", "pool", rows, hashes)
    across = _nearest("test", "pool", rows, hashes)
    return LookAlikes(
        num_compared={split: len(found) for split, found in rows.items()},
        num_in_pool=len(inside),
        num_across=len(across),
        closest_in_pool=_apart(inside, num_shown),
        closest_across=_apart(across, num_shown),
    )


def _some(num_images: int, most: int) -> list[int]:
    """Return the rows to compare: all of them, or runs of neighbours, evenly over the split."""
    if num_images <= most:
        return list(range(num_images))
    begins = np.linspace(0, num_images - RUN, most // RUN).astype(int)
    return sorted({int(begin) + step for begin in begins for step in range(RUN)})


def _hashes(dataset: Dataset, split: Split, rows: list[int]) -> Iterator[tuple[int, Float32s]]:
    """Yield the hash of each image that has one, as a vector of -1 and 1."""
    ids = [dataset.ids(split)[row] for row in rows]
    with closing(dataset.read_images(split, ids)) as images:
        for row, image in zip(rows, images, strict=True):
            pixels = _pixels(image)
            if pixels.std() >= MIN_CONTRAST:
                yield row, np.where(np.diff(pixels, axis=1) > 0, 1, -1).ravel().astype(np.float32)


def _pixels(image: EncodedImage) -> Float32s:
    """Return a small gray image."""
    decoded = decode_at_least(image.data, 2 * SIDE, image.id)
    left, top, width, height = decoded.frame
    box = (left, top, left + width, top + height)
    gray = decoded.image.convert("L").resize((SIDE + 1, SIDE), Image.Resampling.BOX, box=box)
    return np.asarray(gray, np.float32)


def _nearest(
    ours: Split, theirs: Split, rows: dict[Split, list[int]], hashes: dict[Split, Float32s]
) -> list[Alike]:
    """Return for each image its nearest other one, if that is a near-duplicate; closest first."""
    if not len(hashes[ours]) or not len(hashes[theirs]):
        return []
    share_HH = (1 - hashes[ours] @ hashes[theirs].T / hashes[ours].shape[1]) / 2
    if ours == theirs:
        np.fill_diagonal(share_HH, 1)
    nearest = share_HH.argmin(axis=1)
    lowest = share_HH.min(axis=1)
    pairs = [
        Alike((ours, rows[ours][first]), (theirs, rows[theirs][second]), float(lowest[first]))
        for first, second in enumerate(nearest)
        if lowest[first] <= MAX_SHARE
    ]
    return sorted(pairs, key=lambda pair: (pair.share, pair.first[1]))


def _apart(pairs: list[Alike], most: int) -> tuple[Alike, ...]:
    """Return the first pairs of which no two share an image."""
    chosen: list[Alike] = []
    seen: set[tuple[Split, int]] = set()
    for pair in pairs:
        if len(chosen) < most and not seen & {pair.first, pair.second}:
            chosen.append(pair)
            seen |= {pair.first, pair.second}
    return tuple(chosen)
