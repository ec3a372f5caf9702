"""Millions of small rows in little memory."""

from array import array
from collections.abc import Iterator
from itertools import accumulate, chain

import numpy as np
import numpy.typing as npt

ROWS_PER_CHUNK = 4096


class PackedRows:
    """A list of short bytes that only grows. Each costs four bytes more than it has."""

    def __init__(self) -> None:
        self._chunks: list[tuple[bytes, array[int]]] = []
        self._last: list[bytes] = []

    def append(self, row: bytes) -> None:
        """Add a row."""
        self._last.append(row)
        if len(self._last) == ROWS_PER_CHUNK:
            ends = array("I", accumulate(map(len, self._last), initial=0))
            self._chunks.append((b"".join(self._last), ends))
            self._last.clear()

    def __len__(self) -> int:
        return len(self._chunks) * ROWS_PER_CHUNK + len(self._last)

    def __getitem__(self, number: int) -> bytes:
        chunk, place = divmod(number, ROWS_PER_CHUNK)
        if chunk == len(self._chunks):
            return self._last[place]
        whole, ends = self._chunks[chunk]
        return whole[ends[place] : ends[place + 1]]

    def __iter__(self) -> Iterator[bytes]:
        return (self[number] for number in range(len(self)))


class IndexedRows(PackedRows):
    """Such a list whose rows are found by their bytes. Each costs twelve bytes more."""

    def __init__(self) -> None:
        super().__init__()
        self._hashes = np.empty(0, dtype=np.int64)
        """Of the rows of all full chunks, sorted."""
        self._numbers = np.empty(0, dtype=np.uint32)
        """The row of each hash."""
        self._recent: dict[bytes, list[int]] = {}
        """The other rows with their numbers."""

    def append(self, row: bytes) -> None:
        """Add a row."""
        self._recent.setdefault(row, []).append(len(self))
        super().append(row)
        if not self._last:
            self._index_recent()

    def find(self, row: bytes) -> list[int]:
        """Return the numbers of all rows that equal this one."""
        value = hash(row)
        numbers = []
        start = int(self._hashes.searchsorted(value))
        for place in range(start, len(self._hashes)):
            if self._hashes[place] != value:
                break
            numbers.append(int(self._numbers[place]))
        return [each for each in numbers if self[each] == row] + self._recent.get(row, [])

    def _index_recent(self) -> None:
        hashes = [hash(row) for row, numbers in self._recent.items() for _ in numbers]
        numbers = list(chain.from_iterable(self._recent.values()))
        order = np.argsort(hashes, kind="stable")
        added = np.array(hashes)[order]
        places = self._hashes.searchsorted(added, side="right")
        self._hashes = np.insert(self._hashes, places, added)
        self._numbers = np.insert(self._numbers, places, np.array(numbers)[order])
        self._recent.clear()


class RowsByKey:
    """The rows of each key, in their order."""

    def __init__(self, keys: npt.NDArray[np.int64]) -> None:
        """Group rows.

        Args:
            keys: The key of each row.
        """
        is_sorted = bool(np.all(keys[:-1] <= keys[1:]))
        self._order: npt.NDArray[np.uint32] | None = None
        if not is_sorted:
            self._order = np.argsort(keys, kind="stable").astype(np.uint32)
            keys = keys[self._order]
        is_start = np.ones(len(keys) + 1, dtype=bool)
        np.not_equal(keys[:-1], keys[1:], out=is_start[1:-1])
        self._bounds = np.flatnonzero(is_start)
        self._keys = keys[self._bounds[:-1]]

    def rows(self, key: int) -> list[int]:
        """Return the rows of a key; none if there is no such key."""
        group = int(np.searchsorted(self._keys, key))
        has_key = group < len(self._keys) and self._keys[group] == key
        return self._rows(group) if has_key else []

    def rows_of_others(self, known: npt.NDArray[np.int64]) -> Iterator[tuple[int, int]]:
        """Yield key and row of all keys but some, key by key in the order of their first rows."""
        groups = np.flatnonzero(~np.isin(self._keys, known)).tolist()
        for group in sorted(groups, key=lambda group: self._rows(group)[0]):
            yield from ((int(self._keys[group]), row) for row in self._rows(group))

    def _rows(self, group: int) -> list[int]:
        start, end = self._bounds[group : group + 2].tolist()
        if self._order is None:
            return list(range(start, end))
        rows: list[int] = self._order[start:end].tolist()
        return rows
