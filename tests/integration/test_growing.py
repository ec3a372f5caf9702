"""A stage that is killed and resumed around a move leaves the bytes of an undisturbed run."""

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.moving import find_move, make_move
from job.config.schema import Config
from job.errors import MissingLabelsError, StopRequested
from job.plan import Plan
from job.storage.memory import MemoryStore
from tests.growing import begin, correct, grow, label_picks, run_with_people
from tests.outputs import is_output

pytestmark = pytest.mark.integration


class Killed(MemoryStore):
    """A store at which the process ends when it writes an object of a certain name."""

    def __init__(self, end: str) -> None:
        super().__init__()
        self.end: str | None = end

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        is_written = super().write(key, data, if_absent=if_absent)
        if self.end and self.end in key:
            self.end = None
            raise StopRequested
        return is_written


def config_of(store: MemoryStore) -> Config:
    """An experiment that saves a checkpoint after each of four steps."""
    config = begin(store)
    train = config.train.model_copy(update={"steps": 4, "checkpoint_every_steps": 1})
    return config.model_copy(update={"train": train, "rounds": 4})


def until_round_1_is_picked(store: MemoryStore, config: Config) -> None:
    """Run to where people have to label the picks of round 1, and let them."""
    for _ in range(2):
        with pytest.raises(MissingLabelsError):
            experiment.run(store, config)
        label_picks(store)


def move(store: MemoryStore) -> int:
    """Add images, correct a label, and move the experiment; return the first round of the move."""
    grow(store)
    correct(store, (0,))
    plan = Plan(load_experiment(store, "growing"))
    found = find_move(store, plan)
    make_move(store, plan, found)
    return found.from_round


def left(store: MemoryStore) -> dict[str, bytes]:
    """All outputs of stages that hold no times."""
    return {key: store.read(key) for key in store.list("experiments/") if is_output(key)}


def continued(store: MemoryStore, config: Config) -> dict[str, bytes]:
    """Move the experiment, run the rest of it, and return what it leaves."""
    assert move(store) == 2
    run_with_people(store, config)
    return left(store)


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, bytes]:
    """What an experiment leaves that was moved after round 1."""
    store = MemoryStore()
    config = config_of(store)
    until_round_1_is_picked(store, config)
    return continued(store, config)


@pytest.mark.slow
@pytest.mark.parametrize("end", ["round-001/train/checkpoint-", "round-001/annotate/cost"])
def test_a_stage_resumed_after_a_move_leaves_the_same_bytes(
    undisturbed: dict[str, bytes], end: str
) -> None:
    """Round 1 has begun before the move, so it stays on its version whenever it was killed."""
    store = Killed(end)
    config = config_of(store)
    until_round_1_is_picked(store, config)
    with pytest.raises(StopRequested):
        experiment.run(store, config)
    assert continued(store, config) == undisturbed
    assert any("/corrected-" in key for key in undisturbed)
