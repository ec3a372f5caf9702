"""One look at a release: how many requests it takes, and what it keeps."""

import pytest

from job.config.schema import Config
from job.errors import ConfigError
from job.keys import RoundRef
from job.launch.kubernetes import warnings
from job.launch.kubernetes.job_spec import stage_labels
from job.launch.kubernetes.look import Look
from job.whole import WholeRef
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double import scenarios
from tests.unit.launch.kubernetes.double import transport as faults
from tests.unit.launch.kubernetes.double.scenarios import MountFailure, Running

NUM_SEEDS = 40


@pytest.fixture
def wide(release: Release, settings: Config) -> Release:
    """A release with many seeds, whose stages may all run at a time."""
    release.config = settings.model_copy(update={"seeds": tuple(range(NUM_SEEDS))})
    release.launch = release.launch.model_copy(update={"max_parallel": NUM_SEEDS})
    return release


def _requests_of_a_look(release: Release, num_stages: int) -> list[str]:
    launcher = release.launcher()
    for seed in range(num_stages):
        launcher.start(RoundRef(release.config.experiment, seed, None, 0).stage("select"))
    for _ in range(3):  # creates the Jobs; sees them; sees their pods
        launcher._look()  # noqa: SLF001
    before = len(release.double.requests)
    launcher._look()  # noqa: SLF001
    return [each.path.rpartition("/")[2] for each in release.double.requests[before:]]


@pytest.mark.parametrize("num_stages", [1, NUM_SEEDS])
def test_a_look_is_two_requests(wide: Release, num_stages: int) -> None:
    """Jobs and pods are listed once for the whole release, however many stages run."""
    wide.behaviour = lambda _: Running()
    assert _requests_of_a_look(wide, num_stages) == ["jobs", "pods"]


def test_events_of_all_stages_are_one_more_request(
    wide: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that asks why nothing happens lists the warnings of the namespace, and once."""
    monkeypatch.setattr(warnings, "SECONDS_BETWEEN_READS", 60.0)
    wide.behaviour = lambda _: MountFailure()
    launcher = wide.launcher()
    for seed in range(NUM_SEEDS):
        launcher.start(RoundRef(wide.config.experiment, seed, None, 0).stage("select"))
    for _ in range(4):
        launcher._look()  # noqa: SLF001
    paths = [each.path.rpartition("/")[2] for each in wide.double.requests]
    assert paths.count("events") == 1


def test_a_stage_that_moves_is_not_asked_about(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pod that starts within seconds has nothing to explain: no event is read."""
    monkeypatch.setattr("job.launch.kubernetes.started.SECONDS_UNTIL_STILL", 60.0)
    assert release.run() == 4
    assert not any(each.path.endswith("/events") for each in release.double.requests)


def test_a_look_holds_no_templates(release: Release) -> None:
    """Of a Job and its pods it keeps what the driver reads: the rest is most of their bytes."""
    release.behaviour = lambda _: Running()
    launcher = release.launcher()
    ref = release.ref("select")
    launcher.start(ref)
    for _ in range(3):
        launcher._look()  # noqa: SLF001
    look = Look.at(release.cluster, release.launch, [ref])
    [job], [pod] = look.jobs(ref), look.pods(ref)
    assert "template" not in job["spec"]
    assert pod["spec"] == {}
    assert look.pods(ref, job) == [pod]
    assert look.jobs(release.ref("train")) == look.pods(release.ref("train")) == []


def test_jobs_of_a_stage_that_is_done_are_removed(release: Release) -> None:
    """They and their pods are listed at each look, and count towards quotas."""
    release.behaviour = lambda attempt: 75 if not attempt.failures else None
    assert release.run() == 4
    release.double.tick()
    assert release.double.world.jobs == release.double.world.pods == {}
    assert release.double.orphaned == []


def test_a_job_that_failed_stays(release: Release) -> None:
    """Somebody may want to look at it."""
    release.behaviour = lambda _: scenarios.OOM_KILLED
    with pytest.raises(Exception, match="OOMKilled"):
        release.run()
    assert len(release.double.world.jobs) == 1


def test_a_job_that_cannot_be_removed_holds_nothing_up(release: Release) -> None:
    """Its time to live ends it later."""
    release.double.plan = lambda each: faults.Fault(403) if each.verb == "DELETE" else None
    assert release.run() == 4
    assert len(release.double.world.jobs) == 4


def test_a_release_that_may_not_list_pods_ends(
    release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All stages wait for as long as an outage may last, and the words are the cluster's."""
    monkeypatch.setattr("job.launch.kubernetes.started.SECONDS_OF_OUTAGE", 0.0)
    release.double.plan = lambda each: faults.Fault(403) if each.path.endswith("/pods") else None
    with pytest.raises(ConfigError, match="cannot list it"):
        release.run()


def test_a_pod_of_a_workflow_is_of_no_job(release: Release) -> None:
    """A report that Argo writes has the labels of the driver's, and no Job."""
    ref = WholeRef.report(release.config.experiment, "0" * 64)
    labels = stage_labels(release.launch, ref)
    metadata = {"name": "workflow-report", "labels": labels, "ownerReferences": []}
    pod = {"metadata": metadata, "spec": {"containers": []}, "status": {"phase": "Succeeded"}}
    release.double.world.add("pods", pod)
    look = Look.at(release.cluster, release.launch, [ref])
    assert len(look.pods(ref)) == 1
    assert look.pods(ref, {"metadata": {"name": "al-voc-tiny-report-1"}}) == []
