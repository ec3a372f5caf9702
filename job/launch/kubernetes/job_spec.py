"""The Job of a stage: its name, its labels, and when Kubernetes retries or gives up."""

import copy
import hashlib
import json
import re
from collections.abc import Iterable
from typing import cast

from job.config.schema import Config
from job.errors import BadDataError, ConfigError, MissingLabelsError, UsageError
from job.keys import REPORT, RoundRef, Stage, StageRef
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.whole import WholeRef

CONTAINER = "stage"
"""The container of a stage's pod that runs `al-job`."""
SPEC_HASH = "al-voc/spec-hash"
QUEUE, PRIORITY = "kueue.x-k8s.io/queue-name", "kueue.x-k8s.io/priority-class"
PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution"
MAX_NAME = 52
"""The host name of an Indexed Job's pod is the Job's name and an index, at most 63 characters."""
MAX_NAME_OF_SEVERAL = 50
"""A JobSet puts more into a pod's name: `-p-0`, an index below 100, and `-` with five letters."""
PERMANENT = tuple(
    kind.exit_code for kind in (UsageError, BadDataError, MissingLabelsError, ConfigError)
)
"""Exit codes of errors that another attempt would meet again."""


def job_name(
    launch: LaunchConfig, ref: StageRef, attempt: int, max_length: int | None = None
) -> str:
    """Return the name of a stage's Job. It is the same for every driver, so it locks the stage.

    A long name is cut, and a digest of the release and the stage keeps it unique. That of a JobSet
    begins with one of the release alone, by which alerts know it.

    Args:
        launch: The release.
        ref: The stage.
        attempt: Which of the stage's Jobs this is, from 1.
        max_length: What is long; None: as long as the names of its pods allow.
    """
    this = ref.round
    arm = [this.arm] if this.arm else []
    which = [this.label] if this.is_test else [f"s{this.seed}", *arm, f"r{this.index}"]
    which = [] if this.is_whole else which
    words = [launch.release, this.experiment, *which, ref.stage]
    name = "-".join([*words, str(attempt)])
    is_set = is_of_several_nodes(launch, ref)
    limit = max_length or (MAX_NAME_OF_SEVERAL if is_set else MAX_NAME)
    if len(name) <= limit and re.fullmatch("[a-z0-9-]+", name):
        return name
    of_release = hashlib.sha256(launch.release.encode()).hexdigest()[:4] if is_set else ""
    digest = of_release + hashlib.sha256(f"{launch.release}/{ref.prefix}".encode()).hexdigest()[:6]
    tail = f"-{digest}-{ref.stage}-{attempt}"
    short = [re.sub("[^a-z0-9]+", "-", word.lower()) for word in words[:-1]]
    while len("-".join(short)) > limit - len(tail):
        longest = max(range(len(short)), key=lambda number: len(short[number]))
        short[longest] = short[longest][:-1]
    return "-".join(word.strip("-") for word in short) + tail


def is_of_several_nodes(launch: LaunchConfig, ref: StageRef) -> bool:
    """Whether a stage is done by several pods together, which end together."""
    return ref.stage == "train" and launch.train_nodes > 1


def stage_labels(launch: LaunchConfig, ref: StageRef) -> dict[str, str]:
    """Return the labels of every Job and pod of a stage, whatever the attempt."""
    this = ref.round
    labels = {
        "al-voc/release": launch.release,
        "al-voc/experiment": this.experiment,
        "al-voc/stage": ref.stage,
    }
    if this.is_whole:
        return labels
    labels |= {} if this.is_test else {"al-voc/seed": str(this.seed)}
    labels |= {"al-voc/round": this.label}
    return labels | ({"al-voc/arm": this.arm} if this.arm else {})


def stage_of(job: KubeObject) -> StageRef | None:
    """Return the stage that a Job is of: what `stage_labels` says, backwards.

    Nothing, if a label is missing that every driver gives: somebody else has made the Job.
    """
    labels = {name.removeprefix("al-voc/"): v for name, v in job["metadata"]["labels"].items()}
    try:
        attempt_of(job)
        return _place_of(labels).stage(cast("Stage", labels["stage"]))
    except (KeyError, ValueError):
        return None


