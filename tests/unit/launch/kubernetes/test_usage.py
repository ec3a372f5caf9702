"""What became of a Job, and what it took of the cluster."""

from datetime import UTC, datetime
from typing import Any

import pytest

from job.artifacts.usage import Usage
from job.keys import RoundRef
from job.launch.kubernetes.settings import LaunchConfig
from job.launch.kubernetes.usage import gpus_of, job_end
from job.launch.observer import JobEnd, PodEnd

TRAIN = RoundRef("exp", 0, "random", 1).stage("train")
JOB = {
    "metadata": {
        "name": "train-2",
        "labels": {"al-voc/attempt": "2"},
        "creationTimestamp": "2026-11-30T10:00:00Z",
    }
}


def containers(gpus: int) -> dict[str, Any]:
    stage = {"name": "stage", "resources": {"limits": {"nvidia.com/gpu": str(gpus)}}}
    return {"spec": {"template": {"spec": {"containers": [stage]}}}}


@pytest.fixture
def priced(launch: LaunchConfig) -> LaunchConfig:
    """Two GPUs for a training, at 3 an hour each."""
    templates = {**launch.templates, "train": containers(2)}
    return launch.model_copy(update={"money_per_gpu_hour": 3.0, "templates": templates})


def pod(name: str, start: str | None, end: str | None = None, code: int = 0) -> dict[str, Any]:
    state: dict[str, Any] = {"running": {}}
    if end:
        state = {"terminated": {"exitCode": code, "finishedAt": f"2026-11-30T{end}Z"}}
    sidecar = {"name": "proxy", "state": {"terminated": {"exitCode": 9, "finishedAt": "x"}}}
    status: dict[str, Any] = {"containerStatuses": [sidecar, {"name": "stage", "state": state}]}
    if start:
        status["startTime"] = f"2026-11-30T{start}Z"
    return {"metadata": {"name": name}, "spec": {"nodeName": "gpu-1"}, "status": status}


def at(hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(2026, 11, 30, hour, minute, second, tzinfo=UTC)


def test_all_pods_count(priced: LaunchConfig) -> None:
    """Those that failed, too: they held the GPUs as long. The queue ends with the first of them."""
    pods = [pod("b", "10:12:00", "10:22:00"), pod("a", "10:01:30", "10:11:30", 137)]
    assert job_end(TRAIN, JOB, pods, priced) == JobEnd(
        ref=TRAIN,
        name="train-2",
        attempt=2,
        created=at(10, 0),
        pods=(
            PodEnd("b", "gpu-1", at(10, 12), at(10, 22), 0),
            PodEnd("a", "gpu-1", at(10, 1, 30), at(10, 11, 30), 137),
        ),
        # 2 pods of 600 s with 2 GPUs: 2400 s, or 2/3 of an hour at 3 an hour.
        usage=Usage(1, 90.0, 1200.0, 2400.0, 2.0, 2, 1),
    )


@pytest.mark.parametrize("pods", [[], [pod("a", None)], [pod("a", "10:00:10")]])
def test_a_pod_that_has_not_ended_counts_nothing(
    priced: LaunchConfig, pods: list[dict[str, Any]]
) -> None:
    """No node took it, or it still runs beside a marker that is there."""
    assert job_end(TRAIN, JOB, pods, priced).usage == Usage(jobs=1)


def test_clocks_that_differ_make_no_negative_time(priced: LaunchConfig) -> None:
    """The API server's clock has the creation, and the node's the start."""
    usage = job_end(TRAIN, JOB, [pod("a", "09:59:59", "10:00:09")], priced).usage
    assert (usage.queue_seconds, usage.pod_seconds) == (0.0, 10.0)


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        ({"nvidia.com/gpu": "2", "memory": "8Gi"}, 2),
        ({"nvidia.com/mig-1g.10gb": "1"}, 1),
        ({"gpu.intel.com/i915": 1, "amd.com/gpu": 3}, 4),
        ({"rdma/hca": "1", "cpu": "4"}, 0),
        ({}, 0),
    ],
)
def test_gpus_are_told_by_the_name_of_their_resource(limits: dict[str, Any], expected: int) -> None:
    """Whoever made them, and parts of one count as one each."""
    containers = [{"name": "proxy"}, {"name": "stage", "resources": {"limits": limits}}]
    assert gpus_of({"spec": {"template": {"spec": {"containers": containers}}}}) == expected


def test_what_a_node_ran_is_known_by_its_digest(launch: LaunchConfig) -> None:
    """A tag may mean another container image by now, and another one on another node."""
    ended = pod("a", "10:00:01", "10:00:02")
    ended["status"]["containerStatuses"][1]["imageID"] = "registry.example/al-job@sha256:12"
    [found] = job_end(TRAIN, JOB, [ended], launch).pods
    assert found.image == "registry.example/al-job@sha256:12"
