"""Job objects: what the API server checks and fills in, and how their status is written."""

import re
from collections.abc import Iterable

from tests.unit.launch.kubernetes.double import refusals
from tests.unit.launch.kubernetes.double.refusals import JOBS, Json

LABEL = re.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?")
LABEL_VALUE = re.compile("([A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?)?")
MAX_LABEL = 63
NO_LIMIT = 2**31 - 1
NOT_A_NAME = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used "
    "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
NOT_A_VALUE = (
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or "
    "'.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  "
    "or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"
)


def check(job: Json) -> None:
    """Refuse a Job that Kubernetes would refuse, as far as the driver could go wrong.

    Raises:
        RefusedError: 422, with Kubernetes' words.
    """
    name, spec = job["metadata"]["name"], job.get("spec", {})
    template = spec.get("template", {})
    for field, problem in [
        *_name_problems(name, spec),
        *_label_problems("metadata.labels", job["metadata"]),
        *_label_problems("spec.template.labels", template.get("metadata", {})),
        *_spec_problems(spec, template.get("spec", {})),
    ]:
        raise refusals.invalid(JOBS, name, field, problem)


def fill_in(job: Json, uid: str) -> None:
    """Give a new Job the defaults of the API server."""
    spec, name = job["spec"], job["metadata"]["name"]
    owner = {"batch.kubernetes.io/controller-uid": uid, "controller-uid": uid}
    labels = owner | {"batch.kubernetes.io/job-name": name, "job-name": name}
    pod = spec["template"].setdefault("metadata", {})
    pod["labels"] = (pod.get("labels") or {}) | labels
    # without labels of its own a Job gets those of its pods, ours apart
    job["metadata"]["labels"] = (job["metadata"].get("labels") or pod["labels"]) | labels
    job["metadata"]["generation"] = 1
    per_index = "backoffLimitPerIndex" in spec
    replacement = "Failed" if "podFailurePolicy" in spec else "TerminatingOrFailed"
    defaults = {
        "completionMode": "NonIndexed",
        "completions": 1,
        "parallelism": 1,
        "backoffLimit": NO_LIMIT if per_index else 6,
        "manualSelector": False,
        "podReplacementPolicy": replacement,
        "selector": {"matchLabels": {"batch.kubernetes.io/controller-uid": uid}},
        "suspend": False,
    }
    job["spec"] = defaults | spec
    job["status"] = {}


def condition(job: Json, name: str) -> Json | None:
    """Return a condition of a Job."""
    found = (c for c in job["status"].get("conditions", []) if c["type"] == name)
    return next(found, None)


def is_finished(job: Json) -> bool:
    """Return whether a Job is Complete or Failed."""
    return bool(condition(job, "Complete") or condition(job, "Failed"))


def set_condition(job: Json, name: str, value: str, words: tuple[str, str], now: str) -> None:
    """Set a condition of a Job.

    Args:
        job: It is changed.
        name: The condition's type.
        value: `True` or `False`, as the API spells it.
        words: Reason and message.
        now: The time, as the API writes it.
    """
    others = [c for c in job["status"].get("conditions", []) if c["type"] != name]
    new = {"type": name, "status": value, "lastProbeTime": now, "lastTransitionTime": now}
    new |= dict(zip(("reason", "message"), words, strict=True))
    job["status"]["conditions"] = [*others, new]


def ranges(indexes: Iterable[int]) -> str:
    """Write indexes as Kubernetes does: `0,2-4`."""
    parts: list[list[int]] = []
    for index in sorted(indexes):
        if parts and parts[-1][-1] == index - 1:
            parts[-1] = [parts[-1][0], index]
        else:
            parts.append([index])
    return ",".join("-".join(map(str, part)) for part in parts)


def _name_problems(name: str, spec: Json) -> Iterable[tuple[str, str]]:
    if not LABEL.fullmatch(name):
        yield "metadata.name", f'Invalid value: "{name}": {NOT_A_NAME}'
    if len(name) > MAX_LABEL:
        yield "spec.template.labels", f'Invalid value: "{name}": must be no more than 63 bytes'
    if spec.get("completionMode") == "Indexed":
        host = f"{name}-{(spec.get('completions') or 1) - 1}"
        if len(host) > MAX_LABEL:
            why = f"will not able to create pod with invalid DNS label: {host}"
            yield "metadata.name", f'Invalid value: "{name}": {why}'


def _label_problems(field: str, metadata: Json) -> Iterable[tuple[str, str]]:
    for value in (metadata.get("labels") or {}).values():
        if len(value) > MAX_LABEL:
            yield field, f'Invalid value: "{value}": must be no more than 63 bytes'
        if not LABEL_VALUE.fullmatch(value):
            yield field, f'Invalid value: "{value}": {NOT_A_VALUE}'


def _spec_problems(spec: Json, pod: Json) -> Iterable[tuple[str, str]]:
    indexed = spec.get("completionMode") == "Indexed"
    if not pod.get("containers"):
        yield "spec.template.spec.containers", "Required value"
    if pod.get("restartPolicy") not in {"OnFailure", "Never"}:
        field = "spec.template.spec.restartPolicy"
        yield field, 'Required value: valid values: "OnFailure", "Never"'
    if "backoffLimitPerIndex" in spec and not indexed:
        problem = "requires indexed completion mode"
        yield (
            "spec.backoffLimitPerIndex",
            f"Invalid value: {spec['backoffLimitPerIndex']}: {problem}",
        )
    if "podFailurePolicy" in spec and pod.get("restartPolicy") != "Never":
        problem = 'only "Never" is supported when podFailurePolicy is specified'
        yield "spec.template.spec.restartPolicy", f'Invalid value: "OnFailure": {problem}'
    names = [container["name"] for container in pod.get("containers", [])]
    for number, rule in enumerate(spec.get("podFailurePolicy", {}).get("rules", [])):
        where, on_codes = f"spec.podFailurePolicy.rules[{number}]", rule.get("onExitCodes", {})
        container = on_codes.get("containerName")
        if rule["action"] == "FailIndex" and "backoffLimitPerIndex" not in spec:
            why = 'Invalid value: "FailIndex": requires the backoffLimitPerIndex to be set'
            yield f"{where}.action", why
        if container and container not in names:
            why = "must be one of the container or initContainer names in the pod template"
            yield f"{where}.onExitCodes.containerName", f'Invalid value: "{container}": {why}'
        if on_codes.get("operator") == "In" and 0 in on_codes["values"]:
            field = f"{where}.onExitCodes.values[{on_codes['values'].index(0)}]"
            yield field, "Invalid value: 0: must not be 0 for the In operator"
