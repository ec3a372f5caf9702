"""The workflow of Argo: the stages in their order, in the pods of their Jobs."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from job.config import loading
from job.errors import UsageError
from job.launch.kubernetes.argo import MAX_PODS, make_workflow
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.plan import Plan
from job.runtime.yaml_text import write_yaml

ROOT = Path(__file__).parents[4]
LOCK = "{{inputs.parameters.lock}}"
Make = Callable[..., KubeObject]


@pytest.fixture
def plan(tiny: str) -> Plan:
    """An experiment of two arms and three rounds."""
    return Plan(loading.parse(tiny, "tiny"))


@pytest.fixture
def workflow(launch: LaunchConfig, plan: Plan) -> KubeObject:
    """The workflow of all stages."""
    return make_workflow(launch, plan, list(plan.stages()))


def templates(workflow: KubeObject) -> dict[str, Any]:
    return {each["name"]: each for each in workflow["spec"]["templates"]}


def tasks(workflow: KubeObject) -> dict[str, Any]:
    dag = templates(workflow)[workflow["spec"]["entrypoint"]]["dag"]
    return {each["name"]: each for each in dag["tasks"]}


def values(holder: dict[str, Any]) -> dict[str, str]:
    parameters = holder.get("arguments", holder.get("inputs", {})).get("parameters", [])
    return {each["name"]: each.get("value", "") for each in parameters}


def test_each_stage_is_a_task_after_what_it_needs(workflow: KubeObject) -> None:
    """Round 0 is shared; an arm that reads scores waits for them, and the report for all."""
    found = tasks(workflow)
    needed = {name: task.get("dependencies", []) for name, task in found.items()}
    assert needed["s0-r0-select"] == []
    assert needed["s0-r0-score"] == ["s0-r0-train"]
    assert needed["s0-random-r1-select"] == ["s0-r0-annotate"]
    assert needed["s0-brust-r1-select"] == ["s0-r0-annotate", "s0-r0-score"]
    assert needed["s0-brust-r2-train"] == ["s0-brust-r2-annotate", "s0-brust-r1-train"]
    assert set(needed["report"]) == found.keys() - {"report"}


def test_a_workflow_has_the_stages_of_the_plan(workflow: KubeObject, plan: Plan) -> None:
    """None is missing, and each has its own lock, by which two workflows do not run it at once."""
    assert len(tasks(workflow)) == len(list(plan.stages())) + 1
    locks = [values(task)["lock"] for name, task in tasks(workflow).items() if name != "report"]
    assert len(set(locks)) == len(locks)
    assert "al-voc-tiny-s0-brust-r1-train" in locks
    train = templates(workflow)["train"]
    assert train["synchronization"] == {"mutexes": [{"name": LOCK}]}


def test_tasks_call_what_there_is(workflow: KubeObject) -> None:
    """Each gives its template all that it asks for, and a template is written once."""
    for task in tasks(workflow).values():
        assert values(task).keys() == values(templates(workflow)[task["template"]]).keys()
    names = [each["name"] for each in workflow["spec"]["templates"]]
    assert sorted(names) == sorted({*names})
    assert len(names) == len(("experiment", "report", *templates_of_stages(workflow)))


def templates_of_stages(workflow: KubeObject) -> set[str]:
    found = {task["template"] for task in tasks(workflow).values()} - {"report"}
    assert found == {"select", "annotate", "train", "evaluate", "score"}
    return found


def test_a_task_runs_the_command_of_its_stage(workflow: KubeObject) -> None:
    """With the image's entry point, below a process of Argo's; round 0 has an empty arm."""
    container = templates(workflow)["train"]["container"]
    assert container["command"] == ["tini", "-s", "--", "al-job"]
    assert container["args"] == [
        "train", "--round={{inputs.parameters.round}}", "--experiment=tiny"
    ]  # fmt: skip
    env = {each["name"]: each["value"] for each in container["env"]}
    assert env == {"AL_SEED": "{{inputs.parameters.seed}}", "AL_ARM": "{{inputs.parameters.arm}}"}
    first = values(tasks(workflow)["s0-r0-train"])
    assert (first["round"], first["seed"], first["arm"]) == ("0", "0", "")
    later = values(tasks(workflow)["s0-brust-r2-train"])
    assert (later["round"], later["seed"], later["arm"]) == ("2", "0", "brust")
    report = templates(workflow)["report"]["container"]
    assert report["args"] == ["report", "--experiment=tiny"]


def test_a_scoring_is_a_pod_for_each_partition(launch: LaunchConfig, plan: Plan) -> None:
    """Argo counts them from 0, and each has a lock of its own."""
    parts = launch.model_copy(update={"score_partitions": 3})
    made = make_workflow(parts, plan, list(plan.stages()))
    task = tasks(made)["s0-r0-score"]
    assert task["withSequence"] == {"count": "3"}
    assert values(task)["partition"] == "{{item}}"
    assert values(task)["lock"] == "al-voc-tiny-s0-r0-score-{{item}}"
    assert templates(made)["score"]["container"]["args"][-1] == (
        "--partition={{inputs.parameters.partition}}/3"
    )


def test_permanent_errors_are_final(workflow: KubeObject) -> None:
    """As in a Job: 64, 65, 66 and 78 end a task, and other failures are retried as often."""
    for name, template in templates(workflow).items():
        if name != "experiment":
            assert template["retryStrategy"] == {
                "limit": "3",
                "retryPolicy": "Always",
                "expression": "!(asInt(lastRetry.exitCode) in [64, 65, 66, 78])",
            }


def test_a_pod_has_all_of_its_job_s(launch: LaunchConfig, plan: Plan) -> None:
    """What a template has no field for is a patch, and what Argo sets itself is left out."""
    pod = launch.templates["train"]["spec"]["template"]["spec"]
    pod |= {
        "automountServiceAccountToken": False,
        "nodeSelector": {"a": "b"},
        "terminationGracePeriodSeconds": 60,
    }
    template = templates(make_workflow(launch, plan, list(plan.stages())))["train"]
    assert template["nodeSelector"] == {"a": "b"}
    assert template["serviceAccountName"] == "al-voc-stage"
    assert json.loads(template["podSpecPatch"]) == {"terminationGracePeriodSeconds": 60}
    labels = template["metadata"]["labels"]
    assert (labels["team"], labels["al-voc/stage"]) == ("vision", "train")
    assert "al-voc/round" not in labels


def test_a_pod_has_the_user_of_the_container_image(launch: LaunchConfig, plan: Plan) -> None:
    """The image of Argo's own containers is root's, which a pod that may not be root refuses."""
    [user] = re.findall(r"^USER (\d+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    pod = launch.templates["train"]["spec"]["template"]["spec"]
    pod["securityContext"] = {"runAsNonRoot": True}
    found = templates(make_workflow(launch, plan, list(plan.stages())))
    assert found["train"]["securityContext"] == {"runAsNonRoot": True, "runAsUser": int(user)}
    assert found["report"]["securityContext"] == {"runAsUser": int(user)}
    pod["securityContext"] = {"runAsUser": 1000}
    found = templates(make_workflow(launch, plan, list(plan.stages())))
    assert found["train"]["securityContext"] == {"runAsUser": 1000}


def test_two_images_of_a_stage_are_two_templates(launch: LaunchConfig, plan: Plan) -> None:
    """Select after round 0 takes the slim container image."""
    both = launch.model_copy(update={"image": "al-job:1", "slim_image": "al-job:1-slim"})
    made = make_workflow(both, plan, list(plan.stages()))
    images = {
        name: templates(made)[tasks(made)[name]["template"]]["container"]["image"]
        for name in ("s0-r0-select", "s0-brust-r1-select")
    }
    assert list(images.values()) == ["al-job:1", "al-job:1-slim"]


def test_yaml_of_a_workflow_has_neither_anchors_nor_merged_keys(workflow: KubeObject) -> None:
    """Argo's parser refuses some of them without a word."""
    text = write_yaml(workflow)
    assert "&" not in text
    assert "<<" not in text
    assert yaml.safe_load(text) == workflow


