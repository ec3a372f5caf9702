"""One pass over the score record: what a strategy computes for each image, a part at a time.

Memory holds one part and one row an image, however large the pool.
"""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from job.acquisition.strategy import Candidates
from job.errors import BadDataError, ConfigError
from job.records import ScoreRecord

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
    ids = sorted(candidates.ids)
    row_of = {image_id: row for row, image_id in enumerate(ids)}
    result = np.zeros(len(ids), dtype)
    times_seen = np.zeros(len(ids), np.int64)
    for part in candidates.parts(columns):
        rows = np.array([row_of.get(image_id, -1) for image_id in part.ids.tolist()], np.int64)
        ours = rows >= 0
        result[rows[ours]] = score_part(part)[ours]
        np.add.at(times_seen, rows[ours], 1)
    _check(ids, times_seen, result)
    return ids, result


def _check(ids: list[str], times_seen: NDArray[np.int64], result: Rows) -> None:
    if ids and not times_seen.any():
        message = (
            "the strategy selects by score and there is no score record, as before round 0: "
            "choose one that needs none, such as random"
        )
        raise ConfigError(message)
    scores = result if result.dtype.names is None else result["score"]
    for wrong, what in (
        (times_seen == 0, "has no row in the score record"),
        (times_seen > 1, "has more than one row in the score record"),
        (~np.isfinite(scores), "has a score that is not a finite number"),
    ):
        if wrong.any():
            others = f" (and {wrong.sum() - 1} more)" if wrong.sum() > 1 else ""
            message = f"image {ids[wrong.argmax()]!r}{others} {what}: score the round before again"
            raise BadDataError(message)
