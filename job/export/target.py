"""Where an export goes: an empty folder or prefix, which holds all of it in the end, or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from job.errors import AlJobError, UsageError
from job.storage import Store, open_store
from job.storage.local import LocalStore
from job.storage.opening import s3_place
from job.storage.s3_access import S3Access


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


def open_target(out: str, endpoint: str | None = None, profile: str | None = None) -> Store:
    """Open the place that `--out` names, as long as it is empty.

    Args:
        out: A folder, or a bucket as for `open_store`.
        endpoint: The bucket's server; unset: that of the store.
        profile: A profile of the AWS configuration; unset: the credentials of the store.

    Raises:
        UsageError: It is neither, or something is there.
    """
    is_bucket = s3_place(out) is not None
    if (endpoint or profile) and not is_bucket:
        message = f"--out {out}: --out-endpoint and --out-profile are for s3://bucket/prefix"
        raise UsageError(message)
    rights = "s3:PutObject, s3:DeleteObject and s3:ListBucket"
    try:
        store = open_store(out, S3Access(endpoint, profile, "out", rights))
    except UsageError as error:
        message = f"--out: {error}"
        raise UsageError(message) from error
    if isinstance(store, LocalStore) and store.root.is_file():
        message = f"--out {out}: is a file; name an empty or a new folder"
        raise UsageError(message)
    if found := next(store.list_names(""), None):
        message = f"--out {out}: holds {found}; name an empty or a new place"
        raise UsageError(message)
    return store


@contextmanager
def all_or_nothing(target: Store) -> Iterator[NewFiles]:
    """Give files to write, which are removed if the block ends with an error."""
    files = NewFiles(target)
    try:
        yield files
    except BaseException:
        with suppress(AlJobError):  # what ended the export is told, and not what ends this
            files.remove()
        raise
