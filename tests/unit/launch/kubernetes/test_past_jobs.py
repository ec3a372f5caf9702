"""Jobs that ended while no driver looked: what they took is told, and nothing of them is lost."""

import pytest

from job.launch.observer import JobEnd, Observer
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double.scenarios import Answer, Attempt, Exit, Running


class Listener(Observer):
    """Writes down of which Jobs it hears, and how."""

    def __init__(self) -> None:
        self.found: list[JobEnd] = []
        self.ended: list[str] = []

    def job_ended(self, end: JobEnd) -> None:
        self.ended.append(end.name)

    def job_found(self, end: JobEnd) -> None:
        self.found.append(end)


@pytest.fixture
def heard(release: Release) -> Listener:
    """Who is told by the release's launchers."""
    release.observer = Listener()
    return release.observer


def killed_driver(release: Release, stage: str) -> None:
    """Be a driver that has started a stage and was killed."""
    launcher = release.launcher()
    launcher.start(release.ref(stage))
    launcher._look()  # noqa: SLF001 - one look: `wait` returns when the stage has ended


def next_driver(release: Release, stage: str) -> None:
    """Be the next driver, for which a stage is done or to be run."""
    launcher = release.launcher()
    launcher.start(release.ref(stage))
    while release.ref(stage) not in launcher.wait():
        pass


def test_a_stage_that_ended_without_a_driver_is_accounted_for(
    release: Release, heard: Listener
) -> None:
    """The next driver finds it done and never starts it; its log is kept and its Job removed."""
    release.do_until("train")
    release.behaviour = lambda attempt: None if attempt.failures else Exit(137, log="Killed\n")
    killed_driver(release, "train")
    release.double.tick(4)
    next_driver(release, "evaluate")
    [end] = heard.found
    assert (end.ref, end.attempt, end.result, end.usage.jobs) == (
        release.ref("train"),
        1,
        "done",
        1,
    )
    assert (end.usage.pods, end.usage.failed) == (2, 1)
    assert heard.ended == ["al-voc-tiny-s0-r0-evaluate-1"]
    assert not release.double.world.jobs
    logs = release.store.list(release.ref("train").log("").rpartition("/")[0])
    assert [release.store.read(key) for key in logs] == [b"Killed\n"]


def test_an_attempt_that_failed_without_a_driver_is_accounted_for(
    release: Release, heard: Listener
) -> None:
    """Its GPUs were paid, too. Its Job stays for a look at it, and another attempt is made."""
    release.do_until("train")
    release.behaviour = lambda _: 78
    killed_driver(release, "train")
    release.double.tick(3)
    release.behaviour = lambda _: None
    next_driver(release, "train")
    [end] = heard.found
    assert (end.name, end.result) == ("al-voc-tiny-s0-r0-train-1", "failed")
    assert heard.ended == ["al-voc-tiny-s0-r0-train-2"]


def test_what_a_driver_waits_for_is_told_once(release: Release, heard: Listener) -> None:
    """Of a stage that it has started it tells by itself."""
    release.do_until("train")
    killed_driver(release, "train")
    release.double.tick(3)
    next_driver(release, "train")
    assert heard.found == []
    assert heard.ended == ["al-voc-tiny-s0-r0-train-1"]


def test_jobs_of_no_stage_of_the_experiment_are_left_alone(
    release: Release, heard: Listener
) -> None:
    """The release may have run another experiment before."""
    release.do_until("train")
    killed_driver(release, "train")
    release.double.tick(3)
    for kind in (release.double.world.jobs, release.double.world.pods):
        for item in kind.values():
            item["metadata"]["labels"]["al-voc/experiment"] = "other"
    next_driver(release, "evaluate")
    assert heard.found == []
    assert list(release.double.world.jobs) == ["al-voc-tiny-s0-r0-train-1"]


def test_a_job_that_runs_is_not_past(release: Release, heard: Listener) -> None:
    """Nor is one that ends later, under this driver."""
    release.do_until("evaluate")
    looks = 0

    def behave(_: Attempt) -> Answer | None:
        nonlocal looks
        looks += 1
        return Running() if looks < 3 else None

    release.behaviour = behave
    killed_driver(release, "evaluate")
    next_driver(release, "evaluate")
    assert heard.found == []
    assert len(heard.ended) == 1
