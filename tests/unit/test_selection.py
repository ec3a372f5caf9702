"""Asking a strategy for the picks of a round, and refusing wrong answers."""

from collections.abc import Callable

import pytest

from job import experiment
from job.acquisition import Pick, Selection, Strategy, Task
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.errors import BadDataError
from job.keys import RoundRef
from job.plan import Plan
from job.selection import pick, task_of
from job.storage.memory import MemoryStore


class Picks(Strategy):
    """Picks the images of these rows of the unlabelled ones."""

    rows: tuple[int, ...] = ()

    def select(self, task: Task) -> Selection:
        return Selection(tuple(Pick(task.unlabelled.ids[row], 0.0, "told to") for row in self.rows))


@pytest.fixture(scope="module")
def first_round(tiny: str) -> Callable[[], RoundReader]:
    """A function that returns a reader for round 0: 24 images, of which 6 are to be labelled."""
    store = MemoryStore()
    plan = experiment.init(store, Plan(loading.parse(tiny, "tiny")))
    return lambda: RoundReader(store, plan, RoundRef("tiny", 0, None, 0))


def test_round_0_knows_all_classes(first_round: Callable[[], RoundReader]) -> None:
    """Nothing is labelled, so each class has no boxes; it is not that there are no classes."""
    io = first_round()
    task = task_of(io, Picks())
    assert task.classes == io.dataset.classes
    assert task.class_counts == dict.fromkeys(io.dataset.classes, 0)
    assert len(task.classes) > 1


def test_round_0_is_asked_for_the_initial_budget(first_round: Callable[[], RoundReader]) -> None:
    """Of the whole pool, in the order of the store; nothing is labelled."""
    task = task_of(first_round(), Picks())
    assert task.budget == 6
    assert task.unlabelled.ids == task.pool_ids
    assert len(task.pool_ids) == 24
    assert task.labelled.ids == ()


def test_an_answer_within_the_budget_is_accepted(first_round: Callable[[], RoundReader]) -> None:
    """In the order that the strategy gives."""
    selection = pick(first_round(), "mine", Picks(rows=(3, 1)))
    ids = task_of(first_round(), Picks()).unlabelled.ids
    assert selection.ids == (ids[3], ids[1])


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (range(7), "strategy 'mine': 7 picks for a budget of 6"),
        ((2, 4, 2), "picked more than once"),
    ],
)
def test_an_answer_that_no_strategy_may_give_is_refused(
    first_round: Callable[[], RoundReader], rows: tuple[int, ...], words: str
) -> None:
    """Strategies may come from other packages."""
    with pytest.raises(BadDataError, match=words):
        pick(first_round(), "mine", Picks(rows=tuple(rows)))
