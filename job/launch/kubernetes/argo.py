"""Stages as a workflow of Argo: a task for each stage, which runs when those it needs are done.

The pods are those of the Jobs. A template is written once for all stages whose pods differ in their
arguments alone, because a workflow with all its nodes is one object of a limited size.
"""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass, field

from job.errors import UsageError
from job.keys import REPORT, StageRef
from job.launch.kubernetes.job_spec import CONTAINER, PERMANENT, job_name, make_job
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.plan import Plan
from job.whole import WholeRef

MAX_PODS = 1000
"""Argo keeps two nodes a pod in the workflow, which has to stay below a megabyte, compressed."""
_TEMPLATE_FIELDS = (
    "serviceAccountName", "securityContext", "volumes", "nodeSelector", "affinity", "tolerations",
    "priorityClassName", "schedulerName", "activeDeadlineSeconds",
)  # fmt: skip
"""What a template has of a pod's spec. The rest is a patch."""
_OF_JOBS = ("containers", "restartPolicy", "automountServiceAccountToken", "subdomain")
"""What Argo sets itself: it restarts no container, and its own one needs the account's token."""
_OF_A_ROUND = tuple(f"al-voc/{name}" for name in ("seed", "arm", "round", "attempt"))
"""Labels in which the pods of one template differ."""
_COMMAND = ("tini", "-s", "--", "al-job")
"""The container image's entry point, which Argo cannot ask a registry for.

With `-s`, because process 1 is Argo's.
"""
_USER = {"runAsUser": 65532}
"""The container image's user. Argo's own containers get it by this: their image's is root."""


def make_workflow(launch: LaunchConfig, plan: Plan, stages: Collection[StageRef]) -> KubeObject:
    """Return the workflow that runs some stages of an experiment and writes its report.

    Args:
        launch: How pods look.
        plan: The experiment.
        stages: Each after those it needs, as far as these are among them.

    Raises:
        UsageError: They are too many for one workflow, or a training takes several pods.
    """
    num_pods = sum(launch.score_partitions if ref.stage == "score" else 1 for ref in stages)
    if num_pods > MAX_PODS:
        message = (
            f"{num_pods} pods are more than a workflow can hold ({MAX_PODS}): choose an arm or a "
            "seed (--arm, --seed), and make a workflow for each"
        )
        raise UsageError(message)
    if launch.train_nodes > 1:
        message = (
            f"trainNodes is {launch.train_nodes}, and a task of Argo is one pod: render with "
            "stages.train.nodes=1, or let the driver launch the stages"
        )
        raise UsageError(message)
    return _Builder(launch, plan).build(stages)


