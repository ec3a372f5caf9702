"""What a stage's Job is doing, as a phase and a reason.

The reason is in the words of Kubernetes, which never fails a Job that merely cannot start.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from job.errors import (
    AlJobError,
    BadDataError,
    ConfigError,
    MissingLabelsError,
    TemporaryError,
    UsageError,
)
from job.launch.kubernetes.job_spec import CONTAINER, PERMANENT
from job.launch.kubernetes.settings import KubeObject

IMAGE_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
    }
)
CONTAINERS = frozenset({CONTAINER, "driver", "ingest"})
"""The containers of `al-job`, by name. Any other is somebody's sidecar."""
MAX_WAITING = 10
"""How many waiting pods are searched for a reason; one reason is enough."""
StagePhase = Literal[
    "quota",
    "queued",
    "pending",
    "image",
    "starting",
    "running",
    "ending",
    "other spec",
    "unknown",
    "failed",
]


class ExhaustedError(TemporaryError):
    """A stage failed with a temporary error on every allowed attempt."""


class SupersededError(TemporaryError):
    """The release has other values than this driver: another driver runs it now."""


_KINDS: dict[int, type[AlJobError]] = {
    kind.exit_code: kind
    for kind in (UsageError, BadDataError, MissingLabelsError, ConfigError, ExhaustedError)
}


@dataclass(frozen=True)
class StageState:
    """What a started stage is doing."""

    phase: StagePhase
    reason: str = ""
    """Why, in the words of the scheduler, the kubelet or the queue."""
    is_retry: bool = False
    """Whether it waits for Kubernetes to replace a pod that failed."""
    is_unplaced: bool = False
    """Whether no node has a pod of it, so that it takes nothing that another stage needs."""
    is_outlived: bool = False
    """Whether its work has ended, beside containers of others that keep its pods alive."""

    @property
    def has_slot(self) -> bool:
        """Whether it keeps every other stage from starting."""
        return self.phase != "queued" and not self.is_unplaced

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{self.phase}: {self.reason}" if self.reason else self.phase


Warnings = Callable[[str], str]
"""Returns the latest warning about an object of this name, or an empty text."""


def observe(job: KubeObject, pods: Iterable[KubeObject], warning: Warnings) -> StageState:
    """Return what a Job that has not ended is doing.

    Args:
        job: The Job.
        pods: Its pods; read once, so that thousands need not be in memory.
        warning: Asked if neither the Job nor its pods say why nothing happens.
    """
    seen = _sort(pods)
    states = [why_waiting(pod) for pod in seen.waiting]
    state = min(states, key=lambda each: (each.phase != "image", not each.reason), default=None)
    if seen.num_running:
        others = [str(state)] if state and state.reason else []
        return StageState("running", ", ".join([*_progress(job, seen.num_running), *others]))
    if state:
        reason = state.reason or warning(seen.waiting[0]["metadata"]["name"])
        return replace(state, reason=reason)
    return seen.outlived or _without_pods(job, seen.ending, warning)


def _without_pods(job: KubeObject, ending: StageState | None, warning: Warnings) -> StageState:
    """Return what a Job is doing that has no pod which runs or is to run."""
    if job["spec"].get("suspend"):
        return StageState("queued", warning(job["metadata"]["name"]) or "the Job is suspended")
    if ending:
        return ending
    if active := job["status"].get("active"):  # Kueue has sent it to another cluster
        return StageState("running", f"{active} pods, none of them in this cluster")
    # A quota, admission or a missing service account can keep the pods from being created.
    reason = warning(job["metadata"]["name"])
    return StageState("pending", reason, is_unplaced=bool(reason))


@dataclass
class _Seen:
    """The pods of a Job, by what they are doing."""

    num_running: int = 0
    waiting: list[KubeObject] = field(default_factory=list)
    """Pods that do not run yet; at most `MAX_WAITING`."""
    ending: StageState | None = None
    """What the Job is doing, if it has no other pods than these: ended, or being deleted."""
    outlived: StageState | None = None
    """The same, if a pod is there only because of a container of others."""


def _sort(pods: Iterable[KubeObject]) -> _Seen:
    seen = _Seen()
    for pod in pods:
        if not is_alive(pod):
            last = _termination(pod)
            retry = (
                StageState("pending", f"to be retried after: {last[1]}", is_retry=True)
                if last
                else None
            )
            seen.ending = retry or seen.ending or StageState("ending")
        elif "deletionTimestamp" in pod["metadata"]:
            seen.ending = StageState("ending", f"{_name(pod)} is being deleted")
        elif end := own_end(pod):
            seen.ending = StageState("ending")
            seen.outlived = _outlived(pod, end) or seen.outlived
        elif pod["status"].get("phase") == "Running" and not _waiting(pod):
            seen.num_running += 1
        elif len(seen.waiting) < MAX_WAITING:
            seen.waiting.append(pod)
    return seen


def _name(pod: KubeObject) -> str:
    """Name a pod, and its node, which may be lost."""
    node = pod.get("spec", {}).get("nodeName")
    return f"pod {pod['metadata']['name']}" + (f" of node {node}" if node else "")


def _outlived(pod: KubeObject, end: KubeObject) -> StageState | None:
    """Return the state of a stage that has ended, if another container of its pod has not."""
    others = [
        each["name"]
        for each in pod["status"]["containerStatuses"]
        if "terminated" not in each["state"]
    ]
    if not others:
        return None
    reason = f"exit code {end['exitCode']}, but container {others[0]} keeps {_name(pod)} alive"
    return StageState("ending", reason, is_outlived=True)


