"""One pass over a score record: what a strategy computes for each image, part by part.

Memory holds one part, and one row for each image, however large the pool is.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from job.acquisition.strategy import Images
from job.errors import BadDataError, ConfigError
from job.records.record_part import RecordPart

_NEAR = 8
"""A part whose ids reach over more of the pool, in numbers of its rows, is scattered."""


def read_rows(
    images: Images,
    columns: Collection[str],
    rows_of: Callable[[RecordPart], NDArray[Any]],
    dtype: DTypeLike = np.float64,
) -> tuple[list[str], NDArray[Any]]:
    """Return the ids in ascending order, and what `rows_of` gives in that order: (N, ...).

    Args:
        images: The images; their record's rows of other images are ignored.
        columns: The columns that `rows_of` reads.
        rows_of: Returns one row for each image of a part, in the order of the part. All rows have
            the same shape.
        dtype: The type of the rows: a float, or a structure whose field `score` is a float.

    Raises:
        BadDataError: An image has no row, more than one, or one that is not finite.
        ConfigError: There is no score record.
    """
    ids = sorted(images.ids)
    result = None
    times_seen = np.zeros(len(ids), np.int32)
    for part in images.record.parts(columns):
        found = rows_of(part)
        if result is None:
            result = np.zeros((len(ids), *found.shape[1:]), dtype)
        rows = rows_among(ids, part.ids.tolist())
        ours = rows >= 0
        result[rows[ours]] = found[ours]
        np.add.at(times_seen, rows[ours], 1)
    if result is None:
        result = np.zeros(len(ids), dtype)
    _check(ids, times_seen, result)
    return ids, result


def rows_among(ids: list[str], wanted: list[str]) -> NDArray[np.int64]:
    """Return the row of each wanted id among ids in ascending order, or -1 if it is not there.

    A part of a record usually has neighbours. So few ids are looked at, and nothing is built that
    is as large as the pool.
    """
    if not wanted:
        return np.empty(0, np.int64)
    first = bisect_left(ids, min(wanted))
    window = ids[first : bisect_right(ids, max(wanted), first)]
    if window == wanted:
        return np.arange(first, first + len(window))
    if len(window) <= _NEAR * len(wanted):
        row_of = {image_id: row for row, image_id in enumerate(window, first)}
        return np.array([row_of.get(image_id, -1) for image_id in wanted], np.int64)
    places = np.array([bisect_left(ids, image_id) for image_id in wanted], np.int64)
    is_there = [
        ids[place : place + 1] == [each] for place, each in zip(places, wanted, strict=True)
    ]
    return np.where(is_there, places, -1)


def _check(ids: list[str], times_seen: NDArray[np.int32], result: NDArray[Any]) -> None:
    if ids and not times_seen.any():
        message = (
            "the strategy selects by score and there is no score record, as before round 0: "
            "choose one that needs none, such as random"
        )
        raise ConfigError(message)
    numbers = result if result.dtype.names is None else result["score"]
    is_finite = np.isfinite(numbers).all(axis=tuple(range(1, numbers.ndim)))
    for wrong, what in (
        (times_seen == 0, "has no row in the score record"),
        (times_seen > 1, "has more than one row in the score record"),
        (~is_finite, "has a score that is not a finite number"),
    ):
        if wrong.any():
            others = f" (and {wrong.sum() - 1} more)" if wrong.sum() > 1 else ""
            message = (
                f"image {ids[wrong.argmax()]!r}{others} {what}: score the previous round again"
            )
            raise BadDataError(message)
