"""Events at the driver's Job, which whoever looks at the cluster sees."""

from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from job.artifacts.usage import Usage
from job.keys import RoundRef
from job.launch.kubernetes.events import EventRecorder
from job.launch.observer import JobEnd
from job.progress import StageStatus
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double.transport import Fault

NAME = "al-voc-tiny-s0-random-r1-train-1"
TRAIN = RoundRef("tiny", 0, "random", 1).stage("train")


@pytest.fixture
def recorder(release: Release) -> EventRecorder:
    """A recorder of a driver whose Job is there."""
    spec: dict[str, Any] = {"suspend": True, "template": {"spec": {"containers": []}}}
    release.double.world.add(
        "jobs", {"metadata": {"name": "al-voc-driver-1", "labels": {}}, "spec": spec, "status": {}}
    )
    return EventRecorder(release.cluster, "al-voc-driver-1-x7zkq")


def recorded(release: Release) -> list[str]:
    return [
        f"{each['type']} {each['reason']}: {each['message']}"
        for each in release.double.world.events.values()
    ]


def ended(error: str = "") -> JobEnd:
    usage = Usage(1, 3.0, 61.0, 61.0, 0.0, 2, 1)
    return JobEnd(TRAIN, NAME, 1, datetime.now(UTC), (), usage, error)


def test_a_stage_is_told_from_its_queue_to_its_end(
    release: Release, recorder: EventRecorder
) -> None:
    """Once each, however often somebody looks."""
    for state in ("pending", "queued", "queued", "running", "running"):
        recorder.looked({TRAIN: StageStatus(state=state, reason="why" * (state == "queued"))})
    recorder.job_ended(ended())
    assert recorded(release) == [
        "Normal StageQueued: seed 0 arm random round 1 train: why",
        "Normal StageStarted: seed 0 arm random round 1 train: running",
        f"Normal StageDone: seed 0 arm random round 1 train: 61 s in 2 pods (Job {NAME})",
    ]


def test_what_goes_wrong_is_a_warning(release: Release, recorder: EventRecorder) -> None:
    """With the stage's own words, as far as an event has room for them."""
    recorder.job_ended(ended("train failed: " + "x" * 2000))
    recorder.phase_changed("running", "")
    recorder.phase_changed("failed", "train failed")
    first, second = recorded(release)
    assert first.startswith("Warning StageFailed: train failed: xxx")
    assert len(first.removeprefix("Warning StageFailed: ")) == 1024
    assert second == "Warning ExperimentFailed: train failed"


def test_events_are_the_driver_s_job_s(release: Release, recorder: EventRecorder) -> None:
    """`kubectl describe` finds them by its uid."""
    recorder.phase_changed("finished", "")
    [event] = release.double.world.events.values()
    job = release.double.job("al-voc-driver-1")
    assert event["involvedObject"] == {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "name": "al-voc-driver-1",
        "namespace": "default",
        "uid": job["metadata"]["uid"],
    }


def test_a_cluster_that_takes_no_events_holds_nothing_up(
    release: Release, recorder: EventRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the right to make events there are none, and after a while one is tried again."""
    release.double.plan = lambda request: Fault(403) if request.path.endswith("/events") else None
    with capture_logs() as logs:
        recorder.job_ended(ended())
        recorder.job_ended(ended())
    assert [each["event"] for each in logs] == ["events.off"]
    release.double.plan = lambda _: None
    recorder.job_ended(ended())
    assert recorded(release) == []
    monkeypatch.setattr("job.launch.kubernetes.events.time.monotonic", lambda: 1e12)
    recorder.job_ended(ended())
    assert len(recorded(release)) == 1


def test_without_a_job_of_its_own_a_driver_tells_none(release: Release) -> None:
    """One that somebody runs by hand in a pod, say."""
    with capture_logs() as logs:
        EventRecorder(release.cluster, "shell-0").phase_changed("finished", "")
    assert logs[0]["reason"] == "there is no Job shell"
