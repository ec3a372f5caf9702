"""The rows that a strategy holds so that it need not read them again."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

import numpy as np
import pytest

from job.acquisition.features.best_rows import BestRows
from job.acquisition.strategy import TableRecord
from job.records.record_part import RecordPart
from tests.unit.acquisition.records import Box, Image, candidates, tables_of

COLUMNS = frozenset({"probabilities", "box_features", "embedding"})
SCORES = {"a": 1.0, "b": 4.0, "c": 2.0, "d": 5.0, "e": 3.0, "f": -np.inf}


@dataclass
class Counted:
    """A record of one image a part, and how often it was read."""

    whole: TableRecord
    times: list[int] = field(default_factory=list)

    def parts(self, columns: Collection[str]) -> Iterator[RecordPart]:
        self.times.append(1)
        for part in self.whole.parts(columns):
            for row in range(len(part.table)):
                yield RecordPart(part.table.slice(row, 1))


@pytest.fixture
def record() -> Counted:
    boxes = {
        name: Image([Box([0.5, 0.5], (number, 1))] * (number % 3))
        for number, name in enumerate(SCORES)
    }
    return Counted(TableRecord(tuple(tables_of(candidates(boxes, 2)))))


def best_of(record: Counted, count: int) -> BestRows:
    best = BestRows(record, COLUMNS, count)
    for part in record.parts(COLUMNS):
        best.add(part, np.array([SCORES[each] for each in part.ids.tolist()]))
    return best


def read(best: BestRows, ids: Collection[str]) -> dict[str, list[list[float]]]:
    return {
        name: part.box_features[part.offsets[row] : part.offsets[row + 1]].tolist()
        for part in best.parts_of(ids)
        for row, name in enumerate(part.ids.tolist())
    }


def test_the_highest_scores_are_not_read_again(record: Counted) -> None:
    """Two are held of six: d has 0 boxes of its number 3, and b one."""
    best = best_of(record, 2)
    assert read(best, ["b", "d"]) == {"b": [[1.0, 1.0]], "d": []}
    assert len(record.times) == 1


@pytest.mark.parametrize("count", [0, 1, 2, 6])
def test_what_is_not_held_is_read(record: Counted, count: int) -> None:
    """With the same rows, however many are held; f is never held."""
    best = best_of(record, count)
    assert read(best, {"c", "e", "f"}) == {
        "c": [[2.0, 1.0]] * 2,
        "e": [[4.0, 1.0]],
        "f": [[5.0, 1.0]] * 2,
    }
    assert len(record.times) == 2


def test_few_rows_are_held(record: Counted) -> None:
    """At most twice as many as asked for, and those of one part."""
    best = BestRows(record, COLUMNS, 1)
    (table,) = record.whole.tables
    for score in range(50):
        best.add(RecordPart(table), np.full(len(table), float(score)))
        assert sum(len(each) for each in best._tables) <= 2 + len(table)  # noqa: SLF001
