"""What `status` says of a release whose driver cannot say it itself."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from job.errors import TemporaryError
from job.launch.kubernetes.control import STATUS_KEY, read_status
from job.launch.kubernetes.troubles import troubles
from job.progress import Driver, Phase, Status, dump_status
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double import transport as faults
from tests.unit.launch.kubernetes.double.scenarios import (
    Answer,
    Exit,
    ImageError,
    Running,
    Unschedulable,
)


def add_job(release: Release, component: str, answer: Answer) -> None:
    """Add a Job of the chart whose pod ends so, or waits so."""
    labels = {"al-voc/release": "al-voc", "app.kubernetes.io/component": component}
    container = {"name": component, "terminationMessagePolicy": "FallbackToLogsOnError"}
    pod = {"containers": [container | {"image": "al-job:1"}], "restartPolicy": "Never"}
    template = {"metadata": {"labels": labels}, "spec": pod}
    spec = {"template": template, "backoffLimit": 0}
    metadata = {"name": f"al-voc-{component}-1", "labels": labels}
    release.cluster.create_job({"metadata": metadata, "spec": spec})
    before = release.behaviour

    def behave(attempt: Any) -> Answer | None:
        is_its = attempt.job["metadata"]["name"] == f"al-voc-{component}-1"
        return answer if is_its else before(attempt)

    release.behaviour = behave
    release.double.tick(2)


def publish(release: Release, phase: Phase, age: timedelta) -> None:
    driver = Driver(phase=phase, message="m", updated=datetime.now(UTC) - age, release="al-voc")
    status = Status(experiment="tiny", driver=driver, rounds=[])
    release.cluster.write_config_map("al-voc-status", {STATUS_KEY: dump_status(status).decode()})


def message(release: Release) -> str:
    driver = read_status(release.cluster, "al-voc").driver
    assert driver is not None
    return driver.message


@pytest.mark.parametrize(
    ("component", "answer", "said"),
    [
        ("driver", ImageError(), "Job al-voc-driver-1: image: ImagePullBackOff: Back-off pulling"),
        (
            "driver",
            Unschedulable("no room"),
            "Job al-voc-driver-1: pending: Unschedulable: no room",
        ),
        ("driver", Exit(1, log="no\n"), "Job al-voc-driver-1 failed: no (exit code 1) (Backoff"),
        (
            "ingest",
            Unschedulable("no room"),
            "Job al-voc-ingest-1: pending: Unschedulable: no room",
        ),
        ("ingest", Exit(65, log="al-job: bad\n"), "Job al-voc-ingest-1 failed: bad (exit code 65)"),
    ],
)
def test_what_keeps_a_job_of_the_chart_from_running(
    release: Release, component: str, answer: Answer, said: str
) -> None:
    """Its image, its node or its end, in the cluster's words; one that runs has no trouble."""
    add_job(release, component, answer)
    other = "ingest" if component == "driver" else "driver"
    add_job(release, other, Running())
    [line] = troubles(release.cluster, "al-voc")
    assert line.startswith(said)


def test_why_kueue_keeps_the_driver_waiting(release: Release) -> None:
    """Its namespace may put every Job into a queue, whose words are in the Workload alone."""
    add_job(release, "driver", Running())
    release.double.job("al-voc-driver-1")["spec"]["suspend"] = True
    words = "couldn't assign flavors to pod set main: insufficient quota for cpu"
    condition = {"type": "QuotaReserved", "status": "False", "message": words}
    release.double.add_workload("al-voc-driver-1", condition)
    assert troubles(release.cluster, "al-voc") == [f"Job al-voc-driver-1: queued: {words}"]


def test_what_keeps_the_store_from_running(release: Release) -> None:
    """The driver waits for the store, and does not see its pod."""
    labels = {"al-voc/release": "al-voc", "app.kubernetes.io/component": "store"}
    waiting = {"reason": "ErrImagePull", "message": "no such host"}
    status = {"phase": "Pending", "containerStatuses": [{"name": "store", "state": {}}]}
    status["containerStatuses"][0]["state"] = {"waiting": waiting}  # type: ignore[index]
    pod = {"metadata": {"name": "al-voc-store-1", "labels": labels}, "status": status}
    release.double.world.add("pods", pod)
    assert troubles(release.cluster, "al-voc") == [
        "pod al-voc-store-1: image: ErrImagePull: no such host"
    ]


def test_a_driver_that_never_started_is_told(release: Release) -> None:
    """Before any status, the reason is there at once; without one, where to look is."""
    with pytest.raises(TemporaryError, match="see `kubectl get jobs,pods -l al-voc/release=al-voc"):
        read_status(release.cluster, "al-voc")
    add_job(release, "driver", ImageError())
    with pytest.raises(TemporaryError, match="a status yet: Job al-voc-driver-1: image: Image"):
        read_status(release.cluster, "al-voc")


def test_a_driver_that_is_not_heard_of_is_looked_at(release: Release) -> None:
    """Its last message stays; a driver that beats or has ended is not asked about."""
    add_job(release, "driver", Exit(137, reason="OOMKilled"))
    publish(release, "running", timedelta(minutes=2))
    assert message(release).startswith("m; Job al-voc-driver-1 failed: OOMKilled (exit code 137)")
    num_requests = len(release.double.requests)
    for phase, age in (("running", timedelta()), ("finished", timedelta(days=1))):
        publish(release, phase, age)  # type: ignore[arg-type]
        assert message(release) == "m"
    assert len(release.double.requests) == num_requests + 4


def test_who_may_not_look_still_gets_the_status(release: Release) -> None:
    """The right to read a ConfigMap is enough for what the driver has published."""
    add_job(release, "driver", ImageError())
    publish(release, "running", timedelta(minutes=2))
    release.double.plan = lambda each: faults.Fault(403) if each.path.endswith("/jobs") else None
    assert message(release) == "m"
