"""The same experiment in a bucket: same bytes as in a directory, and clear ends when it fails."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from job.storage import open_store
from job.storage.local import LocalStore
from tests.conftest import FinishedState
from tests.outputs import is_output

pytestmark = pytest.mark.integration


@pytest.fixture
def two_rounds(tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """An experiment's configuration; the cache of what is read from buckets is empty."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))
    return tiny.replace("rounds: 3", "rounds: 2")


@pytest.mark.slow
def test_an_experiment_in_a_bucket_ends_with_the_same_bytes(
    s3_url: str, al_job: Callable[..., Any], two_rounds: str, finished_state: FinishedState,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Picks, costs, models and metrics do not depend on where the state is kept."""
    path = tmp_path / "tiny.yaml"
    path.write_text(two_rounds)
    ended = al_job("run", path, "--store", s3_url)
    assert ended.code == 0, ended.err
    local = LocalStore(finished_state(two_rounds))
    remote = open_store(s3_url)
    keys = [key for key in local.list("") if is_output(key) or key.endswith((".tar", ".parquet"))]
    assert len(keys) > 15
    assert [key for key in keys if remote.read(key) != local.read(key)] == []
    assert " s " in al_job("status", "--store", s3_url).out
    assert f"{s3_url}/experiments/tiny/results.csv" in ended.out


def test_a_server_that_is_down_ends_with_75(
    unused_endpoint: str,
    s3_environment: Callable[[str], Any],
    al_job: Callable[..., Any],
) -> None:
    """Temporary: the same command may work later."""
    delay = "botocore.retries.standard.ExponentialBackoff.delay_amount"
    s3_environment(unused_endpoint).setattr(delay, lambda *_: 0.001)
    ended = al_job("select", "--round", 0, "--store", "s3://bucket/prefix")
    assert ended.code == 75
    assert ended.err.startswith("al-job: ")
    assert unused_endpoint in ended.err


def test_a_bucket_that_is_not_there_ends_with_78(s3_url: str, al_job: Callable[..., Any]) -> None:
    """A wrong name does not get right by trying again."""
    assert s3_url
    ended = al_job("select", "--round", 0, "--store", "s3://no-such-bucket-here/prefix")
    assert ended.code == 78
    assert "no-such-bucket-here" in ended.err


def test_wrong_credentials_end_with_78(
    s3_url: str, al_job: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message says which variables to set."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong")
    ended = al_job("select", "--round", 0, "--store", s3_url)
    assert ended.code == 78
    assert "AWS_SECRET_ACCESS_KEY" in ended.err


def test_doctor_examines_a_bucket(
    moto_url: str, al_job: Callable[..., Any], free_gib: Callable[[float], None]
) -> None:
    """All checks pass on a server that honours conditional writes, and it says that it does."""
    free_gib(100)
    ended = al_job("doctor", "--store", moto_url)
    assert ended.code == 0, ended.out
    assert "ok   conditional write: honoured" in ended.out
