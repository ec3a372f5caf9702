"""Rows of plain values in little memory."""

import math

import numpy as np

from job.data.formats import packed_rows
from job.data.formats.packed_rows import PackedRows, RowsByKey


def test_a_row_comes_back_as_it_was() -> None:
    """Types and all, since messages show values as the file has them."""
    rows = PackedRows()
    values = (1, 1.0, True, None, ..., "ü\ud800", 2**80, [1, 2.5, {"a": []}], math.inf)
    for number in range(packed_rows.ROWS_PER_CHUNK * 2 + 3):
        rows.append((number, *values))
    assert len(rows) == packed_rows.ROWS_PER_CHUNK * 2 + 3
    assert [row[0] for row in rows] == list(range(len(rows)))
    for number in (0, 4095, 4096, 8191, 8192, 8194):
        assert repr(rows[number]) == repr((number, *values))


def test_rows_of_a_key_keep_their_order() -> None:
    """Those of keys that are not known come key by key, the key that came first before others."""
    groups = RowsByKey(np.array([7, 3, 7, -1, 3, 7]))
    assert [groups.rows(key) for key in (7, 3, -1, 4, 8)] == [[0, 2, 5], [1, 4], [3], [], []]
    assert list(groups.rows_of_others(np.array([-1, 9]))) == [0, 2, 5, 1, 4]
    assert list(groups.rows_of_others(np.array([], dtype=np.int64))) == [0, 2, 5, 1, 4, 3]


def test_there_may_be_no_rows() -> None:
    """A file of images without any annotation is one."""
    groups = RowsByKey(np.array([], dtype=np.int64))
    assert groups.rows(1) == []
    assert list(groups.rows_of_others(np.array([1]))) == []
