"""Whether a store can do all that the job needs of it: what `al-job doctor` says about it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from uuid import uuid4

from job.errors import AlJobError, BadDataError
from job.storage.base import Store
from job.storage.cloud_access import CLOUDS

_CONTENT = bytes(range(256))


@dataclass(frozen=True)
class Finding:
    """The outcome of one check."""

    name: str
    ok: bool
    detail: str
    """What was seen, or the error."""
    advice: str = ""
    """What to do if it is not ok."""


def check_store(store: Store) -> list[Finding]:
    """Try out a store on an object below `.doctor/`, which is removed again.

    If nothing can be written, the other checks are left out. Errors of the project are not raised:
    they are findings.
    """
    key, cloud = f".doctor/{uuid4().hex}", CLOUDS.get(store.url.partition("://")[0])

    def find(name: str, check: Callable[[], str], s3_right: str) -> Finding:
        return _finding(name, check, cloud.rights if cloud else f"s3:{s3_right}")

    write = find("write", lambda: _write(store, key), "PutObject")
    if not write.ok:
        return [write]
    try:
        return [
            write,
            find("read", lambda: _read(store, key), "GetObject"),
            find("read a range", lambda: _read_range(store, key), "GetObject"),
            find("list", lambda: _list(store, key), "ListBucket"),
            find("conditional write", lambda: _create(store, key), "PutObject"),
            find("delete", lambda: _delete(store, key), "DeleteObject"),
        ]
    finally:  # also if somebody interrupts it
        with suppress(AlJobError):
            store.delete(key)


def _finding(name: str, check: Callable[[], str], permission: str) -> Finding:
    """Run one check."""
    try:
        return Finding(name, ok=True, detail=check())
    except AlJobError as error:
        advice = f"a directory must allow it to this user, a bucket needs {permission}"
        return Finding(name, ok=False, detail=str(error), advice=advice)


def _write(store: Store, key: str) -> str:
    store.write(key, _CONTENT)
    return f"{len(_CONTENT)} bytes to {store.url}"


def _read(store: Store, key: str) -> str:
    _expect(store.read(key) == _CONTENT, "reads give other bytes than were written")
    return "what was written"


def _read_range(store: Store, key: str) -> str:
    _expect(store.read_range(key, 100, 50) == _CONTENT[100:150], "ranges give other bytes")
    return "50 bytes from the middle"


def _list(store: Store, key: str) -> str:
    _expect(key in store.list(".doctor/"), "a list lacks what was written")
    return "what was written is there"


def _create(store: Store, key: str) -> str:
    if store.write(key, b"", if_absent=True):
        return "not honoured: an object that is there is overwritten; nothing depends on it"
    return "honoured"


def _delete(store: Store, key: str) -> str:
    store.delete(key)
    _expect(not store.exists(key), "an object that was deleted is still there")
    return "gone"


def _expect(condition: bool, otherwise: str) -> None:  # noqa: FBT001 - reads as a sentence
    if not condition:
        raise BadDataError(otherwise)
