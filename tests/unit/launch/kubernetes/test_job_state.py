"""What a stage is doing and why it failed, in Kubernetes' own words."""

from typing import Any

import pytest

from job.errors import (
    AlJobError,
    BadDataError,
    ConfigError,
    MissingLabelsError,
    UsageError,
)
from job.launch.kubernetes.job_state import ExhaustedError, StageState, failure, observe

Json = dict[str, Any]


def job(**spec: object) -> Json:
    return {"metadata": {"name": "j"}, "spec": spec, "status": {}}


def pod(phase: str = "Pending", **status: object) -> Json:
    return {"metadata": {"name": "p"}, "status": {"phase": phase, **status}}


def waiting(reason: str, message: str = "") -> Json:
    state = {"waiting": {"reason": reason, "message": message}}
    return pod(containerStatuses=[{"name": "stage", "state": state}])


def warn(name: str) -> str:
    return f"said of {name}"


def silent(_: str) -> str:
    return ""


def failed_pod(code: int, message: str = "", reason: str = "Error") -> Json:
    end = {"terminated": {"exitCode": code, "message": message, "reason": reason}}
    return pod("Failed", containerStatuses=[{"name": "stage", "state": end}])


FULL = 'Usage of EmptyDir volume "tmp" exceeds the limit "50Gi".'


def evicted_pod(message: str) -> Json:
    """Return a pod as the kubelet leaves it whose volume was full."""
    evicted = failed_pod(137, "The container could not be located when the pod was terminated")
    evicted["status"] |= {"reason": "Evicted", "message": message}
    return evicted


def leaving() -> Json:
    """Return a pod of a lost node: it is being deleted and never gone."""
    lost = pod("Running")
    lost["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    return lost


AGAIN = "to be retried after:"
UNSCHEDULED = {
    "type": "PodScheduled",
    "status": "False",
    "reason": "Unschedulable",
    "message": "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.",
}
NO_SECRET = 'secret "keys" not found'


@pytest.mark.parametrize(
    ("pods", "expected"),
    [
        ([pod(conditions=[UNSCHEDULED])], "pending: Unschedulable: " + UNSCHEDULED["message"]),
        ([waiting("ErrImagePull", "no such host")], "image: ErrImagePull: no such host"),
        ([waiting("ImagePullBackOff", "Back-off")], "image: ImagePullBackOff: Back-off"),
        (
            [waiting("CreateContainerConfigError", NO_SECRET)],
            f"pending: CreateContainerConfigError: {NO_SECRET}",
        ),
        # The kubelet reports a missing volume in an event alone.
        ([waiting("ContainerCreating")], "starting: said of p"),
        ([pod()], "starting: said of p"),
        # A quota, admission, a missing service account: there is no pod to look at.
        ([], "pending: said of j"),
        ([pod("Running")], "running"),
        ([waiting("ErrImagePull", "x"), pod("Running")], "running: image: ErrImagePull: x"),
        ([failed_pod(137, reason="OOMKilled")], f"pending: {AGAIN} OOMKilled (exit code 137)"),
        ([leaving()], "ending: pod p is being deleted"),
        ([pod(), waiting("ErrImagePull", "x")], "image: ErrImagePull: x"),
        ([pod("Succeeded")], "ending"),
    ],
)
def test_a_reason_is_in_kubernetes_words(pods: list[Json], expected: str) -> None:
    """A stage that cannot start says why, and an image error comes before any other reason."""
    assert str(observe(job(), pods, warn)) == expected


def test_a_queued_job_says_so() -> None:
    """Kueue keeps a Job suspended until its quota has room."""
    assert observe(job(suspend=True), [], warn) == StageState("queued", "said of j")
    assert observe(job(suspend=True), [], silent).reason == "the Job is suspended"


def test_a_running_job_tells_partitions_and_failures() -> None:
    """It says how many partitions are done, how many pods run, and how many failed before."""
    shared = job(completions=10, backoffLimitPerIndex=3) | {"status": {"succeeded": 3, "failed": 1}}
    state = observe(shared, [pod("Running"), pod("Running")], silent)
    assert state.reason == "3 of 10 partitions done, 2 pods, 1 failed before"
    several = job(completions=2) | {"status": {}}
    assert observe(several, [pod("Running"), pod("Running")], silent).reason == "2 pods"


def failed_job() -> Json:
    condition = {"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded"}
    return job() | {"status": {"conditions": [condition | {"message": "Job has reached it"}]}}


WHY = "(BackoffLimitExceeded: Job has reached it)"


@pytest.mark.parametrize(
    ("pods", "kind", "expected"),
    [
        (
            [failed_pod(78, "{}\nal-job: train.size: too large\n")],
            ConfigError,
            f"x failed: train.size: too large (exit code 78) {WHY}",
        ),
        ([failed_pod(75, "al-job: gone")], ExhaustedError, f"x failed: gone (exit code 75) {WHY}"),
        ([failed_pod(64, "al-job: what?")], UsageError, f"x failed: what? (exit code 64) {WHY}"),
        (
            [failed_pod(66, "al-job: x waits for people")],
            MissingLabelsError,
            f"x failed: x waits for people (exit code 66) {WHY}",
        ),
        (
            [failed_pod(137, "Epoch 3", reason="OOMKilled")],
            BadDataError,
            f"x failed: OOMKilled: Epoch 3 (exit code 137) {WHY}",
        ),
        (
            [pod("Failed", reason="Evicted", message="The node was low on memory")],
            BadDataError,
            f"x failed: The node was low on memory {WHY}",
        ),
        (
            [evicted_pod(f"{FULL} ")],
            BadDataError,
            f"x failed: Evicted: {FULL} (exit code 137) {WHY}",
        ),
        # One partition failed permanently, another temporarily: the permanent error is the reason.
        (
            [failed_pod(75, "al-job: gone"), pod("Succeeded"), failed_pod(65, "al-job: bad")],
            BadDataError,
            f"x failed: bad (exit code 65) {WHY}",
        ),
        ([], BadDataError, "x failed: BackoffLimitExceeded: Job has reached it"),
    ],
)
def test_a_failure_is_what_the_stage_said(
    pods: list[Json], kind: type[AlJobError], expected: str
) -> None:
    """The driver ends with the stage's own line and exit code."""
    error = failure("x", failed_job(), pods)
    assert type(error) is kind
    assert str(error) == expected


def test_complete_without_a_marker_is_a_failure() -> None:
    """A pod that ends with 0 on SIGTERM counts as a success, so only the marker decides."""
    complete = job() | {"status": {"conditions": [{"type": "Complete", "status": "True"}]}}
    assert "its marker is missing" in str(failure("x", complete, [pod("Succeeded")]))
