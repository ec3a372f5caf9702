"""What a driver publishes: small, however large the experiment is."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from job.artifacts.done_stages import DoneStages
from job.board import MAX_BYTES, Board
from job.driven import refuse_while_driven
from job.errors import UsageError
from job.keys import ExperimentKeys, RoundRef
from job.plan import Plan
from job.progress import (
    Driver,
    StageStatus,
    Status,
    dump_status,
    forget_told,
    parse_status,
    seconds_left,
)
from job.standing import Progress
from job.storage.memory import MemoryStore
from tests.made_up import finish, study

PLAN = Plan(study(arms=2, seeds=3, rounds=6))
STAGES = list(PLAN.stages())
DONE, LEFT = STAGES[:100], STAGES[100:]
RUNNING = StageStatus(state="pending", reason="Unschedulable: 0/9 nodes are available. " * 40)


class CountingStore(MemoryStore):
    """Counts requests."""

    def __init__(self) -> None:
        super().__init__()
        self.counts: Counter[str] = Counter()

    def read(self, key: str) -> bytes:
        self.counts["read"] += 1
        return super().read(key)

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        self.counts[f"write {key}"] += 1
        return super().write(key, data, if_absent=if_absent)


def driver(phase: str = "running") -> Driver:
    return Driver(phase=phase, updated=datetime.now(UTC), release="al-voc")


def board_of(store: MemoryStore, plan: Plan = PLAN) -> tuple[Board, DoneStages]:
    done = DoneStages(store)
    done.read(plan.stages(), plan.config)
    return Board(store, plan, done), done


@pytest.fixture
def store() -> CountingStore:
    """Where a part of the experiment is done."""
    made = CountingStore()
    finish(made, PLAN, DONE)
    return made


def publish(store: MemoryStore, board: Board, states: dict[object, StageStatus]) -> Status:
    """Write what a driver writes, and return the status."""
    status = board.status(states, driver())  # type: ignore[arg-type]
    board.write_rounds()
    store.write(ExperimentKeys("study").status, dump_status(status))
    return status


def test_a_status_is_small_however_much_runs(store: CountingStore) -> None:
    """Rounds at work are told while there is room; the rest is a number, and long words are cut."""
    board, _ = board_of(store)
    status = board.status(dict.fromkeys(LEFT, RUNNING), driver())
    assert len(dump_status(status)) <= MAX_BYTES
    at_work = len({ref.round for ref in LEFT})
    assert len(status.rounds) + status.num_untold == at_work
    assert 0 < len(status.rounds) < at_work
    assert [each.arm for each in status.arms] == ["arm-00", "arm-01"]


def test_what_is_not_of_the_plan_is_not_told(store: CountingStore) -> None:
    """A stage of an arm that was taken out may run still when its driver fails."""
    board, _ = board_of(store)
    gone = RoundRef("study", 0, "gone", 3).stage("train")
    status = board.status({gone: RUNNING, LEFT[0]: RUNNING}, driver("failed"))
    assert [(each.arm, each.round) for each in status.rounds] == [
        (LEFT[0].round.arm, LEFT[0].round.index)
    ]


def test_an_arm_is_told_by_its_rounds_and_newest_metrics(store: CountingStore) -> None:
    """Every metric is 0.5 here, and each stage takes as long as any other."""
    board, done = board_of(store)
    status = board.status({}, driver())
    for each in status.arms:
        refs = [ref for arm, ref in PLAN.rounds() if arm.name == each.arm]
        ended = [all(ref.stage(s).done in done.known for s in PLAN.stages_of(ref)) for ref in refs]
        assert (each.rounds_done, each.rounds) == (sum(ended), 18)
        assert each.map50 == 0.5
    assert seconds_left(status) == pytest.approx(12.5 * len(LEFT))


def test_a_small_experiment_is_told_whole() -> None:
    """Its status has every round, and nothing lies beside it in the store."""
    plan, store = Plan(study(arms=1, seeds=1, rounds=3)), CountingStore()
    finish(store, plan, plan.stages())
    board, _ = board_of(store, plan)
    board.write_rounds()
    status = board.status({}, driver("finished"))
    assert len(status.rounds) == 3
    assert status.arms == ()
    assert not any("progress" in key for key in store.list(""))


def test_only_the_rounds_of_an_arm_that_moved_are_written(store: CountingStore) -> None:
    """One object for each arm and seed, when a stage of it is done."""
    board, done = board_of(store)
    board.write_rounds()
    store.counts.clear()
    board.write_rounds()
    assert store.counts == {}
    [ref] = LEFT[:1]
    finish(store, PLAN, [ref])
    store.counts.clear()
    assert done.is_done(ref, PLAN.config)
    board.write_rounds()
    key = ExperimentKeys("study").progress(ref.round.seed, ref.round.arm or "")
    assert [name for name in store.counts if "write" in name] == [f"write {key}"]


@pytest.mark.parametrize("phase", ["running", "finished"])
def test_a_look_at_a_large_experiment_is_the_same_by_few_requests(
    store: CountingStore, phase: str
) -> None:
    """What the driver wrote says as much as the markers do, whether it lives or not."""
    by_markers = Progress(store, PLAN).look()
    board, _ = board_of(store)
    states = {LEFT[0]: StageStatus(state="running")} if phase == "running" else {}
    status = publish(store, board, states)  # type: ignore[arg-type]
    status = status.model_copy(update={"driver": driver(phase)})
    store.write(ExperimentKeys("study").status, dump_status(status))
    store.counts.clear()
    look = Progress(store, PLAN).look()
    assert store.counts["read"] <= 2 + 6  # the status, twice at most, and an object an arm and seed
    told = [
        each.model_copy(
            update={"stages": {k: v for k, v in each.stages.items() if v.state == "done"}}
        )
        for each in look.rounds
    ]
    assert told == by_markers.rounds
    running = [v.state for each in look.rounds for v in each.stages.values() if v.state != "done"]
    assert running == ["running"] * (phase == "running")


def test_what_was_done_after_the_driver_is_told_by_markers(store: CountingStore) -> None:
    """A marker that is gone does not count, and one that came later does."""
    board, _ = board_of(store)
    publish(store, board, {})
    ended = Status(experiment="study", driver=driver("finished"), rounds=[])
    ended = ended.model_copy(update={"arms": board.status({}, driver()).arms})
    store.write(ExperimentKeys("study").status, dump_status(ended))
    store.delete(DONE[-1].done)
    finish(store, PLAN, LEFT[:1])
    look = Progress(store, PLAN).look()
    stages = {
        RoundRef("study", each.seed, each.arm, each.round).stage(stage)
        for each in look.rounds
        for stage in each.stages
    }
    assert LEFT[0] in stages
    assert DONE[-1] not in stages


@pytest.mark.parametrize("is_shared", [False, True])
def test_a_stage_that_runs_again_is_not_told_by_an_earlier_driver(
    store: CountingStore,
    is_shared: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Its metric may be another one by then; round 0 is told with each of the arms."""
    board, _ = board_of(store)
    board.write_rounds()
    ref = next(
        each for each in DONE if each.stage == "evaluate" and is_shared == (each.round.arm is None)
    )
    keys = set(store.list("experiments/study/progress/"))
    forget_told(store, LEFT[0])
    assert set(store.list("experiments/study/progress/")) == keys
    forget_told(store, ref)
    gone = keys - set(store.list("experiments/study/progress/"))
    arms = [each.name for each in PLAN.arms] if is_shared else [ref.round.arm or ""]
    assert gone == {ExperimentKeys("study").progress(ref.round.seed, arm) for arm in arms}


def test_a_large_experiment_that_is_driven_is_not_cleaned(store: CountingStore) -> None:
    """The rounds at work are in its status."""
    board, _ = board_of(store)
    publish(store, board, {LEFT[0]: StageStatus(state="running")})
    with pytest.raises(UsageError, match=f"{LEFT[0]}"):
        refuse_while_driven(store, "study")


def test_a_status_of_an_earlier_version_is_read(store: CountingStore) -> None:
    """It has all rounds, and no arms."""
    whole = Progress(store, PLAN).look().model_copy(update={"driver": driver()})
    told = parse_status(dump_status(whole))
    assert told.arms == ()
    assert len(told.rounds) == 36
