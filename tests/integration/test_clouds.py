"""Experiments and failures in the buckets of Google's and Microsoft's clouds, as emulated."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from job.errors import ConfigError, TemporaryError, UsageError
from job.export.target import all_or_nothing, open_target
from job.storage import Store, open_store
from job.storage.local import LocalStore
from tests.clouds.emulators import new_container
from tests.conftest import FinishedState
from tests.outputs import is_output

pytestmark = pytest.mark.clouds

DATA = bytes(range(256)) * 4000


@pytest.fixture
def faulty_store(faulty_azure: Any, azurite: str, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store behind the proxy, which holds the object `a`; a request is tried three times."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    store = open_store(f"az://{new_container(azurite)}/p")
    store.write("a", DATA)
    faulty_azure.num_requests = 0
    return store


@pytest.fixture(params=["gs_url", "az_url"])
def cloud_url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store in each cloud."""
    url: str = request.getfixturevalue(request.param)
    return url


@pytest.fixture
def two_rounds(tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with an experiment; the cache of what is read from buckets is empty."""
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("rounds: 3", "rounds: 2"))
    return path


def test_an_experiment_in_a_cloud_ends_with_the_same_bytes(
    cloud_url: str, al_job: Callable[..., Any], two_rounds: Path, finished_state: FinishedState
) -> None:
    """Picks, costs, models and metrics do not depend on where the state is kept."""
    ended = al_job("run", two_rounds, "--store", cloud_url)
    assert ended.code == 0, ended.err
    local, remote = LocalStore(finished_state(two_rounds.read_text())), open_store(cloud_url)
    keys = [key for key in local.list("") if is_output(key) or key.startswith("datasets/")]
    assert len(keys) > 25
    assert [key for key in keys if remote.read(key) != local.read(key)] == []


def test_an_export_goes_to_a_cloud(cloud_url: str) -> None:
    """As to any empty place, and only to an empty one."""
    with all_or_nothing(open_target(cloud_url)) as files:
        files.write("labels/a.txt", b"content")
    assert open_store(cloud_url).read("labels/a.txt") == b"content"
    with pytest.raises(UsageError, match="holds labels"):
        open_target(cloud_url)


def test_doctor_examines_a_cloud(
    cloud_url: str, al_job: Callable[..., Any], free_gib: Callable[[float], None]
) -> None:
    """All checks pass, and both honour conditional writes."""
    free_gib(100)
    ended = al_job("doctor", "--store", cloud_url)
    assert ended.code == 0, ended.out
    assert "conditional write: honoured" in ended.out


def test_a_bucket_that_is_not_there_is_told(cloud_url: str) -> None:
    """It is a setting that is wrong, and no missing object."""
    store = open_store(f"{cloud_url[:2]}://no-such-one/p")
    for use in (
        lambda: store.exists("a"),
        lambda: list(store.list("")),
        lambda: store.write("a", b""),
    ):
        with pytest.raises(ConfigError, match="there is no such"):
            use()


def test_a_wrong_key_is_told(az_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the variables that hold it, and the role that is needed."""
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "d3Jvbmc=")
    with pytest.raises(ConfigError, match=r"403 .*Blob Data Contributor.*AZURE_STORAGE_ACCOUNT_KE"):
        open_store(az_url).read("a")


@pytest.mark.parametrize("fault", [503, "lose", "cut", "reset"])
def test_what_breaks_off_is_asked_for_again(
    faulty_azure: Any, faulty_store: Store, tmp_path: Path, fault: int | str
) -> None:
    """A whole object comes in the end, in memory and in a file."""
    faulty_azure.faults = iter([fault])
    assert faulty_store.read("a") == DATA
    faulty_azure.faults = iter([fault])
    digest = faulty_store.download("a", tmp_path / "a")
    assert digest == hashlib.sha256(DATA).hexdigest()
    assert faulty_azure.num_requests > 2


def test_a_server_that_stays_away_is_temporary(faulty_azure: Any, faulty_store: Store) -> None:
    """After as many attempts as are allowed."""
    faulty_azure.faults = iter([503] * 10)
    with pytest.raises(TemporaryError, match="the server answered 503"):
        faulty_store.read("a")
    assert faulty_azure.num_requests == 3


def test_a_write_whose_answer_is_lost_is_not_claimed(
    faulty_azure: Any, faulty_store: Store
) -> None:
    """The second attempt finds the object, and cannot know that it is its own."""
    faulty_azure.faults = iter(["lose"])
    assert not faulty_store.write("b", b"x", if_absent=True)
    assert faulty_store.read("b") == b"x"