@dataclass
class _Builder:
    """The templates of a workflow, as far as its tasks need them."""

    launch: LaunchConfig
    plan: Plan
    templates: dict[str, KubeObject] = field(default_factory=dict)
    """By what they have in common with no other."""

    def build(self, stages: Collection[StageRef]) -> KubeObject:
        """Return the workflow."""
        tasks = [self._task(ref, stages) for ref in stages]
        report = self._report([task["name"] for task in tasks])
        dag = {"name": "experiment", "dag": {"failFast": False, "tasks": [*tasks, report]}}
        words = f"{self.launch.release}-{self.plan.config.experiment}-"
        return {
            "apiVersion": "argoproj.io/v1alpha1",
            "kind": "Workflow",
            "metadata": {
                "generateName": re.sub("[^a-z0-9]+", "-", words.lower()),
                "namespace": self.launch.namespace,
            },
            "spec": {
                "entrypoint": dag["name"],
                "parallelism": self.launch.max_parallel,
                "podGC": {"strategy": "OnPodSuccess"},
                "templates": [dag, *self.templates.values()],
            },
        }

    def _task(self, ref: StageRef, stages: Collection[StageRef]) -> KubeObject:
        count = self.launch.score_partitions if ref.stage == "score" else 1
        values = {
            "round": ref.round.label,
            "seed": "" if ref.round.is_test else str(ref.round.seed),
            "arm": ref.round.arm or "",
            "lock": job_name(self.launch, ref, 1).removesuffix("-1"),
        }
        if ref.stage == "score":
            values["partition"] = "{{item}}" if count > 1 else "0"
            values["lock"] += f"-{values['partition']}"
        needed = [_name(each) for each in self.plan.needs(ref) if each in stages]
        return {
            "name": _name(ref),
            "template": self._template_of(ref),
            "arguments": {"parameters": [{"name": k, "value": v} for k, v in values.items()]},
            **({"dependencies": needed} if needed else {}),
            **({"withSequence": {"count": str(count)}} if count > 1 else {}),
        }

    def _template_of(self, ref: StageRef) -> str:
        """Return the name of the template of a stage's pods, which is made if there is none."""
        arguments = [ref.stage, "--round={{inputs.parameters.round}}"]
        arguments += [f"--experiment={ref.round.experiment}"]
        arguments += [f"--set={each}" for each in self.launch.runtime]
        if ref.stage == "score":
            share = "{{inputs.parameters.partition}}"
            arguments.append(f"--partition={share}/{self.launch.score_partitions}")
        names = ["round", "seed", "arm", "lock", *(["partition"] if ref.stage == "score" else [])]
        inputs = {"parameters": [{"name": name} for name in names]}
        lock = {"mutexes": [{"name": "{{inputs.parameters.lock}}"}]}
        body = {"inputs": inputs, "synchronization": lock, **self._body(ref, arguments)}
        return self._named(ref.stage, body)

    def _report(self, after: list[str]) -> KubeObject:
        """Return the task that writes the report."""
        experiment = self.plan.config.experiment
        ref = WholeRef.report(experiment)
        body = self._body(ref, [REPORT, f"--experiment={experiment}"])
        return {"name": REPORT, "template": self._named(REPORT, body), "dependencies": after}

    def _named(self, word: str, body: KubeObject) -> str:
        """Return the name of a template, which is the word or the word and a number."""
        key = json.dumps(body, sort_keys=True)
        if key not in self.templates:
            others = [each for each in self.templates.values() if each["name"].startswith(word)]
            name = f"{word}-{len(others) + 1}" if others else word
            self.templates[key] = {"name": name} | body
        return str(self.templates[key]["name"])

    def _body(self, ref: StageRef, arguments: list[str]) -> KubeObject:
        """Return a template without its name: the pod of a stage's Job, with other arguments."""
        pod = make_job(self.launch, self.plan.config, ref, 1)["spec"]["template"]
        spec = pod["spec"]
        [container] = [each for each in spec["containers"] if each["name"] == CONTAINER]
        container |= {"command": [*_COMMAND], "args": arguments}
        if not ref.round.is_whole:
            container["env"] = [*container.get("env", ()), *_place()]
        spec["securityContext"] = _USER | spec.get("securityContext", {})
        rest = {k: v for k, v in spec.items() if k not in (*_TEMPLATE_FIELDS, *_OF_JOBS)}
        labels = {k: v for k, v in pod["metadata"]["labels"].items() if k not in _OF_A_ROUND}
        return {
            "metadata": {**pod["metadata"], "labels": labels},
            "retryStrategy": _retry(self.launch.backoff_limit),
            **{name: spec[name] for name in _TEMPLATE_FIELDS if name in spec},
            "container": {k: v for k, v in container.items() if k != "name"},
            **({"podSpecPatch": json.dumps(rest)} if rest else {}),
        }


def _retry(limit: int) -> KubeObject:
    """Return when a pod is replaced: as by a Job, permanent errors are final."""
    codes = ", ".join(map(str, sorted(PERMANENT)))
    expression = f"!(asInt(lastRetry.exitCode) in [{codes}])"
    return {"limit": str(limit), "retryPolicy": "Always", "expression": expression}


def _place() -> list[KubeObject]:
    """Return the variables that say which arm and seed; an empty one is none, as in round 0."""
    names = ("seed", "arm")
    return [{"name": f"AL_{e.upper()}", "value": f"{{{{inputs.parameters.{e}}}}}"} for e in names]


def _name(ref: StageRef) -> str:
    """Return the name of a stage's task."""
    this = ref.round
    words = [this.label] if this.is_test else [f"s{this.seed}", this.arm or "", f"r{this.index}"]
    return "-".join([*filter(None, words), ref.stage]).replace(".", "-")
