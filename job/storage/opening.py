"""Opening a store by its URL."""

import re
from pathlib import Path
from shlex import quote
from urllib.parse import unquote

from job.errors import ConfigError, UsageError
from job.runtime.paths import user_path
from job.storage.base import Store
from job.storage.cloud_access import cloud_place
from job.storage.s3_access import BY_VARIABLES, S3Access, without_keys

DEFAULT_STORE = "./state"
"""The store of a command that names none."""


def store_option(store: Store) -> str:
    """Return the option by which a command names a store.

    It is empty if the store is the default, or in memory.
    """
    has_none = store.url in {open_store(DEFAULT_STORE).url, "memory://"}
    return "" if has_none else f" --store {quote(store.url)}"


def open_store(url: str, access: S3Access = BY_VARIABLES) -> Store:
    """Open the store at `s3://bucket/prefix`, `gs://...`, `az://...`, `file:///path`, or a path.

    Args:
        url: The store's place.
        access: Of a bucket: on which server, and as whom.

    Raises:
        UsageError: The URL is of no such form.
        ConfigError: The path is relative, and the working directory is gone; or the library of a
            cloud is not installed.
    """
    if url != url.strip() or url[:1] in {"'", '"'}:
        message = f"store {url!r}: there are quotes, a blank or a line break around it: remove them"
        raise UsageError(message)
    if at := s3_place(url):
        from job.storage.s3 import S3Store  # noqa: PLC0415 - boto3 takes a third of a second

        return S3Store(*at, access)
    if place := cloud_place(url):
        return _open_cloud(*place)
    from job.storage.local import LocalStore  # noqa: PLC0415 - it imports this module

    scheme, has_scheme, path = url.partition("://")
    if scheme == "file" and path.startswith("/"):
        return LocalStore(Path(unquote(path)))
    if url and not has_scheme and not url.startswith(("s3:", "gs:", "az:", "file:")):
        return LocalStore(user_path(url))
    message = (
        f"store {without_keys(url)!r}: expected s3://bucket/prefix, gs://bucket/prefix, "
        "az://container/prefix, file:///path, or a directory"
    )
    raise UsageError(message)


def _open_cloud(scheme: str, bucket: str, prefix: str) -> Store:
    try:
        from job.storage.cloud import CloudStore  # noqa: PLC0415 - its library is an extra
    except ModuleNotFoundError as error:
        message = f"store {scheme}://{bucket}: obstore is not installed: install al-voc[clouds]"
        raise ConfigError(message) from error
    return CloudStore(scheme, bucket, prefix)


_ACCESS_POINT = "arn:aws[a-z-]*:s3:[a-z0-9-]+:[0-9]{12}:accesspoint/[a-z0-9-]+"


def s3_place(url: str) -> tuple[str, str] | None:
    """Return the bucket and the prefix that `s3://bucket/prefix` names; None for other places.

    The ARN of an access point may be in the bucket's place.
    """
    found = re.fullmatch(f"s3://({_ACCESS_POINT}|[A-Za-z0-9._-]+)(?:/(.*))?", url)
    return (found[1], (found[2] or "").strip("/")) if found else None
