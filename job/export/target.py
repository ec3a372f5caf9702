"""Where an export goes: an empty folder or prefix, which holds all of it in the end, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from job.errors import AlJobError, UsageError
from job.runtime.paths import user_path
from job.storage import Store, open_store


class NewFiles:
    """Writes files, and knows which."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._names: list[str] = []

    def write(self, name: str, data: bytes) -> None:
        """Write a file; several threads may do so."""
        self._names.append(name)
        self._store.write(name, data)

    def remove(self) -> None:
        """Remove what was written."""
        for name in self._names:
            self._store.delete(name)


@contextmanager
def all_or_nothing(out: str) -> Iterator[NewFiles]:
    """Give a place to write files to, which are removed if the block ends with an error.

    Args:
        out: A folder, or `s3://bucket/prefix`.

    Raises:
        UsageError: It is neither, or something is there.
    """
    if "://" not in out and user_path(out).is_file():
        message = f"--out {out}: is a file; name an empty or a new folder"
        raise UsageError(message)
    store = open_store(out)
    if found := next(store.list_names(""), None):
        message = f"--out {out}: holds {found}; name an empty or a new place"
        raise UsageError(message)
    files = NewFiles(store)
    try:
        yield files
    except BaseException:
        with suppress(AlJobError):  # what ended the export is told, and not what ends this
            files.remove()
        raise
