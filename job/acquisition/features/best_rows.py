# ruff: noqa: N803 - shape suffixes
"""The rows of a score record of the images that are worth most, held so that they are read once.

N = images of a part.
"""

from collections.abc import Collection, Iterator

import numpy as np
import pyarrow as pa

from job.acquisition.numerics.top_k import top_k
from job.acquisition.strategy import Record
from job.records.arrays import Float64s
from job.records.record_part import RecordPart


class BestRows:
    """The rows of the highest scores of those that were added; all others are read when needed.

    Which rows are held changes no answer: only the time until it is given.
    """

    def __init__(self, record: Record, columns: Collection[str], count: int) -> None:
        """Hold no row yet, and never more than twice as many as `count`, or a part in addition."""
        self._record, self._columns, self._count = record, columns, count
        self._tables = list[pa.Table]()
        self._scores = list[Float64s]()
        self._lowest = -np.inf

    def add(self, part: RecordPart, scores_N: Float64s) -> None:
        """Hold the rows of a part that are among the highest so far; -inf: never hold it."""
        (rows,) = np.nonzero(scores_N > self._lowest)
        if len(rows):
            self._tables.append(part.table.take(rows))
            self._scores.append(scores_N[rows])
        if sum(map(len, self._scores)) > 2 * self._count:
            self._drop()

    def _drop(self) -> None:
        scores = np.concatenate(self._scores)
        best = top_k(scores, self._count)
        self._tables = [pa.concat_tables(self._tables).take(best)]
        self._scores = [scores[best]]
        self._lowest = float(scores[best].min(initial=np.inf))

    def parts_of(self, ids: Collection[str]) -> Iterator[RecordPart]:
        """Yield the rows of some images, from what is held if all of them are."""
        wanted = set(ids)
        held = [RecordPart(table) for table in self._tables]
        is_held = wanted.issubset(each for part in held for each in part.ids.tolist())
        for part in held if is_held else self._record.parts(self._columns):
            ours = [each in wanted for each in part.ids.tolist()]
            if any(ours):
                yield RecordPart(part.table.filter(pa.array(ours)))
