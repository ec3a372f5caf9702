"""Rows of plain values in little memory: a million of them are a few dozen megabytes."""

import marshal
from array import array
from collections.abc import Iterator
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

ROWS_PER_CHUNK = 4096


class PackedRows:
    """A list of tuples that only grows.

    Each row is bytes of Python's own `marshal`, which keeps every value of JSON as it was, in a
    tenth of the memory of a dictionary. The bytes never leave this process.
    """

    def __init__(self) -> None:
        self._chunks: list[tuple[bytes, array[int]]] = []
        self._last: list[bytes] = []

    def append(self, row: tuple[Any, ...]) -> None:
        """Add a row."""
        self._last.append(marshal.dumps(row))
        if len(self._last) == ROWS_PER_CHUNK:
            ends = array("I", accumulate(map(len, self._last), initial=0))
            self._chunks.append((b"".join(self._last), ends))
            self._last.clear()

    def __len__(self) -> int:
        return len(self._chunks) * ROWS_PER_CHUNK + len(self._last)

    def __getitem__(self, number: int) -> tuple[Any, ...]:
        chunk, place = divmod(number, ROWS_PER_CHUNK)
        if chunk == len(self._chunks):
            data = self._last[place]
        else:
            whole, ends = self._chunks[chunk]
            data = whole[ends[place] : ends[place + 1]]
        row: tuple[Any, ...] = marshal.loads(data)  # noqa: S302 - our own bytes
        return row

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return (self[number] for number in range(len(self)))


class RowsByKey:
    """The rows of each key, in their order."""

    def __init__(self, keys: npt.NDArray[np.int64]) -> None:
        """Group rows.

        Args:
            keys: The key of each row.
        """
        order = np.argsort(keys, kind="stable")
        self._keys, starts = np.unique(keys[order], return_index=True)
        self._bounds = np.append(starts, len(keys))
        self._order = order.astype(np.uint32)

    def rows(self, key: int) -> list[int]:
        """Return the rows of a key; none if there is no such key."""
        group = int(np.searchsorted(self._keys, key))
        has_key = group < len(self._keys) and self._keys[group] == key
        return self._rows(group) if has_key else []

    def rows_of_others(self, known: npt.NDArray[np.int64]) -> Iterator[int]:
        """Yield the rows of all keys but some, key by key in the order of their first rows."""
        groups = np.flatnonzero(~np.isin(self._keys, known))
        for group in groups[np.argsort(self._order[self._bounds[groups]])]:
            yield from self._rows(int(group))

    def _rows(self, group: int) -> list[int]:
        rows: list[int] = self._order[self._bounds[group] : self._bounds[group + 1]].tolist()
        return rows
