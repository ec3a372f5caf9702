"""The logs of stages' pods reach the store, and no log is worth a run."""

import pytest

from job.errors import ConfigError, TemporaryError
from job.launch.kubernetes import log_end
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double.scenarios import Answer, Attempt, Exit


def _killed(release: Release, count: int, log: str) -> None:
    """Let the first pods be killed with something in their logs."""

    def behave(attempt: Attempt) -> Answer | None:
        return Exit(137, log=log) if attempt.failures < count and "select" in attempt.pod else None

    release.behaviour = behave


def _kept(release: Release) -> list[bytes]:
    """Return the logs of `select` that are in the store."""
    folder = release.ref("select").log("").rpartition("/")[0]
    return [release.store.read(key) for key in release.store.list(folder)]


class Flaky:
    """A method that fails the first times it is asked about a log."""

    def __init__(self, method: object, errors: list[Exception]) -> None:
        self.method, self.errors = method, errors

    def __call__(self, key: str, *rest: object) -> object:
        """Do what the method does, unless an error is left."""
        if "/logs/" in key and self.errors:
            raise self.errors.pop(0)
        return self.method(key, *rest)  # type: ignore[operator]


@pytest.mark.parametrize("method", ["exists", "write"])
def test_a_store_that_is_away_for_a_moment_costs_no_log(
    release: Release, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """The next look copies it, so that all three of the killed pods are in the store."""
    _killed(release, 3, "Killed\n")
    flaky = Flaky(getattr(release.store, method), [TemporaryError("the store is away")] * 2)
    monkeypatch.setattr(release.store, method, flaky)
    assert release.run() == 4
    assert _kept(release) == [b"Killed\n"] * 3


def test_the_log_of_a_stage_s_last_pod_is_waited_for(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stage that failed is looked at again until its log is safe, and then the run ends."""
    release.behaviour = lambda _: Exit(78, log="al-job: no such setting\n")
    flaky = Flaky(release.store.write, [TemporaryError("the store is away")])
    monkeypatch.setattr(release.store, "write", flaky)
    with pytest.raises(ConfigError, match="no such setting"):
        release.run()
    assert _kept(release) == [b"al-job: no such setting\n"]


def test_a_store_that_refuses_logs_ends_no_run(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A policy of the bucket may forbid them: each is asked for once, and given up."""
    _killed(release, 1, "Killed\n")
    refused: list[Exception] = [ConfigError("the server answered 403")] * 9
    monkeypatch.setattr(release.store, "write", Flaky(release.store.write, refused))
    assert release.run() == 4
    assert len(refused) == 8
    assert _kept(release) == []


def test_a_store_that_stays_away_from_logs_ends_no_run(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three looks are enough for a log, and none of them counts as an outage."""
    _killed(release, 1, "Killed\n")
    away: list[Exception] = [TemporaryError("the store is away")] * 99
    monkeypatch.setattr(release.store, "exists", Flaky(release.store.exists, away))
    assert release.run() == 4
    assert _kept(release) == []
    assert not any(
        each.state == "unknown" for states in release.published for each in states.values()
    )


def test_a_log_ends_with_its_traceback(release: Release, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long log the end is kept, from the beginning of a line on."""
    monkeypatch.setattr(log_end, "MAX_LOG_BYTES", 40)
    _killed(release, 1, "step 1\n" * 30 + "Traceback\nCUDA error: out of memory\n")
    release.run()
    assert _kept(release) == [b"Traceback\nCUDA error: out of memory\n"]


def test_the_node_is_asked_for_the_last_lines_only(release: Release) -> None:
    """A log of gigabytes does not go through the driver."""
    _killed(release, 1, "Killed\n")
    release.run()
    asked = [each.query for each in release.double.requests if each.path.endswith("/log")]
    assert {each["tailLines"] for each in asked} == {"100000"}
