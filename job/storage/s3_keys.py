"""Keys of S3 in files, for botocore: temporary ones may be replaced while a process runs."""

from collections.abc import Callable

from botocore.credentials import CredentialProvider, Credentials, ReadOnlyCredentials

from job.storage.key_files import FOLDER, keys_in_files

CREDENTIALS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
Check = Callable[[str, str, str, str], None]
"""Raises an error if the last three cannot be right; the first one is where they were found."""


class KeysInFiles(Credentials):  # type: ignore[misc]  # botocore has no types
    """Keys that are read anew for each request."""

    def __init__(self, check: Check) -> None:
        self._check, self._checked = check, [""]
        super().__init__(*self._read(), method=FOLDER)

    def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Return what the files say now."""
        access_key, secret_key, token = self._read()
        return ReadOnlyCredentials(access_key, secret_key, token or None)

    def _read(self) -> list[str]:
        keys = keys_in_files(*CREDENTIALS)
        if keys != self._checked:
            self._check(FOLDER, *keys)
            self._checked = keys
        return keys


class KeyFiles(CredentialProvider):  # type: ignore[misc]  # botocore has no types
    """What botocore asks for them, after the variables."""

    METHOD = FOLDER

    def __init__(self, check: Check) -> None:
        super().__init__()
        self._check = check

    def load(self) -> KeysInFiles | None:
        """Return the keys, or nothing if there are no files."""
        return KeysInFiles(self._check) if keys_in_files(CREDENTIALS[0])[0] else None
