"""The client of Google Cloud Storage and of Azure Blob Storage, and the settings it is made from.

Credentials come from where the programs of both clouds find them: variables, files, and the servers
of credentials beside a node.
"""

import os
from datetime import timedelta
from typing import Any

from obstore.exceptions import BaseError
from obstore.store import AzureStore, GCSStore

from job.errors import ConfigError
from job.storage.cloud_access import CLOUDS
from job.storage.key_files import keys_in_files

Client = AzureStore | GCSStore

_OPTIONS: Any = {
    "allow_http": True,  # if the variable that names a server says so
    "connect_timeout": "10s",
    "read_timeout": "60s",
    "timeout": "1h",  # of a whole answer; unset: 30 s, less than a shard may take
}
_ATTEMPTS = 8
"""As of S3: some seconds."""
_PATIENCE = timedelta(minutes=3)

_threads_of: list[int] = []
"""The process that has the library's threads, once there are any."""


def new_client(scheme: str, bucket: str) -> Client:
    """Return a client of a bucket, or container.

    Raises:
        ConfigError: A setting cannot be right; its name is told.
        RuntimeError: This process was forked from one that had a client. Without the library's
            threads it would wait for ever.
    """
    if _threads_of and _threads_of[0] != os.getpid():
        message = "a forked process cannot use gs:// and az://: start it anew"
        raise RuntimeError(message)
    _threads_of[:] = [os.getpid()]
    if scheme == "az" and not os.environ.get("AZURE_STORAGE_ACCOUNT_NAME"):
        message = f"az://{bucket}: set AZURE_STORAGE_ACCOUNT_NAME to the name of the account"
        raise ConfigError(message)
    retries: Any = {"max_retries": _attempts() - 1, "retry_timeout": _PATIENCE}
    try:
        if scheme == "az":
            return AzureStore(bucket, client_options=_OPTIONS, retry_config=retries, **_azure_key())
        return GCSStore(bucket, client_options=_OPTIONS, retry_config=retries)
    except BaseError as error:
        said = " ".join(str(error).partition("Debug source")[0].split())
        cloud = CLOUDS[scheme]
        message = f"{scheme}://{bucket}: {said}; check {cloud.credentials}, or {cloud.endpoint}"
        raise ConfigError(message) from error


def _azure_key() -> dict[str, Any]:
    """Return the account's key if it is in a file; Google's libraries read files by themselves."""
    name = "AZURE_STORAGE_ACCOUNT_KEY"
    key = "" if os.environ.get(name) else keys_in_files(name)[0]
    return {"account_key": key} if key else {}


def _attempts() -> int:
    """Return how often a request is tried in all."""
    given = os.environ.get("AWS_MAX_ATTEMPTS") or str(_ATTEMPTS)
    if not given.isdecimal() or int(given) < 1:
        message = f"AWS_MAX_ATTEMPTS: {given!r} is not a whole number of at least 1"
        raise ConfigError(message)
    return int(given)
