"""A training in several pods, launched as a JobSet or, without JobSet, as an Indexed Job."""

from collections.abc import Callable

import pytest

from job.errors import BadDataError
from job.launch.kubernetes.control import cancel
from job.launch.kubernetes.launcher import KubernetesLauncher
from job.launch.kubernetes.refusals import DeniedError
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double import scenarios
from tests.unit.launch.kubernetes.double.scenarios import (
    Answer,
    Attempt,
    Exit,
    Running,
    Unschedulable,
)
from tests.unit.launch.kubernetes.double.transport import Fault, Request

TRAIN = "al-voc-tiny-s0-r0-train-1"
CHILD = f"{TRAIN}-p-0"


@pytest.fixture
def several(release: Release) -> Release:
    """A release whose trainings run in two pods, on a cluster with JobSet."""
    release.launch = release.launch.model_copy(update={"train_nodes": 2})
    release.double.has_job_sets = True
    return release


def first_pod_of(stage: str, answer: Answer) -> Callable[[Attempt], Answer | None]:
    """Return a behaviour by which a stage's first pod ends so, and the others of then with it."""
    ended: list[str] = []

    def behave(attempt: Attempt) -> Answer | None:
        if attempt.arguments[0] != stage or len(ended) > 1:
            return None
        ended.append(attempt.pod)
        return answer if len(ended) == 1 else Exit(75)

    return behave


def test_a_training_is_a_set_of_pods_and_other_stages_are_jobs(several: Release) -> None:
    """Both pods run, the others stages are Jobs of one pod, and nothing is left at the end."""
    ran: list[str] = []
    several.behaviour = lambda attempt: ran.append(attempt.pod)
    assert several.run() == 4
    stages = ["select-1", "annotate-1", "train-1-p-0", "evaluate-1"]
    assert several.double.created == [f"al-voc-tiny-s0-r0-{each}" for each in stages]
    assert len([pod for pod in ran if pod.startswith(CHILD)]) == 2
    assert not several.double.world.job_sets
    assert not several.double.world.jobs


def test_without_job_set_a_training_is_an_indexed_job(several: Release) -> None:
    """One Job has both pods."""
    several.double.has_job_sets = False
    assert several.run() == 4
    assert several.double.created[2] == TRAIN
    assert len(several.double.pods(TRAIN)) == 2


def test_a_lost_pod_starts_all_of_them_anew(several: Release) -> None:
    """The set makes its Job again, and the driver sees a stage that runs."""
    several.behaviour = first_pod_of("train", scenarios.OOM_KILLED)
    assert several.run() == 4
    assert several.double.created.count(CHILD) == 2


def test_a_disruption_costs_no_attempt_of_the_set(several: Release) -> None:
    """Its policy does not count it, even if no attempt is to spare."""
    several.launch = several.launch.model_copy(update={"backoff_limit": 0})
    several.behaviour = first_pod_of("train", scenarios.EVICTED)
    assert several.run() == 4
    assert several.double.created.count(CHILD) == 2


def test_a_permanent_error_ends_the_set(several: Release) -> None:
    """The driver tells the pod's own last line."""
    several.behaviour = first_pod_of("train", Exit(65, log="al-job: a broken image\n"))
    with pytest.raises(BadDataError, match="train failed: a broken image"):
        several.run()
    assert several.double.created.count(CHILD) == 1


def test_the_next_driver_adopts_a_set_that_runs(several: Release) -> None:
    """It creates no other."""
    several.do_until("train")
    several.behaviour = lambda _: Running()
    ref = several.ref("train")
    for _ in range(2):
        launcher = several.launcher()
        launcher.start(ref)
        launcher._look()  # noqa: SLF001 - a driver that is killed in `wait`
        launcher._look()  # noqa: SLF001
    assert several.double.created == [CHILD]
    assert launcher._started[ref].state.phase == "running"  # noqa: SLF001


