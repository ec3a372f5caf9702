"""What a Job's podFailurePolicy says about a failed pod."""

from typing import NamedTuple

from tests.unit.launch.kubernetes.double import pods
from tests.unit.launch.kubernetes.double.refusals import Json


class Verdict(NamedTuple):
    """The action of the first rule that matches, and what Kubernetes says of it."""

    action: str
    message: str = ""


def verdict_of(job: Json, pod: Json) -> Verdict:
    """Return what to do about a failed pod; without a matching rule it counts."""
    where = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
    for number, rule in enumerate(job["spec"].get("podFailurePolicy", {}).get("rules", [])):
        action = rule["action"]
        end = f"matching {action} rule at index {number}"
        on_codes = rule.get("onExitCodes")
        if on_codes and _matches_code(on_codes, pod):
            container, code = pod["spec"]["containers"][0]["name"], pods.exit_code(pod)
            message = f"Container {container} for pod {where} failed with exit code {code} {end}"
            return Verdict(action, message)
        for pattern in rule.get("onPodConditions", []):
            found = pods.condition(pod, pattern["type"])
            if found and found["status"] == pattern.get("status", "True"):
                return Verdict(action, f"Pod {where} has condition {pattern['type']} {end}")
    return Verdict("Count")


def _matches_code(on_codes: Json, pod: Json) -> bool:
    code, name = pods.exit_code(pod), pod["spec"]["containers"][0]["name"]
    if code == 0 or on_codes.get("containerName", name) != name:
        return False
    inside: bool = code in on_codes["values"]
    return inside if on_codes["operator"] == "In" else not inside
