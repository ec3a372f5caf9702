"""Exports into a bucket on another server than the store's, with keys of their own."""

from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import AlJob

pytestmark = pytest.mark.integration


@pytest.fixture
def labels(tiny: str, tmp_path: Path, al_job: AlJob) -> tuple[object, ...]:
    """The command that exports the six labelled images of a round 0 in a local store."""
    (tmp_path / "tiny.yaml").write_text(tiny)
    at = ("--store", tmp_path / "state")
    al_job("init", tmp_path / "tiny.yaml", *at)
    for stage in ("select", "annotate"):
        assert al_job(stage, "--round", 0, *at).code == 0
    return ("export", "labels", "--format", "yolo", *at)


@pytest.fixture
def theirs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, str]:
    """The option of a profile with the test servers' keys."""
    path = tmp_path / "their-credentials"
    path.write_text("[theirs]\naws_access_key_id=test-key\naws_secret_access_key=test-secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    return ("--out-profile", "theirs")


def keys_in(server: Any, bucket: str) -> list[str]:
    """The keys of all objects of a bucket."""
    pages = server.client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    return [entry["Key"] for page in pages for entry in page.get("Contents", ())]


def test_a_bucket_holds_what_a_folder_would(
    moto: Any, labels: tuple[object, ...], theirs: tuple[str, str], tmp_path: Path, al_job: AlJob
) -> None:
    """Below the prefix, byte for byte; a second export there is refused."""
    assert al_job(*labels, "--out", tmp_path / "out").code == 0
    bucket = moto.new_bucket()
    place = ("--out", f"s3://{bucket}/a/b", "--out-endpoint", moto.endpoint, *theirs)
    ended = al_job(*labels, *place)
    assert ended.code == 0, ended.err
    paths = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    names = {f"a/b/{path.relative_to(tmp_path / 'out')}": path.read_bytes() for path in paths}
    assert sorted(keys_in(moto, bucket)) == sorted(names)
    for key, data in names.items():
        assert moto.client.get_object(Bucket=bucket, Key=key)["Body"].read() == data
    ended = al_job(*labels, *place)
    assert ended.code == 64
    assert "holds data.yaml; name an empty or a new place" in ended.error


def test_a_bucket_that_fails_in_the_middle_is_left_empty(
    faulty: Any,
    moto: Any,
    labels: tuple[object, ...],
    al_job: AlJob,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What was written is removed as soon as the server answers again."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    bucket, faulty.num_requests = moto.new_bucket(), 0
    faulty.faults = chain(repeat("pass", 6), [503], repeat("pass"))
    ended = al_job(*labels, "--out", f"s3://{bucket}")
    assert ended.code == 75
    assert faulty.num_requests > 10
    assert keys_in(moto, bucket) == []


def test_wrong_options_are_named(labels: tuple[object, ...], al_job: AlJob) -> None:
    """By the option that gave them, and not by a variable of the store."""
    for option, value in (("--out-endpoint", "no url"), ("--out-profile", "nobody")):
        ended = al_job(*labels, "--out", "s3://bucket", option, value)
        assert ended.code == 78
        assert option in ended.error
