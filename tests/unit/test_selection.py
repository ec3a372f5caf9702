"""Asking a strategy for the picks of a round, and refusing wrong answers."""

from collections import Counter
from collections.abc import Callable
from typing import ClassVar

import pytest
from structlog.testing import capture_logs

from job import experiment
from job.acquisition import Pick, Selection, Strategy, Task
from job.acquisition.features.embeddings import read_embeddings
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.errors import BadDataError
from job.keys import RoundRef
from job.plan import Plan
from job.selection import pick, task_of
from job.storage.memory import MemoryStore
from tests.growing import begin


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


def test_what_looks_wrong_is_said(
    first_round: Callable[[], RoundReader], monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the log and with the picks, beside what the strategy says itself."""
    monkeypatch.setattr("job.selection.cautions", lambda *_: ("all alike",))
    with capture_logs() as logs:
        selection = pick(first_round(), "mine", Picks(rows=(3,)))
    assert selection.cautions == ("all alike",)
    told = [(each["event"], each["reason"]) for each in logs if "reason" in each]
    assert told == [("select.caution", "all alike")]


class Learns(Picks):
    """Reads the embeddings of labelled images."""

    reads_labelled: ClassVar[frozenset[str]] = frozenset({"embedding"})


def test_images_that_came_along_are_labelled_from_the_start() -> None:
    """None is a candidate; a cold start knows their embeddings, and the classes of their boxes."""
    store = MemoryStore()
    plan = experiment.init(store, Plan(begin(store)))
    reader = RoundReader(store, plan, RoundRef("growing", 0, None, 0))
    task = task_of(reader, Learns())
    given = ("000000", "000001", "000002", "000003")
    assert set(task.labelled.ids) == set(given)
    assert set(task.unlabelled.ids) == set(task.pool_ids) - set(given)
    assert sorted(read_embeddings(task.labelled)[0]) == sorted(given)
    labels = [each.labels for each in reader.dataset.known_labels(given).values()]
    expected = Counter(label for each in labels for label in each)
    assert {name: count for name, count in task.class_counts.items() if count} == expected


def test_a_budget_of_none_asks_nobody() -> None:
    """Round 0 then trains on the images that came along."""
    store = MemoryStore()
    config = begin(store)
    none = config.budget.model_copy(update={"initial": 0})
    plan = experiment.init(store, Plan(config.model_copy(update={"budget": none})))
    reader = RoundReader(store, plan, RoundRef("growing", 0, None, 0))
    assert pick(reader, "mine", Picks(rows=(0,))).ids == ()
