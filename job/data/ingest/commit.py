"""Making a later version of a data set exist, or removing what was written of it."""

from contextlib import suppress
from typing import Any

from job.data.dataset import Dataset
from job.data.formats.base import fingerprint
from job.data.manifest import DatasetManifest, read_manifest
from job.errors import BadDataError, TemporaryError, UsageError
from job.keys import DatasetKeys
from job.storage import Store


def next_keys(base: Dataset, content: dict[str, Any]) -> DatasetKeys:
    """Return the keys of the version after `base`.

    Args:
        base: The latest version.
        content: What tells the new version from others that may be made of the same base. Two
            processes that make different ones at once must not write into one another.
    """
    part = fingerprint([base.digest, *(str(item) for item in content.items())])[:8]
    return DatasetKeys(base.keys.name, base.version + 1, f"{part}/")


def commit_version(store: Store, keys: DatasetKeys, manifest: DatasetManifest) -> None:
    """Write the manifest of a version, unless somebody else has made that version meanwhile.

    What killed processes have left of the version is then deleted.

    Raises:
        TemporaryError: Somebody else has made it. What was written is deleted.
    """
    data = manifest.to_json()
    if not store.exists(keys.manifest):  # some stores do not honour `if_absent`
        store.write(keys.manifest, data, if_absent=True)
    if store.read(keys.manifest) != data:
        delete_parts(store, keys)
        message = (
            f"data set {keys.name!r}: another command has made version {keys.version} meanwhile: "
            "run this one again"
        )
        raise TemporaryError(message)
    # If the condition holds, nobody can make this version any more who has not yet.
    if not store.write(keys.manifest, data, if_absent=True):
        _delete_others(store, keys)


def commit_first_version(store: Store, keys: DatasetKeys, manifest: DatasetManifest) -> None:
    """Write the manifest of a data set, unless somebody else has made it of other images meanwhile.

    Raises:
        UsageError: Somebody else has. Their shards have the same names, so neither is whole.
    """
    data = manifest.to_json()
    store.write(keys.manifest, data, if_absent=True)
    if store.read(keys.manifest) != data:
        message = (
            f"data set {keys.name!r}: another command has made it of other images meanwhile, and "
            f"both wrote into it: remove {store.url}/{keys.prefix} and run one of them again"
        )
        raise UsageError(message)


def _delete_others(store: Store, keys: DatasetKeys) -> None:
    """Delete the parts of processes that were killed, or have lost."""
    own = f"{keys.folder}{keys.part}"
    for key in list(store.list(keys.folder)):
        if key != keys.manifest and not key.startswith(own):
            store.delete(key)


def delete_parts(store: Store, keys: DatasetKeys) -> None:
    """Delete what was written of a version that is not to be, as far as the store answers.

    Another command may have made it of the same objects meanwhile: then they stay.
    """
    with suppress(TemporaryError, BadDataError):  # why it is not to be is what to tell
        if not _is_made_of_parts(store, keys):
            for key in list(store.list(f"{keys.folder}{keys.part}")):
                store.delete(key)


def _is_made_of_parts(store: Store, keys: DatasetKeys) -> bool:
    """Return whether a version is there that has objects below these keys."""
    if not (found := read_manifest(store, keys)):
        return False
    manifest, own = found[0], keys.name_below(f"{keys.folder}{keys.part}")
    names = [manifest.pool.index, manifest.labels.name if manifest.labels else None]
    return keys.version == 1 or any(name and name.startswith(own) for name in names)
