"""How much of an experiment is left."""

import pytest

from job.artifacts.experiment_file import load_experiment
from job.plan import Plan
from job.progress import RoundStatus, StageStatus, Status, seconds_left, status_of
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import FinishedState
from tests.stores import filled


@pytest.fixture
def finished(tiny: str, finished_state: FinishedState) -> MemoryStore:
    """An experiment of two rounds and two seeds."""
    text = tiny.replace("rounds: 3", "rounds: 2\nseeds: [0, 1]")
    return filled(MemoryStore(), LocalStore(finished_state(text)))


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


def test_a_status_from_the_store_knows_what_is_left(finished: MemoryStore) -> None:
    """An experiment of which a part is done has some work left, and a whole one none."""
    plan = Plan(load_experiment(finished, "tiny"))
    assert seconds_left(status_of(finished, plan)) is None
    for key in list(finished.list("experiments/tiny/seed-1/")):
        finished.delete(key)
    left = seconds_left(status_of(finished, plan))
    assert left is not None
    assert left > 0
