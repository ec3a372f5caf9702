"""Pods that need each other, as a JobSet: if one fails, all of them are started anew, and at once.

A cluster without JobSet has an Indexed Job of the same pods, which replaces one pod after another.
"""

import copy

from job.launch.kubernetes.settings import KubeObject, LaunchConfig

API_VERSION = "jobset.x-k8s.io/v1alpha2"
NAME_LABEL = "jobset.sigs.k8s.io/jobset-name"
"""The label by which a pod says which JobSet it is of."""
_REPLICATED_JOB = "p"
"""Short, because it is a part of the pods' names."""
_POLICY = "PodFailurePolicy"
"""The reason that a Job gives if its failure policy ended it."""


def as_job_set(job: KubeObject, launch: LaunchConfig) -> KubeObject:
    """Return the JobSet that runs the pods of an Indexed Job."""
    spec = copy.deepcopy(job["spec"])
    keep = spec.pop("ttlSecondsAfterFinished", None)
    # The set counts the attempts. A disruption ends one, too, so that all pods begin anew.
    spec["backoffLimit"] = 0
    for rule in spec["podFailurePolicy"]["rules"]:
        rule["action"] = "FailJob"
    replicated = {"name": _REPLICATED_JOB, "replicas": 1, "template": {"spec": spec}}
    return {
        "apiVersion": API_VERSION,
        "kind": "JobSet",
        "metadata": copy.deepcopy(job["metadata"]),
        "spec": {
            "network": {"enableDNSHostnames": False},  # the chart's Service has the pods' names
            "failurePolicy": _failure_policy(launch.backoff_limit),
            "replicatedJobs": [replicated],
            **({"ttlSecondsAfterFinished": keep} if keep else {}),
        },
    }


def _failure_policy(max_restarts: int) -> KubeObject:
    """Return the policy: a disruption costs no attempt, and a permanent error is final."""
    reasons = {"onJobFailureReasons": [_POLICY]}
    disruption = {
        "name": "disruption",
        "action": "RestartJobSetAndIgnoreMaxRestarts",
        "onJobFailureMessagePatterns": ["DisruptionTarget"],
    }
    permanent = {"name": "permanent", "action": "FailJobSet"}
    return {"maxRestarts": max_restarts, "rules": [disruption | reasons, permanent | reasons]}


def why_left(pod: KubeObject) -> str:
    """Say of what a living pod is left, if its stage has no Job by the present values."""
    name = pod["metadata"]["name"]
    job_set = pod["metadata"]["labels"].get(NAME_LABEL)
    if job_set is None or "deletionTimestamp" in pod["metadata"]:
        return f"pod {name} of a Job that is gone"
    return (
        f"pod {name} of JobSet {job_set}, which this driver may not see: it may run to "
        f"its end first, or if it is not to, `kubectl delete jobset {job_set}`"
    )


def as_job(job_set: KubeObject) -> KubeObject:
    """Return a JobSet as the Job that it stands for: whether it waits, and how it ended."""
    status = job_set.get("status", {})
    names = {"Completed": "Complete"}
    conditions = [
        each | {"type": names.get(each["type"], each["type"])}
        for each in status.get("conditions", [])
    ]
    return {
        "kind": "JobSet",
        "metadata": job_set["metadata"],
        "spec": {"suspend": job_set["spec"].get("suspend", False)},
        "status": {"conditions": conditions, "failed": status.get("restarts", 0)},
    }
