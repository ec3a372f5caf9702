"""What a Job took of the cluster, by what Kubernetes says of its pods."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from job.artifacts.usage import Usage
from job.keys import StageRef
from job.launch.kubernetes.job_spec import CONTAINER, attempt_of
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.launch.observer import JobEnd, PodEnd


def job_end(
    ref: StageRef,
    job: KubeObject,
    pods: Iterable[KubeObject],
    launch: LaunchConfig,
    error: str = "",
) -> JobEnd:
    """Return what became of a stage's Job, as far as its pods are still there.

    Args:
        ref: The stage.
        job: The Job.
        pods: Its pods. One that has not ended counts nothing.
        launch: It holds how many GPUs a pod asks for, and what one costs.
        error: Why the stage failed, if it did.
    """
    created = _time(job["metadata"]["creationTimestamp"])
    ended = tuple(_ended(pods))
    return JobEnd(
        ref=ref,
        name=job["metadata"]["name"],
        attempt=attempt_of(job),
        created=created,
        pods=ended,
        usage=_usage(created, ended, gpus_of(launch.templates[ref.stage]), launch),
        error=error,
    )


def _usage(created: datetime, pods: tuple[PodEnd, ...], gpus: int, launch: LaunchConfig) -> Usage:
    if not pods:
        return Usage(jobs=1)
    waited = (min(pod.began for pod in pods) - created).total_seconds()
    seconds = sum((pod.ended - pod.began).total_seconds() for pod in pods)
    return Usage(
        jobs=1,
        queue_seconds=max(waited, 0.0),
        pod_seconds=seconds,
        gpu_seconds=seconds * gpus,
        money=round(seconds * gpus / 3600 * launch.money_per_gpu_hour, 6),
        pods=len(pods),
        failed=sum(pod.exit_code != 0 for pod in pods),
    )


def _ended(pods: Iterable[KubeObject]) -> Iterator[PodEnd]:
    """Yield the pods whose end Kubernetes knows."""
    for pod in pods:
        ended, start = _terminated(pod), pod["status"].get("startTime")
        if ended and start:
            end = ended["state"]["terminated"]
            yield PodEnd(
                name=pod["metadata"]["name"],
                node=pod["spec"].get("nodeName", ""),
                began=_time(start),
                ended=_time(end["finishedAt"]),
                exit_code=end["exitCode"],
                image=ended.get("imageID", ""),
            )


def _terminated(pod: KubeObject) -> KubeObject | None:
    """Return the status of the stage's container, if it has ended, and Kubernetes says when."""
    each: KubeObject
    for each in pod["status"].get("containerStatuses", []):
        end: KubeObject | None = each["state"].get("terminated")
        if each["name"] == CONTAINER and end and end.get("finishedAt"):
            return each
    return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def gpus_of(template: KubeObject) -> int:
    """Return how many GPUs a pod of a Job's template asks for, whatever their kind is called.

    Of other resources of devices, such as network cards, none counts.
    """
    return sum(
        int(number)
        for container in template["spec"]["template"]["spec"]["containers"]
        for name, number in container.get("resources", {}).get("limits", {}).items()
        if "/" in name and ("gpu" in name or "/mig-" in name)
    )
