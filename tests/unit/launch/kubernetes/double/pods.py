"""Pods: how they are made for a Job, and how each scenario shows in their status."""

import copy
import hashlib

from tests.unit.launch.kubernetes.double import scenarios
from tests.unit.launch.kubernetes.double.world import Json, now

INDEX = "batch.kubernetes.io/job-completion-index"


def new_pod(job: Json, index: int | None, number: int) -> Json:
    """Return a pending pod.

    Args:
        job: Its Job.
        index: Its completion index, in an Indexed Job.
        number: How many pods there were before it; the end of its name comes from this.
    """
    template = copy.deepcopy(job["spec"]["template"])
    words = [job["metadata"]["name"], *([] if index is None else [str(index)])]
    name = "-".join([*words, hashlib.sha256(str(number).encode()).hexdigest()[:5]])
    metadata = template.get("metadata", {}) | {"name": name}
    if index is not None:
        metadata["annotations"] = metadata.get("annotations", {}) | {INDEX: str(index)}
    owner = {key: job["metadata"][key] for key in ("name", "uid")}
    metadata["ownerReferences"] = [{"kind": "Job", "controller": True, **owner}]
    return {"metadata": metadata, "spec": template["spec"], "status": {"phase": "Pending"}}


def index_of(pod: Json) -> int | None:
    """Return a pod's completion index, if its Job is Indexed."""
    value = pod["metadata"].get("annotations", {}).get(INDEX)
    return None if value is None else int(value)


def is_over(pod: Json) -> bool:
    """Return whether a pod has ended."""
    return pod["status"]["phase"] in {"Succeeded", "Failed"}


def exit_code(pod: Json) -> int:
    """Return the exit code of an ended pod's container."""
    code: int = pod["status"]["containerStatuses"][0]["state"]["terminated"]["exitCode"]
    return code


def show(pod: Json, answer: scenarios.Answer) -> tuple[str, str] | None:
    """Make a pod's status what Kubernetes would show.

    Returns:
        Reason and message of the event that Kubernetes records, if it does.
    """
    match answer:
        case int():
            _end(pod, scenarios.Exit(answer))
        case scenarios.Exit():
            _end(pod, answer)
        case scenarios.Running():
            pod["status"] |= {"phase": "Running", "startTime": now()}
            _set_state(pod, {"running": {}})
        case scenarios.Outlived(code, log):
            _end(pod, scenarios.Exit(code, log))
            pod["status"]["phase"] = "Running"
            sidecar = {"name": "vault-agent", "state": {"running": {}}}
            pod["status"]["containerStatuses"].append(sidecar)
        case scenarios.Unschedulable(message):
            unscheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}
            pod["status"]["conditions"] = [unscheduled | {"message": message}]
        case scenarios.ImageError(why):
            _set_state(pod, {"waiting": _image_error(pod, why)})
        case scenarios.Waiting(reason, message):
            _set_state(pod, {"waiting": {"reason": reason, "message": message}})
        case scenarios.MountFailure(message):
            _set_state(pod, {"waiting": {"reason": "ContainerCreating"}})
            return "FailedMount", message
    return None


def _end(pod: Json, answer: scenarios.Exit) -> None:
    is_good = answer.code == 0
    end = {
        "exitCode": answer.code,
        "reason": answer.reason or ("Completed" if is_good else "Error"),
        "finishedAt": now(),
    }
    policy = pod["spec"]["containers"][0].get("terminationMessagePolicy")
    if answer.log and not is_good and policy == "FallbackToLogsOnError":
        end["message"] = "".join(answer.log.splitlines(keepends=True)[-80:])[-2048:]
    pod["status"].setdefault("startTime", now())
    pod["status"]["phase"] = "Succeeded" if is_good else "Failed"
    if answer.disrupted:
        pod["status"]["conditions"] = [{"type": "DisruptionTarget", "status": "True"}]
    _set_state(pod, {"terminated": end})


def _image_error(pod: Json, why: str) -> Json:
    """Return why a container waits: an error at first, and that its pull is backed off after it."""
    image = pod["spec"]["containers"][0]["image"]
    message = f'failed to pull and unpack image "{image}": failed to resolve reference: {why}'
    if "containerStatuses" not in pod["status"]:
        return {"reason": "ErrImagePull", "message": message}
    message = f'Back-off pulling image "{image}": ErrImagePull: {message}'
    return {"reason": "ImagePullBackOff", "message": message}


def _set_state(pod: Json, state: Json) -> None:
    pod["status"]["containerStatuses"] = [
        {"name": container["name"], "state": state} for container in pod["spec"]["containers"]
    ]
