"""Wrong settings: one line says what is wrong, nothing is retried in vain, and an upgrade helps."""

import re
import time

import pytest
import yaml

from tests.e2e.cluster import CommandError
from tests.e2e.experiments import SHORT
from tests.e2e.release import NewRelease, Release
from tests.e2e.results import LocalRun, each_once, steady

pytestmark = pytest.mark.e2e

DATA, CONFIGURATION = 65, 78
IMAGE_ERROR_SECONDS = 20
PENDING_SECONDS = 30


def assert_ended_with(release: Release, code: int, words: str, trainings: int) -> None:
    """The one driver ended with a code and said why in its last line; so does the status."""
    release.namespace.wait("the driver's Job has failed", lambda: _has_failed(release), 30)
    exit_code, line = release.driver_exit()
    assert exit_code == code
    assert line.startswith("al-job: seed 0 round 0 train")
    assert words in line
    assert words in release.al_job("status")
    [job] = release.jobs("driver")
    conditions = {each["type"]: each["reason"] for each in job["status"]["conditions"]}
    assert conditions["Failed"] == "PodFailurePolicy"
    runs = release.runs()
    assert runs.pop("s0-r0-train", 0) == trainings
    assert set(runs.values()) == {1}  # that need no training


@pytest.mark.parametrize(
    ("setting", "code", "words"),
    [
        ("learning_rate: 1.0e+12", DATA, "lower train.learning_rate"),
        ("precision: bfloat16", CONFIGURATION, "bfloat16 is for GPUs"),
    ],
)
def test_a_permanent_error_is_not_retried(
    new_release: NewRelease, setting: str, code: int, words: str
) -> None:
    """There is one pod of four allowed, and the driver ends with the stage's code."""
    experiment = SHORT.replace("learning_rate: 0.001", setting).replace("steps: 4", "steps: 50")
    release = new_release(experiment=experiment)
    release.install()
    release.wait_failed()
    assert_ended_with(release, code, words, trainings=1)


def _has_failed(release: Release) -> bool:
    conditions = release.jobs("driver")[0]["status"].get("conditions", [])
    return any(each["type"] == "Failed" for each in conditions)


def test_too_little_memory_is_named(new_release: NewRelease) -> None:
    """A stage that is OOM-killed is retried as often as allowed. Then the driver says why."""
    limits = {"requests": {"cpu": "200m", "memory": "64Mi"}, "limits": {"memory": "64Mi"}}
    stages = {"train": {"resources": limits, "sharedMemory": "16Mi"}}
    release = new_release(experiment=SHORT, stages=stages, launch={"backoffLimit": 1})
    release.install()
    assert "OOMKilled" in release.wait_failed()
    assert_ended_with(release, DATA, "OOMKilled", trainings=2)


def test_an_image_that_is_not_there_is_said_and_ends_the_run(new_release: NewRelease) -> None:
    """The status says why within a minute, and after `imageErrorSeconds` the run ends."""
    release = new_release(experiment=SHORT, launch={"imageErrorSeconds": IMAGE_ERROR_SECONDS})
    release.namespace.apply(with_other_image(release, "train", "al-job:no-such-tag"))
    pod = release.namespace.wait("a training", lambda: release.pods(stage="train"), 90)
    begun = time.monotonic()
    assert "al-job:no-such-tag" in release.wait_said("image: ")
    assert pod
    reason = release.wait_failed(seconds=IMAGE_ERROR_SECONDS + 60)
    assert time.monotonic() - begun >= IMAGE_ERROR_SECONDS - 5
    assert "the container image cannot be pulled" in reason
    assert_ended_with(release, CONFIGURATION, "al-job:no-such-tag", trainings=0)
    release.namespace.wait("its Job is gone", lambda: not release.pods(stage="train"), 60)
    assert not any("train" in job["metadata"]["name"] for job in release.jobs("stage"))


def with_other_image(release: Release, stage: str, image: str) -> str:
    """Return the release's objects, with another container image for one stage."""
    objects = [each for each in yaml.safe_load_all(release.render()) if each]
    for each in objects:
        if text := each.get("data", {}).get("launch.yaml"):
            launch = yaml.safe_load(text)
            launch["templates"][stage]["spec"]["template"]["spec"]["containers"][0]["image"] = image
            each["data"]["launch.yaml"] = yaml.safe_dump(launch)
    return yaml.safe_dump_all(each for each in objects if each["kind"] != "Pod")


def test_a_request_for_too_many_gpus_is_corrected_by_an_upgrade(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """The status has the scheduler's words, and an upgrade replaces the Job."""
    release = new_release(experiment=SHORT, stages={"train": {"gpus": 64}})
    release.install()
    release.namespace.wait("a training", lambda: release.pods(stage="train"), 90)
    assert "Insufficient nvidia.com/gpu" in release.wait_said("Unschedulable")
    release.upgrade({"stages": {"train": {"gpus": 0}}})
    release.wait_finished()
    assert release.runs() == each_once(release.config)
    assert steady(release.bucket.contents()) == steady(local_run(SHORT))


def test_a_stage_that_no_node_takes_ends_the_run(new_release: NewRelease) -> None:
    """After `pendingSeconds`, with the scheduler's words, and its pod holds nothing any more."""
    launch = {"pendingSeconds": PENDING_SECONDS}
    release = new_release(experiment=SHORT, stages={"train": {"gpus": 64}}, launch=launch)
    release.install()
    assert "Insufficient nvidia.com/gpu" in release.wait_failed(seconds=PENDING_SECONDS + 120)
    assert_ended_with(release, CONFIGURATION, "launch.pendingSeconds", trainings=0)
    release.namespace.wait("its Job is gone", lambda: not release.pods(stage="train"), 60)


def test_a_driver_that_cannot_start_is_told(new_release: NewRelease) -> None:
    """It cannot say so itself: the status has its pod's words within a minute."""
    release = new_release(experiment=SHORT, driver={"nodeSelector": {"no": "such-node"}})
    release.install()

    def ask() -> bool:
        try:
            return not release.al_job("status")
        except CommandError as error:
            return bool(re.search(r"driver-\w+: pending: Unschedulable", str(error)))

    release.namespace.wait("the status says why", ask, 60)


def test_a_missing_secret_is_said_and_waited_for(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """The status has the kubelet's words within a minute, and with the Secret the stage starts."""
    reference = {"secretKeyRef": {"name": "forgotten", "key": "token"}}
    stages = {"train": {"extraEnv": [{"name": "TOKEN", "valueFrom": reference}]}}
    release = new_release(experiment=SHORT, stages=stages)
    release.install()
    release.namespace.wait("a training", lambda: release.pods(stage="train"), 90)
    assert "CreateContainerConfigError" in release.wait_said('secret "forgotten" not found')
    release.namespace.kubectl("create", "secret", "generic", "forgotten", "--from-literal=token=1")
    release.wait_finished()
    assert release.runs() == each_once(release.config)
    assert steady(release.bucket.contents()) == steady(local_run(SHORT))
