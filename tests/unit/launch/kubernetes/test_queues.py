"""Jobs that a queue keeps: in the wrong one, for a reason, or in another cluster."""

import pytest

from job.keys import STAGES, StageRef
from job.launch.kubernetes import started
from job.launch.kubernetes.launcher import KubernetesLauncher
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double import transport as faults
from tests.unit.launch.kubernetes.double.scenarios import Running

SELECT = f"al-voc-tiny-s0-r0-{STAGES[0]}-1"
QUEUE = "kueue.x-k8s.io/queue-name"
NO_SUCH_QUEUE = {
    "type": "QuotaReserved",
    "status": "False",
    "reason": "Inadmissible",
    "message": "LocalQueue typo-queue doesn't exist",
}


def _queued(release: Release, queue: str) -> tuple[KubernetesLauncher, StageRef]:
    """Start a stage as a driver whose values name a queue."""
    release.double.queueing = True
    release.launch = release.launch.model_copy(update={"queue_name": queue})
    launcher, ref = release.launcher(), release.ref("select")
    launcher.start(ref)
    return launcher, ref


def test_a_job_in_the_wrong_queue_is_replaced_by_an_upgrade(release: Release) -> None:
    """It is suspended and has no pod, so nothing is lost, and it would wait there for ever."""
    launcher, _ = _queued(release, "typo-queue")
    launcher._look()  # noqa: SLF001 - a driver that an upgrade replaces in the middle of `wait`
    launcher, _ = _queued(release, "right-queue")
    for _ in range(10):
        launcher._look()  # noqa: SLF001
    assert release.double.created == [SELECT] * 2
    assert release.double.job(SELECT)["metadata"]["labels"][QUEUE] == "right-queue"


def test_so_is_one_of_another_priority(release: Release) -> None:
    """The priority class of Kueue is a label, too, and no part of what runs."""
    launcher, _ = _queued(release, "gpus")
    launcher._look()  # noqa: SLF001
    urgent = {"kueue.x-k8s.io/priority-class": "urgent"}
    release.launch = release.launch.model_copy(deep=True)
    release.launch.templates["select"]["metadata"]["labels"] |= urgent
    launcher, ref = _queued(release, "gpus")
    launcher._look()  # noqa: SLF001
    reason = launcher._started[ref].state.reason  # noqa: SLF001
    assert "waits in gpus, this configuration names gpus, urgent: it had not started" in reason
    launcher._look()  # noqa: SLF001
    assert urgent.items() <= release.double.job(SELECT)["metadata"]["labels"].items()


def test_a_job_that_kueue_puts_into_its_default_queue_waits_there(release: Release) -> None:
    """A namespace may have a LocalQueue `default`, which gets every Job that names none."""
    launcher, ref = _queued(release, "")
    launcher._look()  # noqa: SLF001
    job = release.double.job(SELECT)
    job["metadata"]["labels"][QUEUE], job["spec"]["suspend"] = "default", True
    for _ in range(10):
        launcher._look()  # noqa: SLF001
    assert release.double.created == [SELECT]
    assert launcher._started[ref].state.phase == "queued"  # noqa: SLF001


def test_a_job_that_runs_stays_in_its_queue(release: Release) -> None:
    """An upgrade to another queue does not end it."""
    release.behaviour = lambda _: Running()
    launcher, _ = _queued(release, "old-queue")
    launcher._look()  # noqa: SLF001
    release.double.admit(SELECT)
    launcher, ref = _queued(release, "new-queue")
    for _ in range(3):
        launcher._look()  # noqa: SLF001
    assert release.double.created == [SELECT]
    assert launcher._started[ref].state.phase == "running"  # noqa: SLF001


def test_why_kueue_waits_is_told_by_its_workload(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No event says that a queue does not exist, only a condition does."""
    monkeypatch.setattr(started, "SECONDS_UNTIL_STILL", 0.0)
    launcher, ref = _queued(release, "typo-queue")
    launcher._look()  # noqa: SLF001
    release.double.add_workload(SELECT, NO_SUCH_QUEUE)
    launcher._look()  # noqa: SLF001
    assert launcher._started[ref].state.reason == "LocalQueue typo-queue doesn't exist"  # noqa: SLF001


@pytest.mark.parametrize("status", [403, 404])
def test_a_workload_that_may_not_be_seen_is_done_without(
    release: Release, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """A Role of an earlier chart does not allow it, and an old Kueue serves another version."""
    monkeypatch.setattr(started, "SECONDS_UNTIL_STILL", 0.0)
    hidden = faults.Fault(status)
    release.double.plan = lambda request: hidden if "/kueue" in request.path else None
    launcher, ref = _queued(release, "gpus")
    for _ in range(2):
        launcher._look()  # noqa: SLF001
    assert str(launcher._started[ref].state) == "queued: the Job is suspended"  # noqa: SLF001


def test_a_job_that_runs_in_another_cluster_runs(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MultiKueue mirrors its status, and its pods are there: an upgrade does not replace it."""
    launcher, _ = _queued(release, "gpus")
    launcher._look()  # noqa: SLF001
    release.double.admit(SELECT)
    monkeypatch.setattr(release.double.controller, "tick", lambda: None)
    release.double.job(SELECT)["status"] = {"active": 1, "ready": 1}
    template = release.launch.templates["select"]["spec"]["template"]["spec"]
    template["containers"][0]["image"] = "al-job:2"
    launcher, ref = _queued(release, "gpus")
    for _ in range(3):
        launcher._look()  # noqa: SLF001
    state = launcher._started[ref].state  # noqa: SLF001
    assert state.phase == "other spec"
    assert state.reason.endswith("it may run to its end first")
    assert release.double.deleted == {}
