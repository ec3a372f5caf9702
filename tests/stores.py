"""Copies of stores."""

from typing import TypeVar

from job.storage import Store
from job.storage.memory import MemoryStore

S = TypeVar("S", bound=MemoryStore)


def filled(store: S, source: Store) -> S:
    """Return the store, into which all of another one was copied."""
    for key in source.list(""):
        store.write(key, source.read(key))
    return store