def own_end(pod: KubeObject) -> KubeObject | None:
    """Return how the container of `al-job` in a pod has ended, if it has."""
    for each in pod["status"].get("containerStatuses", []):
        if each["name"] in CONTAINERS and (end := each["state"].get("terminated")):
            return dict(end)
    return None


def has_ended(pod: KubeObject) -> bool:
    """Whether nothing of `al-job` runs in a pod any more."""
    return not is_alive(pod) or own_end(pod) is not None


def is_alive(pod: KubeObject) -> bool:
    """Whether a pod has not ended yet."""
    return pod["status"].get("phase") not in {"Succeeded", "Failed"}


def _progress(job: KubeObject, num_running: int) -> list[str]:
    """Say how many partitions are done, pods run and pods failed before."""
    status, spec = job["status"], job["spec"]
    failed, total = status.get("failed", 0), spec.get("completions", 1)
    are_partitions = total > 1 and "backoffLimitPerIndex" in spec
    parts = [f"{status.get('succeeded', 0)} of {total} partitions done"] if are_partitions else []
    parts += [f"{num_running} pods"] if num_running > 1 else []
    parts += [f"{failed} failed before"] if failed else []
    return parts


def why_waiting(pod: KubeObject) -> StageState:
    """Return why a pod does not run."""
    if waiting := _waiting(pod):
        reason, message = waiting.get("reason", ""), waiting.get("message", "")
        if reason in IMAGE_REASONS:
            return StageState("image", f"{reason}: {message}")
        if message:
            return StageState("pending", f"{reason}: {message}")
    for condition in pod["status"].get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            reason = f"{condition.get('reason', '')}: {condition.get('message', '')}"
            return StageState("pending", reason, is_unplaced=True)
    return StageState("starting")


def _waiting(pod: KubeObject) -> KubeObject | None:
    """Return what a container of the pod waits for, if one waits."""
    status = pod["status"]
    for each in status.get("initContainerStatuses", []) + status.get("containerStatuses", []):
        if waiting := each["state"].get("waiting"):
            return dict(waiting)
    return None


def ended(job: KubeObject) -> Literal["Complete", "Failed"] | None:
    """Return how a Job has ended, if it has."""
    for condition in job["status"].get("conditions", []):
        if condition["type"] in {"Complete", "Failed"} and condition["status"] == "True":
            kind: Literal["Complete", "Failed"] = condition["type"]
            return kind
    return None


def failure(what: str, job: KubeObject, pods: Iterable[KubeObject]) -> AlJobError:
    """Return the error of a Job that failed: its stage's own error, if a pod still tells it.

    Args:
        what: The stage.
        job: The Job.
        pods: Its pods.
    """
    words = next(
        (
            f"{each.get('reason')}: {each.get('message')}"
            for each in job["status"].get("conditions", [])
            if each["type"] == "Failed"
        ),
        "",
    )
    lasts = [last for pod in pods if (last := _termination(pod))]
    permanent = [last for last in lasts if last[0] in PERMANENT]
    if not lasts:
        words = words or "it is complete, but its marker is missing or of other inputs"
        return BadDataError(f"{what} failed: {words}")
    code, message = (permanent or lasts)[0]
    why = f" ({words})" if words else ""
    return _KINDS.get(code, BadDataError)(f"{what} failed: {message}{why}")


def may_be_retried(pods: Iterable[KubeObject]) -> bool:
    """Whether another Job may get further than one whose containers have ended like this."""
    codes = {end["exitCode"] for pod in pods if (end := own_end(pod))}
    return codes.isdisjoint(PERMANENT) and codes != {0}


def why_blocked(job: KubeObject, pods: Iterable[KubeObject]) -> str:
    """Return why partitions never start beside pods that do not end, or an empty text."""
    spec = job["spec"]
    if spec.get("parallelism", 1) >= spec.get("completions", 1):
        return ""
    states = (_outlived(pod, end) for pod in pods if (end := own_end(pod)))
    reason = next((state.reason for state in states if state), "")
    return (
        f"{reason}, so that the other partitions never start: let it end with the stage, or set "
        "launch.scoreParallelism to launch.scorePartitions"
    )


def failed_nodes(pods: Iterable[KubeObject]) -> list[str]:
    """Return the nodes on which pods failed, in a way in which another node may not fail."""
    failed = [(pod, last) for pod in pods if (last := _termination(pod))]
    nodes = {pod["spec"].get("nodeName", "") for pod, last in failed if last[0] not in PERMANENT}
    return sorted(nodes - {""})


def _termination(pod: KubeObject) -> tuple[int, str] | None:
    """Return the exit code of a failed pod and the last line of its output.

    Why the kubelet has evicted a pod it says of the pod; of the container it may know nothing more.
    """
    end = own_end(pod)
    if pod["status"].get("phase") != "Failed" and not (end and end["exitCode"]):
        return None
    if end:
        reason = pod["status"].get("reason") or end.get("reason", "Error")
        speaker = pod["status"] if reason == "Evicted" else end
        lines = speaker.get("message", "").strip().splitlines()
        said = [reason] if reason != "Error" or not lines else []
        said += [lines[-1].removeprefix("al-job: ")] if lines else []
        return end["exitCode"], f"{': '.join(said)} (exit code {end['exitCode']})"
    return 1, pod["status"].get("message", pod["status"].get("reason", "the pod failed"))
