"""Millions of small rows in little memory."""

from array import array
from collections.abc import Iterator
from itertools import accumulate

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
