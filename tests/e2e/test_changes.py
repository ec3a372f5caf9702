"""What people do to a release that runs: upgrade it, cancel it, remove it."""

from collections import Counter

import pytest

from tests.e2e.cluster import Object
from tests.e2e.experiments import FAULTS
from tests.e2e.release import NewRelease, Release
from tests.e2e.results import LocalRun, each_once, steady

pytestmark = pytest.mark.e2e

CONFIGURATION = 78
OF_THE_SERVER = ("resourceVersion", "managedFields", "finalizers")
KINDS = "jobs,pods,configmaps,services,serviceaccounts,roles,rolebindings"


def state(release: Release) -> dict[str, Object]:
    """The objects of a release, without what changes while it runs.

    Of the stages, that is the training: the driver removes the Jobs of those that are done.
    """
    selector = f"al-voc/release={release.name},al-voc/stage notin (select,annotate)"
    objects = release.namespace.objects(KINDS, selector)
    return {f"{each['kind']}/{each['metadata']['name']}": _steady(each) for each in objects}


def _steady(each: Object) -> Object:
    metadata = {k: v for k, v in each["metadata"].items() if k not in OF_THE_SERVER}
    kept = {k: v for k, v in each.items() if k != "status"} | {"metadata": metadata}
    if metadata["name"].endswith("-status"):
        del kept["data"]
    return kept


def test_an_upgrade_interrupts_no_stage(new_release: NewRelease, local_run: LocalRun) -> None:
    """Objects and the driver's pod stay. With new values, another driver adopts what runs."""
    release = new_release()
    release.install()
    training = release.wait_checkpoint()
    before = state(release)
    release.upgrade()
    after = state(release)
    assert {name: after.get(name) for name in before} == before
    driver = release.wait_running("driver")
    release.upgrade({"launch": {"maxParallel": 3}})
    release.namespace.wait("another driver", lambda: release.wait_running("driver") != driver, 60)
    assert release.wait_running(stage="train", round="0") == training
    release.wait_finished()
    assert len(release.jobs("driver")) == 1
    assert release.runs() == each_once(release.config)
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))


def test_a_change_that_the_experiment_forbids_is_refused_and_loses_nothing(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """The log and the status name the setting. With the old value, the run continues."""
    release = new_release()
    release.install()
    release.wait_checkpoint()
    release.upgrade(experiment=FAULTS.replace("steps: 200", "steps: 201"))
    assert "train.steps: 200 -> 201" in release.wait_failed(seconds=60)
    assert "train.steps: 200 -> 201" in release.al_job("status")
    code, line = release.namespace.wait("the driver ended", lambda: _exit(release), 30)
    assert code == CONFIGURATION
    assert line.startswith("al-job: experiment 'faults' began with another configuration")
    release.upgrade()
    release.wait_finished(after_failure=True)
    assert release.runs() == each_once(release.config)
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))


def _exit(release: Release) -> tuple[int, str] | None:
    pods = release.pods("driver")
    return release.driver_exit() if [p["status"]["phase"] for p in pods] == ["Failed"] else None


def test_a_cancelled_release_stops_and_goes_on_when_resumed(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """No pod runs. Afterwards the training resumes from its checkpoint."""
    release = new_release()
    release.install()
    release.wait_checkpoint()
    assert "s0-r0-train-1" in release.al_job("cancel")
    release.namespace.wait("no stage runs", lambda: not _alive(release, "stage"), 60)
    assert not _alive(release, "driver")
    [job] = release.jobs("driver")
    assert job["spec"]["suspend"]
    status = release.status()
    assert status
    assert status.driver
    assert status.driver.phase == "cancelled"
    release.al_job("resume")
    release.wait_finished()
    [step] = release.resumed_at()
    assert step >= 10
    assert release.runs() - Counter(["s0-r0-train"]) == each_once(release.config)
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))


def _alive(release: Release, component: str) -> list[str]:
    return [
        pod["metadata"]["name"]
        for pod in release.pods(component)
        if pod["status"]["phase"] in {"Pending", "Running"}
    ]


def test_a_release_that_is_removed_in_the_middle_leaves_nothing(new_release: NewRelease) -> None:
    """No object is left in the namespace, and the results stay in the bucket."""
    release = new_release()
    before = release.namespace.names()
    release.install()
    release.wait_checkpoint()
    done = {key for key in release.bucket.contents() if key.endswith("done.json")}
    assert done
    release.uninstall()
    release.namespace.wait("all is gone", lambda: release.namespace.names() == before, 90)
    assert done <= release.bucket.contents().keys()
