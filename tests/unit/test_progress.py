"""How much of an experiment is left."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from job.artifacts import names
from job.artifacts.annotating import Annotating, dump_annotating
from job.artifacts.experiment_file import load_experiment
from job.artifacts.reader import Reader
from job.errors import BadDataError
from job.keys import ExperimentKeys, RoundRef
from job.plan import Plan
from job.progress import (
    Driver,
    Phase,
    RoundStatus,
    StageStatus,
    Status,
    dump_status,
    is_over,
    parse_status,
    seconds_left,
)
from job.standing import Progress
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import FinishedState
from tests.outputs import output_key
from tests.stores import filled


@pytest.fixture
def finished(two_seeds: Path) -> MemoryStore:
    """An experiment of two rounds and two seeds."""
    return filled(MemoryStore(), LocalStore(two_seeds))


def test_work_left_is_estimated_from_what_is_done() -> None:
    """Two trainings took 10 s and 20 s, one evaluation 4 s: left are a training and 2 evaluations.

    15 + 2 x 4 = 23 s. Round 0, told of both arms, counts once.
    """

    def told(arm: str, index: int, **seconds: float) -> RoundStatus:
        stages = {name: StageStatus(state="done", seconds=s) for name, s in seconds.items()}
        return RoundStatus(
            seed=0, arm=arm, round=index, stages=stages, planned=("train", "evaluate")
        )

    rounds = [
        told("a", 0, train=10, evaluate=4),
        told("b", 0, train=10, evaluate=4),
        told("a", 1, train=20),
        told("b", 1),
    ]
    assert seconds_left(Status(experiment="x", rounds=rounds)) == pytest.approx(23)
    assert seconds_left(Status(experiment="x", rounds=rounds[:2])) is None
    assert seconds_left(Status(experiment="x", rounds=rounds[3:])) is None


def test_no_work_left_is_told_before_the_first_training() -> None:
    """A selection took no time, which says nothing: training takes most of it."""
    stages = {"select": StageStatus(state="done", seconds=0.0)}
    planned = ("select", "train")
    begun = RoundStatus(seed=0, arm="random", round=0, stages=stages, planned=planned)
    later = RoundStatus(seed=0, arm="random", round=1, stages={}, planned=planned)
    assert seconds_left(Status(experiment="x", rounds=[begun, later])) is None


def test_the_test_set_has_rounds_of_its_own(held_out: LocalStore) -> None:
    """They come first, and every metric says on which version it was measured."""
    status = Progress(held_out, Plan(load_experiment(held_out, "tiny"))).look()
    test, *others = status.rounds
    assert (test.seed, test.arm, test.round) == (None, "", 0)
    assert (test.planned, set(test.stages)) == (("select", "annotate"), {"select", "annotate"})
    assert {each.test_version for each in others} == {1}
    assert is_over(status)
    assert parse_status(dump_status(status)) == status


def test_a_test_set_that_is_not_labelled_keeps_an_experiment_from_its_end(
    held_out: LocalStore,
) -> None:
    """Although every model is measured on what there was before."""
    status = Progress(held_out, Plan(load_experiment(held_out, "tiny"))).look()
    larger = RoundStatus(seed=None, arm="", round=1, stages={}, planned=("select", "annotate"))
    assert not is_over(status.model_copy(update={"rounds": [larger, *status.rounds]}))


def test_a_status_from_the_store_knows_what_is_left(finished: MemoryStore) -> None:
    """An experiment of which a part is done has some work left, and a whole one none."""
    plan = Plan(load_experiment(finished, "tiny"))
    assert seconds_left(Progress(finished, plan).look()) is None
    for key in list(finished.list("experiments/tiny/seed-1/")):
        finished.delete(key)
    left = seconds_left(Progress(finished, plan).look())
    assert left is not None
    assert left > 0


KEY = ExperimentKeys("tiny").status
REF = RoundRef("tiny", 0, "random", 1)


def told(phase: Phase, minutes: float = 0, **states: str) -> Status:
    """The status of a driver that published it some minutes ago."""
    updated = datetime.now(UTC) - timedelta(minutes=minutes)
    stages = {name: StageStatus(state=state) for name, state in states.items()}
    return Status(
        experiment="tiny",
        driver=Driver(phase=phase, updated=updated, release="al-voc"),
        rounds=[RoundStatus(seed=0, arm="random", round=1, stages=stages)],
    )


def test_a_newer_drivers_phase_and_stages_are_not_damage() -> None:
    """A phase is told as it is; a stage that this version does not know is left out."""
    content = json.loads(dump_status(told("running", train="running")))
    content["driver"]["phase"] = "paused"
    content["rounds"][0]["stages"]["verify"] = {"state": "done"}
    content["rounds"][0]["planned"] = ["select", "verify"]
    status = parse_status(json.dumps(content))
    assert status.driver
    assert status.driver.phase == "paused"
    assert (list(status.rounds[0].stages), status.rounds[0].planned) == (["train"], ("select",))


@pytest.mark.parametrize(
    "change", [{"updated": "2026-01-01T00:00:00"}, {"updated": "x" * 500}, {"release": None}]
)
def test_a_damaged_status_is_told_in_one_line(change: dict[str, str | None]) -> None:
    """A time without a zone is damage too: nobody could tell how old it is."""
    content = json.loads(dump_status(told("running")))
    content["driver"] |= change
    with pytest.raises(BadDataError, match=r"damaged \(driver\.") as error:
        parse_status(json.dumps(content))
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


@pytest.fixture
def one_round(tiny: str, finished_state: FinishedState) -> tuple[MemoryStore, Plan]:
    """An experiment of one round that has run."""
    folder = finished_state(tiny.replace("rounds: 3", "rounds: 1"))
    store = filled(MemoryStore(), LocalStore(folder))
    return store, Plan(load_experiment(store, "tiny"))


def test_what_cannot_be_read_hides_nothing_else(one_round: tuple[MemoryStore, Plan]) -> None:
    """Neither a damaged status of the driver, nor damaged metrics, nor a damaged marker."""
    store, plan = one_round
    first = RoundRef("tiny", 0, None, 0)
    store.write(KEY, b"{")
    store.write(output_key(store, first.stage("evaluate"), "metrics.json"), b"damaged")
    store.write(first.stage("select").done, b"{")
    status = Progress(store, plan).look()
    assert status.driver is None
    assert all(each.stages["train"].state == "done" for each in status.rounds)
    assert all(each.map50 is None for each in status.rounds)
    assert {each.stages["select"].state for each in status.rounds} == {"unreadable"}
    assert all("done.json is damaged" in each.stages["select"].reason for each in status.rounds)


def test_a_second_look_tells_what_was_done_again(one_round: tuple[MemoryStore, Plan]) -> None:
    """With its new times, as another process would tell it."""
    store, plan = one_round
    progress, done = Progress(store, plan), RoundRef("tiny", 0, None, 0).stage("train").done
    progress.look()
    content = json.loads(store.read(done)) | {"seconds": 999.0}
    store.write(done, json.dumps(content).encode())
    assert progress.look().rounds[0].stages["train"].seconds == 999.0


def test_a_status_by_a_listing_makes_no_other(one_round: tuple[MemoryStore, Plan]) -> None:
    """What was not there when the experiment was listed is not told."""
    store, plan = one_round
    reader = Reader.listed(store, "tiny")
    evaluated = RoundRef("tiny", 0, None, 0).stage("evaluate").done
    before = Progress(store, plan, reader).listed()
    assert before == Progress(store, plan).look()
    store.delete(evaluated)
    assert Progress(store, plan, reader).listed() == before
    assert Progress(store, plan).look() != before


# People


@pytest.mark.parametrize("has_driver", [False, True])
def test_who_labels_is_told_with_and_without_a_driver(
    finished: MemoryStore, *, has_driver: bool
) -> None:
    """By what the last look left in the store; a driver that is at work knows more."""
    annotate = RoundRef("tiny", 0, None, 0).stage("annotate")
    finished.delete(annotate.done)
    at = datetime(2020, 11, 30, 12, 5, tzinfo=UTC)
    told = Annotating("Label Studio", "http://labels/7", 6, 3, 1, at, at)
    finished.write(annotate.key(names.ANNOTATING), dump_annotating(told))
    expected = (
        "2 of 6 to go: http://labels/7; nobody has looked since 2020-11-30 12:05 UTC: the command "
        "that looks has to run"
    )
    if has_driver:
        expected = "http://labels does not answer"
        stage = {"annotate": StageStatus(state="annotating", reason=expected)}
        rounds = [RoundStatus(seed=0, arm="random", round=0, stages=stage)]
        finished.write(KEY, dump_status(Status(experiment="tiny", rounds=rounds)))
    status = Progress(finished, Plan(load_experiment(finished, "tiny"))).look()
    found = {each.seed: each.stages["annotate"] for each in status.rounds if each.round == 0}
    assert found[0] == StageStatus(state="annotating", reason=expected)
    assert found[1].state == "done"


def test_of_a_look_that_is_fresh_nothing_else_is_told(finished: MemoryStore) -> None:
    """A command looks every minute; its words are what it has found."""
    annotate = RoundRef("tiny", 1, None, 0).stage("annotate")
    finished.delete(annotate.done)
    now = datetime.now(UTC)
    told = Annotating("Label Studio", "http://labels/7", 6, 3, 1, now, now)
    finished.write(annotate.key(names.ANNOTATING), dump_annotating(told))
    status = Progress(finished, Plan(load_experiment(finished, "tiny"))).look()
    reasons = {each.stages["annotate"].reason for each in status.rounds if each.seed == 1}
    assert "2 of 6 to go: http://labels/7" in reasons


def test_a_test_set_that_people_label_is_not_over() -> None:
    """Whoever watches waits until they have."""
    test = RoundStatus(
        seed=None, arm="", round=0, stages={"annotate": StageStatus(state="annotating")}
    )
    done = test.model_copy(update={"stages": {"annotate": StageStatus(state="done")}})
    assert not is_over(Status(experiment="x", rounds=[test]))
    assert is_over(Status(experiment="x", rounds=[done]))
