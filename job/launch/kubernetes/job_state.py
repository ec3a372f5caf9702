"""What a stage's Job is doing, in the words of Kubernetes: what never fails by itself is shown."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal

from job.errors import AlJobError, BadDataError, ConfigError, TemporaryError, UsageError
from job.launch.kubernetes.job_spec import CONTAINER, PERMANENT
from job.launch.kubernetes.settings import Manifest

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
MAX_WAITING = 10
"""Pods that are looked at for a reason: one is enough."""
Word = Literal[
    "queued", "pending", "image", "starting", "running", "ending", "other spec", "unknown", "failed"
]


class ExhaustedError(TemporaryError):
    """A stage met what may pass, such as a store that is away, as often as it is tried again."""


_KINDS: dict[int, type[AlJobError]] = {
    kind.exit_code: kind for kind in (UsageError, BadDataError, ConfigError, ExhaustedError)
}


@dataclass(frozen=True)
class StageState:
    """What a stage that was begun is doing."""

    word: Word
    reason: str = ""
    """Why, in the scheduler's, the kubelet's or the queue's words."""

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{self.word}: {self.reason}" if self.reason else self.word


Warnings = Callable[[str], str]
"""The latest warning about an object of this name, or nothing."""


def look(job: Manifest, pods: Iterable[Manifest], warning: Warnings) -> StageState:
    """Return what a Job that has not ended is doing.

    Args:
        job: The Job.
        pods: Its pods; only read once, so that thousands need not be held.
        warning: Asked where Job and pods do not say why nothing happens.
    """
    seen = _sort(pods)
    states = [_look_at_pod(pod) for pod in seen.waiting]
    state = min(states, key=lambda each: (each.word != "image", not each.reason), default=None)
    if seen.num_running:
        others = [str(state)] if state and state.reason else []
        return StageState("running", ", ".join([*_progress(job, seen.num_running), *others]))
    if state:
        reason = state.reason or warning(seen.waiting[0]["metadata"]["name"])
        return StageState(state.word, reason)
    if job["spec"].get("suspend"):
        return StageState("queued", warning(job["metadata"]["name"]) or "the Job is suspended")
    if seen.ending:
        return seen.ending
    # Quotas, admission and missing service accounts keep pods from being made at all.
    return StageState("pending", warning(job["metadata"]["name"]))


@dataclass
class _Seen:
    """The pods of a Job, each kind for itself."""

    num_running: int = 0
    waiting: list[Manifest] = field(default_factory=list)
    """Some of those that do not run yet."""
    ending: StageState | None = None
    """What those that have ended, or are about to, say of the Job."""


def _sort(pods: Iterable[Manifest]) -> _Seen:
    seen = _Seen()
    for pod in pods:
        if not is_alive(pod):
            last = _termination(pod)
            again = StageState("pending", f"to be tried again after: {last[1]}") if last else None
            seen.ending = again or seen.ending or StageState("ending")
        elif "deletionTimestamp" in pod["metadata"]:
            name = pod["metadata"]["name"]
            seen.ending = StageState("ending", f"pod {name} is being deleted")
        elif pod["status"].get("phase") == "Running" and not _waiting(pod):
            seen.num_running += 1
        elif len(seen.waiting) < MAX_WAITING:
            seen.waiting.append(pod)
    return seen


def is_alive(pod: Manifest) -> bool:
    """Whether a pod has not ended yet."""
    return pod["status"].get("phase") not in {"Succeeded", "Failed"}


def _progress(job: Manifest, num_running: int) -> list[str]:
    """Which attempt it is, or how far the shares are."""
    status, total = job["status"], job["spec"].get("completions", 1)
    failed = status.get("failed", 0)
    parts = [f"{status.get('succeeded', 0)} of {total} partitions done"] if total > 1 else []
    parts += [f"{num_running} pods"] if num_running > 1 else []
    parts += [f"{failed} failed before"] if failed else []
    return parts


def _look_at_pod(pod: Manifest) -> StageState:
    """Why a pod does not run."""
    if waiting := _waiting(pod):
        reason, message = waiting.get("reason", ""), waiting.get("message", "")
        if reason in IMAGE_REASONS:
            return StageState("image", f"{reason}: {message}")
        if message:
            return StageState("pending", f"{reason}: {message}")
    for condition in pod["status"].get("conditions", []):
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            words = f"{condition.get('reason', '')}: {condition.get('message', '')}"
            return StageState("pending", words)
    return StageState("starting")


def _waiting(pod: Manifest) -> Manifest | None:
    """What a container of the pod waits for, if one does."""
    status = pod["status"]
    for each in status.get("initContainerStatuses", []) + status.get("containerStatuses", []):
        if waiting := each["state"].get("waiting"):
            return dict(waiting)
    return None


def ended(job: Manifest) -> Literal["Complete", "Failed"] | None:
    """Return how a Job has ended, if it has."""
    for condition in job["status"].get("conditions", []):
        if condition["type"] in {"Complete", "Failed"} and condition["status"] == "True":
            kind: Literal["Complete", "Failed"] = condition["type"]
            return kind
    return None


def failure(what: str, job: Manifest, pods: Iterable[Manifest]) -> AlJobError:
    """Return why a Job failed, as the error its stage ended with where the pods still tell.

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
        "it is complete, but its marker is missing or of other inputs",
    )
    lasts = [last for pod in pods if (last := _termination(pod))]
    permanent = [last for last in lasts if last[0] in PERMANENT]
    if not lasts:
        return BadDataError(f"{what} failed: {words}")
    code, message = (permanent or lasts)[0]
    return _KINDS.get(code, BadDataError)(f"{what} failed: {message} ({words})")


def _termination(pod: Manifest) -> tuple[int, str] | None:
    """The exit code of a pod that failed, and the last line of what it said."""
    if pod["status"].get("phase") != "Failed":
        return None
    for each in pod["status"].get("containerStatuses", []):
        end = each["state"].get("terminated")
        if each["name"] == CONTAINER and end:
            lines = end.get("message", "").strip().splitlines()
            reason = pod["status"].get("reason") or end.get("reason", "Error")
            said = [reason] if reason != "Error" or not lines else []
            said += [lines[-1].removeprefix("al-job: ")] if lines else []
            return end["exitCode"], f"{': '.join(said)} (exit code {end['exitCode']})"
    return 1, pod["status"].get("message", pod["status"].get("reason", "the pod failed"))
