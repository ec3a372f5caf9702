"""Which stages may start: what waits for a node or a queue keeps no slot from others."""

from typing import Any

from job.config import loading
from job.keys import RoundRef, StageRef
from job.launch.kubernetes.launcher import KubernetesLauncher
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double.scenarios import Answer, Attempt, Running, Unschedulable

GPU = {"limits": {"nvidia.com/gpu": "1"}}


def _container(release: Release, stage: str) -> dict[str, Any]:
    pod: dict[str, Any] = release.launch.templates[stage]["spec"]["template"]["spec"]  # type: ignore[index]
    return pod["containers"][0]  # type: ignore[no-any-return]


def _stages(release: Release, *names: str) -> list[StageRef]:
    """Return stages of that many seeds."""
    experiment = release.config.experiment
    rounds = [RoundRef(experiment, seed, None, 0) for seed in range(len(names))]
    return [each.stage(name) for each, name in zip(rounds, names, strict=True)]  # type: ignore[arg-type]


def _launcher(release: Release, tiny: str, started: list[StageRef]) -> KubernetesLauncher:
    """Start stages in a release whose trainings want a GPU, and look until all is seen."""
    release.config = loading.parse(tiny, "tiny")
    release.launch = release.launch.model_copy(deep=True)
    _container(release, "train")["resources"] = GPU
    launcher = release.launcher()
    for ref in started:
        launcher.start(ref)
    for _ in range(3):
        launcher._look()  # noqa: SLF001
    return launcher


def _no_gpu(attempt: Attempt) -> Answer:
    return Unschedulable() if "train" in attempt.pod else Running()


def test_trainings_that_no_node_takes_leave_their_slots_to_others(
    release: Release, tiny: str
) -> None:
    """Two wait for GPUs, and the selection of another seed may start."""
    release.behaviour = _no_gpu
    *trains, select, train = _stages(release, "train", "train", "select", "train")
    launcher = _launcher(release, tiny, trains)
    assert launcher.has_room(select)
    assert not launcher.has_room(train)


def test_those_that_ask_for_the_same_wait_behind_them(release: Release, tiny: str) -> None:
    """An autoscaler would otherwise add a node for each, and all of them ran at once."""
    release.behaviour = lambda _: Unschedulable()
    *trains, train = _stages(release, "train", "train", "train")
    assert not _launcher(release, tiny, trains).has_room(train)


def test_what_runs_keeps_its_slot(release: Release, tiny: str) -> None:
    """As many run at a time as `maxParallel`, whatever they ask for."""
    release.behaviour = lambda _: Running()
    *trains, select = _stages(release, "train", "train", "select")
    assert not _launcher(release, tiny, trains).has_room(select)


def test_what_kueue_keeps_takes_no_slot(release: Release, tiny: str) -> None:
    """Kueue counts by itself, and has to see all that is wanted."""
    release.double.queueing = True
    release.launch = release.launch.model_copy(update={"queue_name": "gpus"})
    *trains, train = _stages(release, "train", "train", "train")
    assert _launcher(release, tiny, trains).has_room(train)


def test_whoever_waits_is_told_of_a_slot_that_is_free(release: Release, tiny: str) -> None:
    """`wait` returns when a stage is found to wait, so that the loop starts another."""
    release.behaviour = _no_gpu
    launcher = _launcher(release, tiny, [])
    for ref in _stages(release, "train", "train"):
        launcher.start(ref)
    assert launcher.wait() == []
    assert [started.state.phase for started in launcher._started.values()] == ["pending"] * 2  # noqa: SLF001
