"""Versions of a data set: each has a manifest of its own, and none changes an earlier one."""

from collections.abc import Iterator

from job.data.manifest import DatasetManifest, read_manifest
from job.errors import ConfigError, UsageError
from job.keys import DatasetKeys
from job.runtime.names import known
from job.storage import Store

Found = tuple[DatasetKeys, DatasetManifest, str]
"""A version's keys, its manifest and the manifest's SHA-256."""


def find_latest(store: Store, name: str) -> Found | None:
    """Return the latest version of a data set, or None if there is no such data set."""
    for number in reversed(_numbers(store, name)):
        if found := _find(store, name, number):
            return found
    return None


def find_version(store: Store, name: str, version: int) -> Found:
    """Return one version of a data set.

    Raises:
        UsageError: There is no such version, or no such data set; the message names the known ones.
    """
    if found := _find(store, name, version):
        return found
    versions = [str(manifest.version) for _, manifest, _ in each_version(store, name)]
    if not versions:
        raise no_such_dataset(store, name)
    message = f"data set {name!r} has no version {version}; it has: {', '.join(versions)}"
    raise UsageError(message)


def find_digest(store: Store, name: str, digest: str) -> Found:
    """Return the version of a data set whose manifest has this SHA-256.

    Raises:
        UsageError: There is no such data set; the message names the known ones.
        ConfigError: None of its versions has this digest; the message has theirs.
    """
    seen = []
    for found in each_version(store, name):
        if found[2] == digest:
            return found
        seen.append(f"version {found[1].version} has {found[2]}")
    if not seen:
        raise no_such_dataset(store, name)
    message = f"data set {name!r}: no version has the digest {digest}: {', '.join(seen)}"
    raise ConfigError(message)


def each_version(store: Store, name: str) -> Iterator[Found]:
    """Yield all versions of a data set, from the first on. Each is read when its turn comes."""
    if first := _find(store, name, 1):
        yield first
    for number in _numbers(store, name)[1:]:
        if found := _find(store, name, number):
            yield found


def no_such_dataset(store: Store, name: str) -> UsageError:
    """Return the error that names the data sets that there are."""
    names = [other for other in store.list_names("datasets/") if _is_there(store, other)]
    message = f"{store.url} holds no data set {name!r} ({known(names)}); `al-job ingest` makes one"
    return UsageError(message)


def _find(store: Store, name: str, number: int) -> Found | None:
    keys = DatasetKeys(name, number)
    found = read_manifest(store, keys)
    return (keys, *found) if found else None


def _numbers(store: Store, name: str) -> list[int]:
    """Return the numbers of all versions that have been begun, in order."""
    names = store.list_names(DatasetKeys(name).versions)
    return [1, *sorted(int(each) for each in names if each.isdecimal() and int(each) > 1)]


def _is_there(store: Store, name: str) -> bool:
    return store.exists(DatasetKeys(name).manifest)