def _place_of(labels: dict[str, str]) -> RoundRef:
    experiment = labels["experiment"]
    if labels["stage"] == REPORT:
        return WholeRef.report(experiment).round
    if "seed" not in labels:
        number = labels["round"].rpartition("-")[2]
        return RoundRef.of_test(experiment, int(number) - 1 if number.isdigit() else 0)
    return RoundRef(experiment, int(labels["seed"]), labels.get("arm"), int(labels["round"]))


def attempt_of(job: KubeObject) -> int:
    """Return which of its stage's Jobs this is, from 1."""
    return int(job["metadata"]["labels"]["al-voc/attempt"])


def spec_hash_of(job: KubeObject) -> str | None:
    """Return the digest of what a Job runs, or nothing if no driver created the Job."""
    digest: str | None = job["metadata"].get("annotations", {}).get(SPEC_HASH)
    return digest


def queue_of(job: KubeObject) -> str:
    """Return the queue of Kueue that a Job is in, with its priority, or an empty text."""
    labels = job["metadata"].get("labels", {})
    return ", ".join(labels[name] for name in (QUEUE, PRIORITY) if name in labels)


def resources(launch: LaunchConfig, ref: StageRef) -> list[object]:
    """Return what the containers of a stage's pod ask for."""
    pod = launch.templates[ref.stage]["spec"]["template"]["spec"]
    return [each.get("resources") for each in pod["containers"]] + [pod.get("resourceClaims")]


def make_job(launch: LaunchConfig, config: Config, ref: StageRef, attempt: int) -> KubeObject:
    """Return the Job that runs a stage.

    Args:
        launch: It holds the stage's template, which is completed.
        config: The experiment; the stage itself reads it from the store.
        ref: The stage.
        attempt: Which of the stage's Jobs this is, from 1.
    """
    job: KubeObject = {"apiVersion": "batch/v1", "kind": "Job"}
    job |= copy.deepcopy(launch.templates[ref.stage])
    spec = job["spec"]
    spec |= _pods(launch, ref)
    spec["podFailurePolicy"] = _failure_policy("FailIndex" if ref.stage == "score" else "FailJob")
    if launch.ttl_seconds_after_finished:
        spec["ttlSecondsAfterFinished"] = launch.ttl_seconds_after_finished
    _complete_pod(spec["template"]["spec"], _arguments(launch, ref))
    if launch.slim_image and ref.stage == "select" and ref.round.index and not ref.round.is_test:
        # Round 0 has no score record yet: its strategy may look at embeddings, which need torch.
        _replace_image(spec["template"]["spec"], launch.image, launch.slim_image)
    metadata = job.setdefault("metadata", {})
    metadata |= {"name": job_name(launch, ref, attempt), "namespace": launch.namespace}
    of_config = "" if ref.round.is_whole else config.stage_digest(ref)
    digest = _spec_hash(spec["template"], of_config)
    _add(metadata, "annotations", {SPEC_HASH: digest})
    labels = stage_labels(launch, ref) | {"al-voc/attempt": str(attempt)}
    _add(spec["template"].setdefault("metadata", {}), "labels", labels)
    queue = {QUEUE: launch.queue_name} if launch.queue_name else {}
    _add(metadata, "labels", labels | queue)
    return job


def prefer_other_nodes(job: KubeObject, nodes: Iterable[str]) -> None:
    """Let the scheduler take these nodes only if no other has room: a device there may be broken.

    The spec hash does not count it: that is of what the configuration makes.
    """
    pod = job["spec"]["template"]["spec"]
    affinity = (pod.get("affinity") or {}).copy()
    own = (affinity.get("nodeAffinity") or {}).copy()
    others = [
        {"matchFields": [{"key": "metadata.name", "operator": "NotIn", "values": [node]}]}
        for node in nodes
    ]
    if others:
        preferred = own.get(PREFERRED, []) + [{"weight": 100, "preference": e} for e in others]
        pod["affinity"] = affinity | {"nodeAffinity": own | {PREFERRED: preferred}}


