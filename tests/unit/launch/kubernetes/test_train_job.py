"""A training as a TrainJob: the pods of its Job, by a runtime of the platform's."""

from typing import Any

import pytest

from job.config.schema import Config
from job.errors import UsageError
from job.keys import RoundRef
from job.launch.kubernetes.job_spec import make_job
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.launch.kubernetes.train_job import MAX_NAME, as_train_job

TRAIN = RoundRef("tiny", 0, "brust", 3).stage("train")


@pytest.fixture
def pod(launch: LaunchConfig) -> dict[str, Any]:
    """The spec of a training's pod, which tests may change."""
    found: dict[str, Any] = launch.templates["train"]["spec"]["template"]["spec"]
    return found


@pytest.fixture
def several(launch: LaunchConfig) -> LaunchConfig:
    """A training in two pods."""
    return launch.model_copy(update={"train_nodes": 2})


def made(launch: LaunchConfig, config: Config) -> KubeObject:
    return as_train_job(make_job(launch, config, TRAIN, 1), launch, TRAIN)


def test_torchrun_starts_the_command_of_the_stage(several: LaunchConfig, settings: Config) -> None:
    """By the runtime's variables: a TrainJob says how many nodes, and processes on each."""
    train_job = made(several, settings)
    assert (train_job["apiVersion"], train_job["kind"]) == (
        "trainer.kubeflow.org/v1alpha1",
        "TrainJob",
    )
    spec = train_job["spec"]
    assert spec["runtimeRef"] == {"name": "torch-distributed"}
    trainer = spec["trainer"]
    assert trainer["image"] == "al-job:1"
    assert trainer["command"][-5:] == ["python", "-m", "torch.distributed.run", "-m", "job"]
    assert trainer["args"] == [
        "train", "--round=3", "--experiment=tiny", "--seed=0", "--arm=brust"
    ]  # fmt: skip
    assert (trainer["numNodes"], trainer["numProcPerNode"]) == (2, 1)


def test_a_process_has_a_gpu(launch: LaunchConfig, settings: Config, pod: dict[str, Any]) -> None:
    """On one node with four of them, torchrun starts four."""
    limits = {"limits": {"memory": "8Gi", "nvidia.com/gpu": "4"}}
    pod["containers"][0]["resources"] = limits
    trainer = made(launch, settings)["spec"]["trainer"]
    assert (trainer["numNodes"], trainer["numProcPerNode"]) == (1, 4)
    assert trainer["resourcesPerNode"] == limits


def test_torchrun_alone_says_a_process_s_place(
    several: LaunchConfig, settings: Config, pod: dict[str, Any]
) -> None:
    """The chart's variables, by which pods of a Job find each other, are left out."""
    pod["containers"][0]["env"] = [
        {"name": name, "value": "x"} for name in ("AL_STORE", "RANK", "MASTER_ADDR", "WORLD_SIZE")
    ]
    env = made(several, settings)["spec"]["trainer"]["env"]
    assert env == [{"name": "AL_STORE", "value": "x"}]


def test_the_runtime_s_pods_get_what_a_train_job_may_say(
    launch: LaunchConfig, settings: Config, pod: dict[str, Any]
) -> None:
    """Volumes, security and place by a patch; what it has no field for is the runtime's."""
    pod |= {
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "securityContext": {"runAsNonRoot": True},
        "tolerations": [{"operator": "Exists"}],
        "terminationGracePeriodSeconds": 60,
        "activeDeadlineSeconds": 600,
    }
    mounts = {"volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}  # noqa: S108 - a pod's own
    pod["containers"][0] |= mounts
    spec = made(launch, settings)["spec"]
    assert spec["activeDeadlineSeconds"] == 600
    [patch] = spec["runtimePatches"]
    [part] = patch["trainingRuntimeSpec"]["template"]["spec"]["replicatedJobs"]
    template = part["template"]["spec"]["template"]
    assert template["metadata"]["labels"]["al-voc/stage"] == "train"
    assert template["spec"] == {
        "serviceAccountName": "al-voc-stage",
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "securityContext": {"runAsNonRoot": True},
        "tolerations": [{"operator": "Exists"}],
        "containers": [{"name": "node"} | mounts],
    }


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"resourceClaims": [{"name": "gpu"}]}, "resourceClaims"),
        ({"initContainers": [{"name": "first"}]}, "initContainers"),
    ],
)
def test_what_would_be_lost_is_refused(
    launch: LaunchConfig, settings: Config, pod: dict[str, Any], changes: KubeObject, words: str
) -> None:
    """If it changes what the training does, or where."""
    pod |= changes
    with pytest.raises(UsageError, match=f"no place for {words} of the pods of train"):
        made(launch, settings)


def test_variables_from_elsewhere_and_other_containers_are_refused(
    launch: LaunchConfig, settings: Config, pod: dict[str, Any]
) -> None:
    """The store's keys may be among them."""
    pod["containers"][0]["envFrom"] = [{"secretRef": {"name": "keys"}}]
    pod["containers"].append({"name": "agent"})
    with pytest.raises(UsageError, match="envFrom, several containers"):
        made(launch, settings)


def test_a_long_name_leaves_room_for_the_pods(launch: LaunchConfig, settings: Config) -> None:
    """A pod's name has the part, the index of its Job, its own and five letters after it."""
    long = launch.model_copy(update={"release": "a-release-with-thirty-letters"})
    ref = RoundRef("an-experiment-of-many-words", 0, "brust", 3).stage("train")
    name = as_train_job(make_job(long, settings, ref, 1), long, ref)["metadata"]["name"]
    assert len(name) <= MAX_NAME == 63 - len("-node-0-99-abcde")
    assert name.endswith("-train-1")
