"""Operations on a release: cancel, resume, read the status and the logs."""

import time

import pytest

from job.errors import ConfigError, TemporaryError, UsageError
from job.launch.kubernetes import control, logs
from job.progress import Driver, RoundStatus, StageStatus, Status, dump_status
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double.scenarios import Running

DRIVER = "al-voc-driver-12345678"


@pytest.fixture
def running(release: Release, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A release whose driver and first stage run."""
    monkeypatch.setattr(time, "sleep", lambda _: release.double.tick())
    release.behaviour = lambda _: Running(log="working\n")
    labels = {"al-voc/release": "al-voc", "app.kubernetes.io/component": "driver"}
    pod = {"containers": [{"name": "driver", "image": "x"}], "restartPolicy": "Never"}
    template = {"metadata": {"labels": labels}, "spec": pod}
    release.cluster.create_job(
        {"metadata": {"name": DRIVER, "labels": labels}, "spec": {"template": template}}
    )
    launcher = release.launcher()
    launcher.start(release.ref("select"))
    for _ in range(3):
        launcher._look()  # noqa: SLF001
    return release


def tell(release: Release, phase: str) -> None:
    driver = Driver.model_validate(
        {"phase": phase, "updated": "2026-01-01T00:00:00Z", "release": "al-voc"}
    )
    stages = {
        "select": StageStatus(state="done", seconds=1.0),
        "annotate": StageStatus(state="running"),
    }
    rounds = [RoundStatus(seed=0, arm="random", round=0, stages=stages)]
    status = Status(experiment="tiny", driver=driver, rounds=rounds)
    text = dump_status(status).decode()
    release.cluster.write_config_map("al-voc-status", {control.STATUS_KEY: text})


def test_cancelling_stops_the_driver_and_then_its_stages(running: Release) -> None:
    """The driver's Job is suspended, not deleted; the stages' Jobs go with their pods."""
    tell(running, "running")
    deleted = ["al-voc-tiny-s0-r0-select-1"]
    assert control.cancel(running.cluster, "al-voc") == (True, deleted)
    running.double.tick()
    assert list(running.double.world.jobs) == [DRIVER]
    assert running.double.job(DRIVER)["spec"]["suspend"]
    assert running.double.world.pods == {}
    assert running.double.orphaned == []
    status = control.read_status(running.cluster, "al-voc")
    assert status.driver is not None
    assert status.driver.phase == "cancelled"
    assert list(status.rounds[0].stages) == ["select"]


def test_a_cancelled_release_can_be_resumed(running: Release) -> None:
    """Its driver is not suspended any more."""
    control.cancel(running.cluster, "al-voc")
    control.resume(running.cluster, "al-voc")
    assert not running.double.job(DRIVER)["spec"]["suspend"]


def test_a_driver_in_a_queue_is_stopped_by_its_workload(running: Release) -> None:
    """Kueue would resume a Job that is merely suspended, and does so when it may again."""
    running.double.add_workload(DRIVER)
    [workload] = running.double.world.workloads.values()
    control.cancel(running.cluster, "al-voc")
    assert workload["spec"] == {"active": False}
    control.resume(running.cluster, "al-voc")
    assert workload["spec"] == {"active": True}
    assert running.double.job(DRIVER)["spec"]["suspend"], "this is for Kueue to change"


def test_a_driver_that_something_resumes_is_not_said_to_be_cancelled(
    running: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Kueue does, if whoever cancels may not see Workloads: the stages would run once more."""
    monkeypatch.setattr(type(running.cluster), "suspend_job", lambda *_, **__: None)
    monkeypatch.setattr(control, "_wait_until_ended", lambda *_: None)
    with pytest.raises(ConfigError, match="you need the rights list and patch on workloads"):
        control.cancel(running.cluster, "al-voc")
    assert "al-voc-tiny-s0-r0-select-1" in running.double.world.jobs


def test_a_driver_that_does_not_end_keeps_its_stages(
    running: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It could create the deleted Jobs again."""
    monkeypatch.setattr(control, "SECONDS_TO_STOP", -1.0)
    with pytest.raises(TemporaryError, match="its stages were not stopped"):
        control.cancel(running.cluster, "al-voc")
    assert "al-voc-tiny-s0-r0-select-1" in running.double.world.jobs


def test_with_force_a_driver_that_does_not_end_is_not_waited_for(
    running: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If its node is lost, its pod never ends, and the stages would hold their GPUs."""
    monkeypatch.setattr(control, "SECONDS_TO_STOP", -1.0)
    monkeypatch.setattr(running.double.controller, "tick", lambda: None)  # the node is lost
    deleted = ["al-voc-tiny-s0-r0-select-1"]
    assert control.cancel(running.cluster, "al-voc", force=True) == (True, deleted)
    assert list(running.double.world.jobs) == [DRIVER]
    assert running.double.job(DRIVER)["spec"]["suspend"]


def test_a_driver_that_has_ended_cannot_be_resumed(running: Release) -> None:
    """The message says how to start another driver."""
    running.behaviour = lambda _: 65
    running.double.tick(30)
    assert control.cancel(running.cluster, "al-voc")[0] is False
    with pytest.raises(UsageError, match="the driver of al-voc has ended"):
        control.resume(running.cluster, "al-voc")


def test_another_release_is_left_alone(running: Release) -> None:
    """A wrong name is an error that names the options."""
    with pytest.raises(UsageError, match="namespace default has no driver of a release other"):
        control.cancel(running.cluster, "other")
    with pytest.raises(UsageError, match="no ConfigMap other-status"):
        control.read_status(running.cluster, "other")
    with pytest.raises(TemporaryError, match="has not published a status yet"):
        control.read_status(running.cluster, "al-voc")


def test_logs_of_pods_are_read(running: Release) -> None:
    """The labels choose the stages, as long as their pods exist."""
    chosen = {"stage": "select", "round": "0"}
    [(name, text)] = logs.pod_logs(running.cluster, "al-voc", chosen)
    assert name.startswith("al-voc-tiny-s0-r0-select-1-")
    assert text == b"working\n"
    assert list(logs.pod_logs(running.cluster, "al-voc", {"stage": "train"})) == []


@pytest.mark.parametrize("text", ['{"experiment": "tiny", "rounds": []}', "{"])
def test_a_driver_whose_status_cannot_be_read_is_cancelled(running: Release, text: str) -> None:
    """Of another version, or damaged: its stages stop, and the status stays as it is."""
    running.cluster.write_config_map("al-voc-status", {control.STATUS_KEY: text})
    deleted = ["al-voc-tiny-s0-r0-select-1"]
    assert control.cancel(running.cluster, "al-voc") == (True, deleted)
    content = running.cluster.config_map("al-voc-status")
    assert content is not None
    assert content["data"] == {control.STATUS_KEY: text}
