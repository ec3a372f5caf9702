"""What a driver leaves that has failed: stages that run, and no Job that begins later."""

import pytest

from job.artifacts.holder import read_holder
from job.driver import drive
from job.errors import BadDataError
from job.keys import RoundRef, StageRef
from job.launch.kubernetes.job_spec import make_job, stage_of
from job.launch.kubernetes.platform import KubernetesPlatform
from job.launch.kubernetes.settings import LaunchConfig
from job.whole import WholeRef
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double.scenarios import (
    Answer,
    Attempt,
    Exit,
    Outlived,
    Running,
    Unschedulable,
)


def left(release: Release) -> list[StageRef]:
    return KubernetesPlatform(release.launch, release.cluster).running_stages()


def begin(release: Release, answer: Answer) -> str:
    """Let a training begin as a driver does, show its pod, and return the Job's name."""
    release.do_until("train")
    release.behaviour = lambda _: answer
    launcher = release.launcher()
    launcher.start(release.ref("train"))
    launcher._look()  # noqa: SLF001 - one look: `wait` returns when the stage has ended
    release.double.tick()
    release.double.controller.forbidden = "no other pod, as between two attempts"
    release.double.tick()
    [name] = release.double.created
    return name


@pytest.mark.parametrize(
    "ref",
    [
        RoundRef("exp", 7, "random", 12).stage("score"),
        RoundRef("exp", 0, None, 0).stage("train"),
        RoundRef.of_test("exp", 0).stage("select"),
        RoundRef.of_test("exp", 2).stage("annotate"),
        WholeRef.report("exp"),
    ],
)
def test_a_job_says_which_stage_it_is_of(release: Release, ref: StageRef) -> None:
    """Its labels are enough, for a driver that has started nothing itself."""
    config = release.config.model_copy(update={"experiment": "exp"})
    assert stage_of(make_job(release.launch, config, ref, 1)) == ref


@pytest.mark.parametrize(
    "change", [{"al-voc/round": "three"}, {"al-voc/attempt": None}, {"al-voc/experiment": None}]
)
def test_a_job_of_somebody_else_is_of_no_stage(
    release: Release, change: dict[str, str | None]
) -> None:
    """It has a release's label, and lacks others: it is neither waited for nor deleted."""
    name = begin(release, Running())
    labels = release.double.world.jobs[name]["metadata"]["labels"] | change
    labels = {key: value for key, value in labels.items() if value}
    release.double.world.jobs[name]["metadata"]["labels"] = labels
    assert stage_of(release.double.world.jobs[name]) is None
    assert left(release) == []
    assert name in release.double.world.jobs


@pytest.mark.parametrize("answer", [Running(), Exit(137)], ids=["runs", "to be retried"])
def test_a_stage_that_runs_or_is_replaced_is_left_alone(release: Release, answer: Answer) -> None:
    """Its work is not lost."""
    name = begin(release, answer)
    assert left(release) == [release.ref("train")]
    assert name in release.double.world.jobs


@pytest.mark.parametrize("is_queued", [True, False])
def test_a_stage_that_has_not_begun_is_taken_back(release: Release, is_queued: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """It would take a GPU when nobody holds the experiment any more."""
    if is_queued:
        release.double.queueing = True
        release.launch = release.launch.model_copy(update={"queue_name": "gpus"})
    begin(release, Unschedulable())
    assert left(release) == []
    assert not release.double.world.jobs


def test_a_container_of_others_is_not_waited_for(release: Release) -> None:
    """The stage has ended; the next driver judges it."""
    name = begin(release, Outlived(0))
    assert left(release) == []
    assert name in release.double.world.jobs


def test_a_training_in_several_pods_counts_as_one(release: Release) -> None:
    """Its JobSet runs while its pods do."""
    release.double.has_job_sets = True
    release.launch = LaunchConfig.model_validate(
        release.launch.model_dump(by_alias=True) | {"trainNodes": 2}
    )
    begin(release, Running())
    assert left(release) == [release.ref("train")]


def test_other_stages_end_before_a_failed_driver_does(release: Release) -> None:
    """The experiment is held until then, and what has not begun is not started."""
    release.config = release.config.model_copy(update={"seeds": (0, 1)})
    looks = 0

    def behave(attempt: Attempt) -> Answer | None:
        nonlocal looks
        if "--seed=0" in attempt.arguments:
            return 65
        looks += 1
        return None if looks == 5 else Running()

    release.behaviour = behave
    with pytest.raises(BadDataError, match="seed 0 round 0 select"):
        drive(release.store, release.config, KubernetesPlatform(release.launch, release.cluster))
    assert [str(ref) for ref, _ in release.ran] == ["seed 1 round 0 select"]
    assert len(release.double.created) == 2
    assert read_holder(release.store, "tiny") is None