def test_stages_that_are_left_out_are_not_waited_for(launch: LaunchConfig, plan: Plan) -> None:
    """A workflow of one round begins where the store has the round before it."""
    ones = [ref for ref in plan.stages() if ref.round.index == 1]
    made = make_workflow(launch, plan, ones)
    assert "dependencies" not in tasks(made)["s0-brust-r1-select"]


def test_too_many_pods_are_refused(launch: LaunchConfig, plan: Plan) -> None:
    """Each partition of a scoring counts. The message says how to make several workflows."""
    stages = [next(iter(plan.stages()))] * MAX_PODS
    score = next(ref for ref in plan.stages() if ref.stage == "score")
    with pytest.raises(UsageError, match=r"1001 pods .* \(--arm, --seed\)"):
        make_workflow(launch, plan, [*stages, score])
    parts = launch.model_copy(update={"score_partitions": MAX_PODS + 1})
    with pytest.raises(UsageError, match="1001 pods"):
        make_workflow(parts, plan, [score])


def test_a_training_in_several_pods_is_refused(launch: LaunchConfig, plan: Plan) -> None:
    """A task of Argo is one pod."""
    several = launch.model_copy(update={"train_nodes": 2})
    with pytest.raises(UsageError, match=r"stages\.train\.nodes=1"):
        make_workflow(several, plan, list(plan.stages()))
