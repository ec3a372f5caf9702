"""A training in several pods, launched as a JobSet or, without JobSet, as an Indexed Job."""

from collections.abc import Callable

import pytest

from job.errors import BadDataError
from job.launch.kubernetes.control import cancel
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


def test_a_set_of_earlier_values_is_named(several: Release) -> None:
    """A driver of one pod a training lists no sets: it says what keeps it from its own Job."""
    several.do_until("train")
    several.behaviour = lambda _: Unschedulable()
    ref = several.ref("train")
    for nodes in (2, 1):
        several.launch = several.launch.model_copy(update={"train_nodes": nodes})
        launcher = several.launcher()
        launcher.start(ref)
        launcher._look()  # noqa: SLF001
        launcher._look()  # noqa: SLF001
    reason = launcher._started[ref].state.reason  # noqa: SLF001
    assert reason.endswith(f"or if it is not to, `kubectl delete jobset {TRAIN}`")
    assert several.double.created == [CHILD]


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


def _deny_sets(request: Request) -> Fault | None:
    return Fault(403) if request.path.endswith("/jobsets") else None


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
