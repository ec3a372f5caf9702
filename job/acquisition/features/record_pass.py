"""One pass over a score record: what a strategy computes for each image, a part at a time.

Memory holds one part and one row an image, however large the pool.
"""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from job.acquisition.strategy import Candidates, Record
from job.errors import BadDataError, ConfigError
from job.records.score_record import ScoreRecord

Rows = NDArray[Any]


def score_images(
    candidates: Candidates,
    columns: Collection[str],
    score_part: Callable[[ScoreRecord], Rows],
    dtype: DTypeLike = np.float64,
) -> tuple[list[str], Rows]:
    """Return the candidates' ids in ascending order, and beside them what `score_part` gives.

    Args:
        candidates: The images; rows of other images in their score record are passed over.
        columns: The columns that `score_part` reads.
        score_part: From a part to one row for each of its images, in the part's order.
        dtype: The type of these rows: a float, or a structure whose field `score` is one.

    Raises:
        BadDataError: An image has no row, more than one, or a score that is not a finite number.
        ConfigError: There is no score record at all.
    """
    return read_rows(candidates.ids, candidates.record, columns, score_part, dtype)


def read_rows(
    image_ids: Collection[str],
    record: Record,
    columns: Collection[str],
    rows_of: Callable[[ScoreRecord], Rows],
    dtype: DTypeLike,
) -> tuple[list[str], Rows]:
    """Return the ids in ascending order, and beside them what `rows_of` gives: (N, ...).

    Args:
        image_ids: The images; rows of other images in the record are passed over.
        record: The score record.
        columns: The columns that `rows_of` reads.
        rows_of: From a part to one row for each of its images, in the part's order; all rows are
            alike in shape.
        dtype: The type of these rows: a float, or a structure whose field `score` is one.

    Raises:
        BadDataError: An image has no row, more than one, or one that is not of finite numbers.
        ConfigError: There is no score record at all.
    """
    ids = sorted(image_ids)
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    result = None
    times_seen = np.zeros(len(ids), np.int64)
    for part in record.parts(columns):
        found = rows_of(part)
        if result is None:
            result = np.zeros((len(ids), *found.shape[1:]), dtype)
        rows = np.array([row_of.get(image_id, -1) for image_id in part.ids.tolist()], np.int64)
        ours = rows >= 0
        result[rows[ours]] = found[ours]
        np.add.at(times_seen, rows[ours], 1)
    if result is None:
        result = np.zeros(len(ids), dtype)
    _check(ids, times_seen, result)
    return ids, result


def _check(ids: list[str], times_seen: NDArray[np.int64], result: Rows) -> None:
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
            message = f"image {ids[wrong.argmax()]!r}{others} {what}: score the round before again"
            raise BadDataError(message)
