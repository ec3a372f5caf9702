"""A training on several nodes as a JobSet: its pods begin anew together."""

from itertools import product

import pytest

from job.config.schema import Config
from job.keys import RoundRef
from job.launch.kubernetes.job_sets import as_job, as_job_set
from job.launch.kubernetes.job_spec import job_name, make_job
from job.launch.kubernetes.job_state import ended, observe
from job.launch.kubernetes.settings import KubeObject, LaunchConfig

TRAIN = RoundRef("tiny", 0, "brust", 3).stage("train")


@pytest.fixture
def several(launch: LaunchConfig) -> LaunchConfig:
    """Two nodes, and a time to live."""
    return launch.model_copy(update={"train_nodes": 2, "ttl_seconds_after_finished": 60})


@pytest.fixture
def job(several: LaunchConfig, settings: Config) -> KubeObject:
    """The Indexed Job."""
    return make_job(several, settings, TRAIN, 1)


def test_a_set_has_the_job_s_pods_and_its_name(several: LaunchConfig, job: KubeObject) -> None:
    """Name, labels and annotations are those by which a driver knows the Job."""
    made = as_job_set(job, several)
    assert (made["apiVersion"], made["kind"]) == ("jobset.x-k8s.io/v1alpha2", "JobSet")
    assert made["metadata"] == job["metadata"]
    [replicated] = made["spec"]["replicatedJobs"]
    spec = replicated["template"]["spec"]
    assert (spec["completions"], spec["parallelism"]) == (2, 2)
    assert spec["template"] == job["spec"]["template"]
    assert (made["spec"]["ttlSecondsAfterFinished"], "ttlSecondsAfterFinished" in spec) == (
        60,
        False,
    )


def test_the_set_s_own_job_is_not_taken_for_the_stage_s(
    several: LaunchConfig, job: KubeObject
) -> None:
    """It has none of the labels by which a driver lists Jobs."""
    [replicated] = as_job_set(job, several)["spec"]["replicatedJobs"]
    assert "metadata" not in replicated["template"]


def test_every_failure_ends_the_attempt_and_the_set_counts_those_that_count(
    several: LaunchConfig, job: KubeObject
) -> None:
    """A lost pod costs an attempt, a disruption none, and a permanent error is the end."""
    made = as_job_set(job, several)["spec"]
    [replicated] = made["replicatedJobs"]
    spec = replicated["template"]["spec"]
    assert spec["backoffLimit"] == 0
    assert {rule["action"] for rule in spec["podFailurePolicy"]["rules"]} == {"FailJob"}
    policy = made["failurePolicy"]
    assert policy["maxRestarts"] == 3
    assert [
        (rule["action"], rule.get("onJobFailureMessagePatterns")) for rule in policy["rules"]
    ] == [
        ("RestartJobSetAndIgnoreMaxRestarts", ["DisruptionTarget"]),
        ("FailJobSet", None),
    ]
    assert {each for rule in policy["rules"] for each in rule["onJobFailureReasons"]} == {
        "PodFailurePolicy"
    }


def test_names_of_its_pods_fit(launch: LaunchConfig) -> None:
    """The longest is `NAME-p-0-99-abcde`, which Kubernetes limits to 63 characters."""
    several = launch.model_copy(update={"train_nodes": 100, "release": "a" * 30})
    for experiment, arm in product(["x" * 63, "short"], ["a" * 63, "b", None]):
        ref = RoundRef(experiment, 2**63, arm, 999).stage("train")
        name = job_name(several, ref, 12)
        assert len(f"{name}-p-0-99-abcde") <= 63


def a_set(suspend: bool = False, restarts: int = 0, **conditions: str) -> KubeObject:  # noqa: FBT001, FBT002 - a builder
    return {
        "metadata": {"name": "x"},
        "spec": {"suspend": suspend},
        "status": {
            "restarts": restarts,
            "conditions": [{"type": k, "status": v} for k, v in conditions.items()],
        },
    }


@pytest.mark.parametrize(
    ("made", "how"),
    [
        (a_set(Completed="True"), "Complete"),
        (a_set(Failed="True"), "Failed"),
        (a_set(Suspended="False", StartupPolicyCompleted="True"), None),
        ({"metadata": {"name": "x"}, "spec": {}}, None),
    ],
)
def test_a_set_ends_as_a_job_ends(made: KubeObject, how: str | None) -> None:
    """JobSet says Completed where a Job says Complete; one without a status has not ended."""
    assert ended(as_job(made)) == how


def test_a_set_is_queued_and_runs_as_a_job_does() -> None:
    """A queue suspends it, and restarts count as failures before."""
    assert observe(as_job(a_set(suspend=True)), [], lambda _: "").phase == "queued"
    pods = [{"metadata": {"name": str(i)}, "status": {"phase": "Running"}} for i in range(2)]
    state = observe(as_job(a_set(restarts=1)), pods, lambda _: "")
    assert str(state) == "running: 2 pods, 1 failed before"