def _start_anew(several: Release, nodes: int) -> KubernetesLauncher:
    """Start the training by a driver of other values, and let it look twice."""
    several.launch = several.launch.model_copy(update={"train_nodes": nodes})
    [container] = several.launch.templates["train"]["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "WORLD_SIZE", "value": str(nodes)}]  # as the chart does
    launcher = several.launcher()
    launcher.start(several.ref("train"))
    launcher._look()  # noqa: SLF001
    launcher._look()  # noqa: SLF001
    return launcher


def test_a_set_of_earlier_values_that_cannot_start_is_replaced(several: Release) -> None:
    """A driver of one pod a training removes it with its pods, and creates a Job."""
    several.do_until("train")
    several.behaviour = lambda _: Unschedulable()
    for nodes in (2, 1):
        _start_anew(several, nodes)
    assert several.double.created == [CHILD, TRAIN]
    assert not several.double.world.job_sets
    assert set(several.double.deleted) == {CHILD}


def test_a_set_of_earlier_values_that_waits_without_a_pod_is_replaced(several: Release) -> None:
    """Kueue would admit it beside the new Job, and both would train."""
    several.do_until("train")
    several.behaviour = lambda _: Running()
    _start_anew(several, 2)
    [job_set] = several.double.world.job_sets.values()
    job_set["spec"]["suspend"] = True
    several.double.world.pods.clear()
    _start_anew(several, 1)
    assert not several.double.world.job_sets
    assert several.double.created == [CHILD, TRAIN]


def test_a_set_of_earlier_values_that_runs_may_end(several: Release) -> None:
    """The stage is done by it. Then it is removed, and sets are not listed any more."""
    several.do_until("train")
    several.behaviour = lambda _: Running()
    _start_anew(several, 2)
    launcher = _start_anew(several, 1)
    state = launcher._started[several.ref("train")].state  # noqa: SLF001
    assert state.phase == "other spec"
    assert state.reason.endswith("it may run to its end first")
    several.write_marker(several.ref("train"))
    for pod in several.double.world.pods.values():
        pod["status"]["phase"] = "Succeeded"
    assert launcher._look() == [several.ref("train")]  # noqa: SLF001
    assert several.double.created == [CHILD]
    assert not several.double.world.job_sets


@pytest.mark.parametrize("has_job_sets", [True, False])
def test_without_sets_they_are_not_listed_again(several: Release, *, has_job_sets: bool) -> None:
    """A driver of one pod a training looks for them once."""
    several.double.has_job_sets = has_job_sets
    several.launch = several.launch.model_copy(update={"train_nodes": 1})
    assert several.run() == 4
    asked = [each.path for each in several.double.requests if each.path.endswith("/jobsets")]
    assert len(asked) == has_job_sets


def test_a_set_that_may_not_be_seen_is_named(several: Release) -> None:
    """A Role of somebody's own may lack it: the driver says what keeps it from its own Job."""
    several.do_until("train")
    several.behaviour = lambda _: Unschedulable()
    _start_anew(several, 2)
    several.double.plan = _deny_sets
    launcher = _start_anew(several, 1)
    reason = launcher._started[several.ref("train")].state.reason  # noqa: SLF001
    assert reason.endswith(f"or if it is not to, `kubectl delete jobset {TRAIN}`")
    assert several.double.created == [CHILD]


def _deny_sets(request: Request) -> Fault | None:
    return Fault(403) if request.path.endswith("/jobsets") else None


def _add_driver(several: Release) -> None:
    """Add the Job of a driver, without a pod."""
    labels = {"al-voc/release": "al-voc", "app.kubernetes.io/component": "driver"}
    spec = {"template": {"spec": {"containers": [{"name": "driver"}]}}, "suspend": True}
    metadata = {"name": "driver", "labels": labels}
    several.double.world.add("jobs", {"metadata": metadata, "spec": spec, "status": {}})


def _start(several: Release, stage: str) -> None:
    """Let a stage run."""
    several.do_until(stage)
    several.behaviour = lambda _: Running()
    launcher = several.launcher()
    launcher.start(several.ref(stage))
    launcher._look()  # noqa: SLF001
    launcher._look()  # noqa: SLF001


def test_cancel_deletes_a_set_with_its_pods(several: Release) -> None:
    """It is named as a Job is."""
    _start(several, "train")
    _add_driver(several)
    assert cancel(several.cluster, "al-voc")[1] == [TRAIN]
    assert not several.double.world.job_sets


def test_cancel_without_the_right_to_sets_says_so_if_there_is_one(several: Release) -> None:
    """Otherwise the training would run on, and nobody would know."""
    _start(several, "train")
    _add_driver(several)
    several.double.plan = _deny_sets
    with pytest.raises(DeniedError, match=r"the cluster refuses: .* is forbidden"):
        cancel(several.cluster, "al-voc")


def test_cancel_needs_no_right_to_sets_if_there_is_none(several: Release) -> None:
    """Most people have none."""
    _start(several, "select")
    _add_driver(several)
    several.double.plan = _deny_sets
    assert cancel(several.cluster, "al-voc")[1] == [TRAIN.replace("train", "select")]
