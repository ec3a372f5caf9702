"""Rows of plain values in little memory."""

from collections.abc import Callable

import numpy as np
import pytest

from job.data.formats import packed_rows
from job.data.formats.packed_rows import IndexedRows, PackedRows, RowsByKey


def test_a_row_comes_back_as_it_was() -> None:
    """Also those that no chunk is full of yet; rows may be empty."""
    rows = PackedRows()
    expected = [b"x" * (number % 7) for number in range(packed_rows.ROWS_PER_CHUNK * 2 + 3)]
    for row in expected:
        rows.append(row)
    assert len(rows) == len(expected)
    assert list(rows) == expected
    assert rows[5000] == expected[5000]


@pytest.mark.parametrize("hash_of", [hash, len])
def test_rows_are_found_by_their_bytes(
    monkeypatch: pytest.MonkeyPatch, hash_of: Callable[[bytes], int]
) -> None:
    """All that are equal, in their order, be they in full chunks or not; hashes may coincide."""
    monkeypatch.setattr(packed_rows, "ROWS_PER_CHUNK", 4)
    monkeypatch.setattr(packed_rows, "hash", hash_of, raising=False)
    rows = IndexedRows()
    for row in (b"cat", b"dog", b"cat", b"", b"bird", b"dog", b"cat", b"cow", b"cat", b"ox"):
        rows.append(row)
    found = [rows.find(row) for row in (b"cat", b"dog", b"", b"bird", b"ox", b"hen")]
    assert found == [[0, 2, 6, 8], [1, 5], [3], [4], [9], []]


def test_rows_of_a_key_keep_their_order() -> None:
    """Those of keys that are not known come key by key, the key that came first before others."""
    groups = RowsByKey(np.array([7, 3, 7, -1, 3, 7]))
    assert [groups.rows(key) for key in (7, 3, -1, 4, 8)] == [[0, 2, 5], [1, 4], [3], [], []]
    others = list(groups.rows_of_others(np.array([-1, 9])))
    assert others == [(7, 0), (7, 2), (7, 5), (3, 1), (3, 4)]


def test_keys_that_are_sorted_already_are_grouped_too() -> None:
    """Most files list the annotations of an image together."""
    groups = RowsByKey(np.array([-2, 5, 5, 6]))
    assert [groups.rows(key) for key in (-2, 5, 6, 0)] == [[0], [1, 2], [3], []]


def test_there_may_be_no_rows() -> None:
    """A file of images without any annotation is one."""
    groups = RowsByKey(np.array([], dtype=np.int64))
    assert groups.rows(1) == []
    assert list(groups.rows_of_others(np.array([1]))) == []
