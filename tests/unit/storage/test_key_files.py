"""Keys of a bucket that lie in files, as a Secret's do in a pod."""

import os
from pathlib import Path
from typing import Any

import pytest

from job.errors import ConfigError
from job.storage import cloud_client
from job.storage.key_files import keys_in_files
from job.storage.s3_client import new_client
from job.storage.s3_errors import without_secrets
from tests.unit.storage.test_s3_client import SECRET

ID, KEY, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
AZURE = "AZURE_STORAGE_ACCOUNT_KEY"


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where the keys are; no settings of this machine count."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "AZURE_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    keys = tmp_path / "keys"
    keys.mkdir()
    monkeypatch.setenv("AL_STORE_KEYS", str(keys))
    return keys


def mount(folder: Path, version: str, **keys: str) -> None:
    """Write a Secret's files as the kubelet does: in a folder, to which a link is moved."""
    target = folder / f"..{version}"
    target.mkdir()
    for name, text in keys.items():
        (target / name).write_text(text)
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(Path("..data", name))
    new = folder / "..data_tmp"
    new.symlink_to(target.name)
    new.replace(folder / "..data")


def signed_as(client: Any) -> tuple[str, str, str | None]:
    """Return the keys with which a request would be signed now."""
    keys = client._request_signer._credentials.get_frozen_credentials()  # noqa: SLF001 - the subject
    return keys.access_key, keys.secret_key, keys.token


def test_keys_that_are_replaced_are_taken_by_the_same_client(folder: Path) -> None:
    """Temporary ones end while a driver runs; the next request has the new ones, with token."""
    mount(folder, "1", **{ID: "one\n", KEY: "first"})
    client = new_client()
    assert signed_as(client) == ("one", "first", None)
    mount(folder, "2", **{ID: "two", KEY: "second", TOKEN: "of-two"})
    assert signed_as(client) == ("two", "second", "of-two")


def test_a_variable_counts_more_than_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sets one in a pod means it."""
    mount(folder, "1", **{ID: "of-file", KEY: "k"})
    monkeypatch.setenv(ID, "of-variable")
    monkeypatch.setenv(KEY, "k")
    assert signed_as(new_client())[0] == "of-variable"


def test_a_folder_without_keys_changes_nothing(tmp_path: Path) -> None:
    """The other places are looked at, such as a file of credentials."""
    text = "[default]\naws_access_key_id = of-credentials\naws_secret_access_key = k\n"
    (tmp_path / "no-credentials").write_text(text)
    assert signed_as(new_client())[0] == "of-credentials"


def test_a_secret_in_a_file_is_in_no_message(folder: Path) -> None:
    """Neither one that cannot be right, nor one that came later."""
    mount(folder, "1", **{ID: "one", KEY: f"{SECRET} x"})
    with pytest.raises(
        ConfigError, match=r"aws_secret_access_key \(AL_STORE_KEYS\).*blank"
    ) as told:
        new_client()
    assert SECRET not in str(told.value)
    mount(folder, "2", **{ID: "two", KEY: "right"})
    client = new_client()
    mount(folder, "3", **{ID: "three", KEY: "later-secret"})
    signed_as(client)
    assert without_secrets("by later-secret") == "by ***"


def test_files_that_are_replaced_while_they_are_read_are_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old id with a new secret would be refused, and a refusal ends a run."""
    mount(folder, "1", **{ID: "one", KEY: "of-one"})
    read_text = Path.read_text

    def replaced(path: Path, **options: Any) -> str:
        text = read_text(path, **options)
        if path.parent.name == "..1":
            path.unlink()
            if path.name == ID:
                mount(folder, "2", **{ID: "two", KEY: "of-two"})
        return text

    monkeypatch.setattr(Path, "read_text", replaced)
    assert keys_in_files(ID, KEY) == ["two", "of-two"]


def test_a_file_that_cannot_be_read_is_told(folder: Path) -> None:
    """With its name."""
    (folder / ID).mkdir()
    with pytest.raises(ConfigError, match=rf"AL_STORE_KEYS: .*{ID}: Is a directory; let it be"):
        keys_in_files(ID)


def test_the_key_of_azure_may_be_in_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable counts more here, too."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "voc1")
    (folder / AZURE).write_text("%%%\n")
    with pytest.raises(ConfigError, match="Invalid Access Key"):
        cloud_client.new_client("az", "container")
    monkeypatch.setenv(AZURE, "a2V5")
    assert cloud_client.new_client("az", "container")


def test_the_key_of_google_may_be_in_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its library reads the file that the chart names by itself."""
    (folder / "key.json").write_text("not JSON")
    monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(folder / "key.json"))
    with pytest.raises(ConfigError, match=r"gs://bucket: .*"):
        cloud_client.new_client("gs", "bucket")
