"""The keys of an experiment's objects, listed once."""

from bisect import bisect_left
from collections.abc import Iterable
from typing import Self

from job.keys import ExperimentKeys
from job.storage import Store


class Listing:
    """Keys as they were at one moment; questions about them cost no call to the store."""

    def __init__(self, keys: Iterable[str]) -> None:
        self._sorted = sorted(keys)
        self._keys = frozenset(self._sorted)

    @classmethod
    def of(cls, store: Store, experiment: str) -> Self:
        """List all objects of an experiment."""
        return cls(store.list(ExperimentKeys(experiment).prefix))

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def below(self, prefix: str) -> list[str]:
        """Return the keys that begin with `prefix`, in code point order."""
        start = bisect_left(self._sorted, prefix)
        end = start
        while end < len(self._sorted) and self._sorted[end].startswith(prefix):
            end += 1
        return self._sorted[start:end]
