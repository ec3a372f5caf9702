"""Pod objects: how they are made for a Job, and how each scenario shows in their status."""

import copy
import hashlib

from tests.unit.launch.kubernetes.double import scenarios
from tests.unit.launch.kubernetes.double.refusals import Json

INDEX = "batch.kubernetes.io/job-completion-index"
ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""What Kubernetes draws the ends of pod names from."""


def new_pod(job: Json, index: int | None, number: int, failures: int) -> Json:
    """Return a pending pod.

    Args:
        job: Its Job.
        index: Its completion index, in an Indexed Job.
        number: How many pods there were before it in the cluster; its name comes from this.
        failures: How many pods of this index failed before.
    """
    template = copy.deepcopy(job["spec"]["template"])
    stem = job["metadata"]["name"] + ("" if index is None else f"-{index}")
    digest = hashlib.sha256(str(number).encode()).digest()
    name = f"{stem}-" + "".join(ALPHABET[byte % len(ALPHABET)] for byte in digest[:5])
    metadata = template.get("metadata", {}) | {"name": name, "generateName": f"{stem}-"}
    metadata["finalizers"] = ["batch.kubernetes.io/job-tracking"]
    if index is not None:
        metadata["labels"] = metadata.get("labels", {}) | {INDEX: str(index)}
        counts = {INDEX: str(index), "batch.kubernetes.io/job-index-failure-count": str(failures)}
        metadata["annotations"] = metadata.get("annotations", {}) | counts
    owner = {"apiVersion": "batch/v1", "kind": "Job"}
    owner |= {key: job["metadata"][key] for key in ("name", "uid")}
    metadata["ownerReferences"] = [owner | {"controller": True, "blockOwnerDeletion": True}]
    return {"metadata": metadata, "spec": template["spec"], "status": {"phase": "Pending"}}


def index_of(pod: Json) -> int | None:
    """Return a pod's completion index, if its Job is Indexed."""
    value = pod["metadata"].get("annotations", {}).get(INDEX)
    return None if value is None else int(value)


def is_over(pod: Json) -> bool:
    """Return whether a pod has ended."""
    return pod["status"]["phase"] in {"Succeeded", "Failed"}


def show(pod: Json, answer: scenarios.Answer, now: str) -> None:
    """Make a pod's status what Kubernetes would show."""
    if isinstance(answer, int):
        answer = scenarios.Exit(answer)
    if isinstance(answer, scenarios.Exit):
        _end(pod, answer, now)
    elif isinstance(answer, scenarios.Unschedulable):
        _unscheduled(pod, answer.message)
    else:
        _condition(pod, {"type": "PodScheduled", "status": "True", "lastTransitionTime": now})
        pod["status"].setdefault("startTime", now)
        running = isinstance(answer, scenarios.Running)
        pod["status"]["phase"] = "Running" if running else "Pending"
        _set_state(pod, _state(pod, answer, now), ready=running)


def event_of(pod: Json, answer: scenarios.Answer) -> tuple[str, str, str] | None:
    """Return reason, message and component of the event that Kubernetes tells of an answer."""
    match answer:
        case scenarios.Unschedulable(message):
            return "FailedScheduling", message, "default-scheduler"
        case scenarios.MountFailure(message):
            return "FailedMount", message, "kubelet"
        case scenarios.ImageError():
            reason = pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"]
            return "Failed", f"Error: {reason}", "kubelet"
        case scenarios.Waiting(_, message):
            return "Failed", f"Error: {message}", "kubelet"
    return None


def condition(pod: Json, name: str) -> Json | None:
    """Return a condition of a pod."""
    found = (c for c in pod["status"].get("conditions", []) if c["type"] == name)
    return next(found, None)


def exit_code(pod: Json) -> int:
    """Return the exit code of an ended pod's container."""
    code: int = pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"]
    return code


def evict(pod: Json, now: str) -> None:
    """Mark a pod as ended by an eviction."""
    why = {"reason": "EvictionByEvictionAPI", "message": "Eviction API: evicting"}
    _condition(
        pod, {"type": "DisruptionTarget", "status": "True", "lastTransitionTime": now, **why}
    )


def _state(pod: Json, answer: scenarios.Answer, now: str) -> Json:
    match answer:
        case scenarios.Running():
            before = pod["status"].get("containerStatuses", [{"state": {}}])[0]["state"]
            return before if "running" in before else {"running": {"startedAt": now}}
        case scenarios.ImageError(why):
            return {"waiting": _image_error(pod, why)}
        case scenarios.Waiting(reason, message):
            return {"waiting": {"reason": reason, "message": message}}
    return {"waiting": {"reason": "ContainerCreating"}}


def _image_error(pod: Json, why: str) -> Json:
    image = pod["spec"]["containers"][0]["image"]
    message = (
        f'failed to pull and unpack image "{image}": failed to resolve reference "{image}": {why}'
    )
    before = pod["status"].get("containerStatuses", [{"state": {}}])[0]["state"]
    if before.get("waiting", {}).get("reason") in {"ErrImagePull", "ImagePullBackOff"}:
        message = f'Back-off pulling image "{image}": ErrImagePull: {message}'
        return {"reason": "ImagePullBackOff", "message": message}
    return {"reason": "ErrImagePull", "message": message}


def _end(pod: Json, answer: scenarios.Exit, now: str) -> None:
    done = answer.code == 0
    terminated = {
        "exitCode": answer.code,
        "reason": answer.reason or ("Completed" if done else "Error"),
        "startedAt": pod["status"].get("startTime", now),
        "finishedAt": now,
    }
    policy = pod["spec"]["containers"][0].get("terminationMessagePolicy")
    if answer.log and not done and policy == "FallbackToLogsOnError":
        tail = "".join(answer.log.splitlines(keepends=True)[-80:])
        terminated["message"] = tail[-2048:]
    pod["status"]["phase"] = "Succeeded" if done else "Failed"
    if answer.pod:
        pod["status"] |= dict(zip(("reason", "message"), answer.pod, strict=True))
    if answer.disrupted:
        evict(pod, now)
    _set_state(pod, {"terminated": terminated})


def _unscheduled(pod: Json, message: str) -> None:
    status = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
    _condition(pod, status | {"message": message})
    pod["status"].pop("containerStatuses", None)


def _condition(pod: Json, new: Json) -> None:
    others = [c for c in pod["status"].get("conditions", []) if c["type"] != new["type"]]
    pod["status"]["conditions"] = [*others, new]


def _set_state(pod: Json, state: Json, *, ready: bool = False) -> None:
    pod["status"]["containerStatuses"] = [
        {
            "name": container["name"],
            "image": container["image"],
            "imageID": "",
            "ready": ready,
            "started": ready,
            "restartCount": 0,
            "lastState": {},
            "state": state,
        }
        for container in pod["spec"]["containers"]
    ]