def set_variable(job: KubeObject, name: str, value: str) -> None:
    """Set a variable of the stage's container, unless the template has it.

    The spec hash does not count it: a Job without it may run to its end.
    """
    container = _stage_container(job["spec"]["template"]["spec"])
    variables = container.get("env") or []
    if all(each["name"] != name for each in variables):
        container["env"] = [*variables, {"name": name, "value": value}]


def _add(metadata: KubeObject, kind: str, values: dict[str, str]) -> None:
    metadata[kind] = (metadata.get(kind) or {}) | values


def _complete_pod(pod: KubeObject, arguments: list[str]) -> None:
    container = _stage_container(pod)
    container["args"] = arguments
    container["terminationMessagePolicy"] = "FallbackToLogsOnError"
    pod["restartPolicy"] = "Never"  # a failure policy needs this


def _stage_container(pod: KubeObject) -> KubeObject:
    container: KubeObject
    [container] = [each for each in pod["containers"] if each["name"] == CONTAINER]
    return container


def _replace_image(pod: KubeObject, image: str, other: str) -> None:
    """Let the containers that have an image have another one, and record it in the marker."""
    for container in (*pod.get("initContainers", ()), *pod["containers"]):
        if container.get("image") == image:
            container["image"] = other
            for variable in container.get("env", ()):
                if variable["name"] == "AL_IMAGE":
                    variable["value"] = other


def _spec_hash(*content: object) -> str:
    """Return a digest of what runs. The number and the order of attempts are not part of it."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]


def _arguments(launch: LaunchConfig, ref: StageRef) -> list[str]:
    this = ref.round
    if isinstance(this, WholeRef):
        return [ref.stage, f"--experiment={this.experiment}", f"--of={this.of}"]
    arguments = [ref.stage, f"--round={this.label}", f"--experiment={this.experiment}"]
    arguments += [] if this.is_test else [f"--seed={this.seed}"]
    arguments += [f"--arm={this.arm}"] if this.arm else []
    arguments += [f"--set={each}" for each in launch.runtime]
    if ref.stage == "score":
        arguments.append(f"--partition=$(JOB_COMPLETION_INDEX)/{launch.score_partitions}")
    return arguments


def _pods(launch: LaunchConfig, ref: StageRef) -> KubeObject:
    """Return the spec of how many pods do a stage, and how many may fail."""
    if ref.stage == "score":
        return _partitions(launch)
    if is_of_several_nodes(launch, ref):
        return _nodes(launch)
    return {"backoffLimit": launch.backoff_limit}


def _nodes(launch: LaunchConfig) -> KubeObject:
    """Return the spec of pods that need each other: if one fails, so do the others."""
    number = launch.train_nodes
    return {
        "completionMode": "Indexed",
        "completions": number,
        "parallelism": number,
        "backoffLimit": launch.backoff_limit * number,
    }


def _partitions(launch: LaunchConfig) -> KubeObject:
    """Return the spec of one pod a partition, each with its own count of failures."""
    return {
        "completionMode": "Indexed",
        "completions": launch.score_partitions,
        "parallelism": min(launch.score_parallelism, launch.score_partitions),
        "backoffLimitPerIndex": launch.backoff_limit,
        # A cause that all partitions share is not met by each of them, as often as it may.
        "maxFailedIndexes": max(1, launch.score_partitions // 10),
    }


def _failure_policy(action: str) -> KubeObject:
    """Return the policy: permanent errors are final; disruptions, such as a drain, do not count."""
    codes = {"containerName": CONTAINER, "operator": "In", "values": sorted(PERMANENT)}
    disruption = [{"type": "DisruptionTarget", "status": "True"}]
    return {
        "rules": [
            {"action": action, "onExitCodes": codes},
            {"action": "Ignore", "onPodConditions": disruption},
        ]
    }
