"""JobSet's controller, as far as a set of one Job goes."""

import re

from tests.unit.launch.kubernetes.double.world import Json, World

NAME = "jobset.sigs.k8s.io/jobset-name"


def child_of(job_set: Json) -> Json:
    """Return the Job that a set makes, and makes again at each restart."""
    [replicated] = job_set["spec"]["replicatedJobs"]
    name, spec = job_set["metadata"]["name"], replicated["template"]["spec"]
    template = spec["template"]
    labels = template["metadata"].get("labels", {}) | {NAME: name}
    template = template | {"metadata": template["metadata"] | {"labels": labels}}
    metadata = {"name": f"{name}-{replicated['name']}-0", "labels": {NAME: name}}
    return {"metadata": metadata, "spec": spec | {"template": template}}


def sync(world: World, job_set: Json) -> bool:
    """Let a set end with its Job, and return whether the Job has to be made again."""
    child = world.jobs[child_of(job_set)["metadata"]["name"]]
    status = job_set["status"]
    for condition in child["status"].get("conditions", []) if not status["conditions"] else []:
        if condition["type"] == "Complete":
            _end(status, "Completed")
        if condition["type"] == "Failed":
            return _restarts(job_set, condition)
    return False


def _restarts(job_set: Json, condition: Json) -> bool:
    """Apply the failure policy."""
    policy, status = job_set["spec"]["failurePolicy"], job_set["status"]
    action = next((e["action"] for e in policy["rules"] if _matches(e, condition)), "RestartJobSet")
    status["restarts"] += 1
    status["counted"] += action == "RestartJobSet"
    if action == "FailJobSet" or status["counted"] > policy["maxRestarts"]:
        _end(status, "Failed")
        return False
    return True


def _matches(rule: Json, condition: Json) -> bool:
    patterns = rule.get("onJobFailureMessagePatterns", [""])
    is_named = any(re.search(each, condition["message"]) for each in patterns)
    return is_named and condition["reason"] in rule["onJobFailureReasons"]


def _end(status: Json, kind: str) -> None:
    status["conditions"] = [{"type": kind, "status": "True"}]
