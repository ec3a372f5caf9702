"""The rules that every strategy of the registry keeps, in every kind of setting."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from job.acquisition.registry import STRATEGIES, make_strategy
from job.acquisition.strategy import Candidates, Labelled, Selection, Strategy, TableRecord
from job.config import ArmConfig
from job.errors import BadDataError, ConfigError
from job.records import ScoreRecord
from tests.unit.acquisition.records import tables_of

CandidatesOf = Callable[..., Candidates]

ARMS: list[dict[str, Any]] = [
    {"strategy": "random"},
    {"strategy": "entropy"},
    {"strategy": "entropy", "aggregation": "mean", "top_m": 2, "empty_score": 0.7},
    {"strategy": "entropy", "aggregation": "max"},
    {"strategy": "brust"},
    {"strategy": "brust", "aggregation": "mean", "class_weights": True, "empty_score": -1},
    {"strategy": "brust", "aggregation": "max", "batches": "random", "batch_size": 4},
    {"strategy": "brust", "batches": "random", "class_weights": True},
    {"strategy": "brust", "batches": "consecutive", "batch_size": 3},
    {"strategy": "brust", "uncertainty": "outside_top2", "background": "keep"},
    {"strategy": "brust", "once_per_class": 0.2, "aggregation": "mean"},
]
NAMES = ["-".join(str(value) for value in arm.values()) for arm in ARMS]
BY_SCORE = [arm for arm in ARMS if arm["strategy"] != "random"]

every_strategy = pytest.mark.parametrize("arm", ARMS, ids=NAMES)
every_strategy_by_score = pytest.mark.parametrize("arm", BY_SCORE, ids=NAMES[1:])


def strategy_of(arm: dict[str, Any]) -> Strategy:
    return make_strategy(ArmConfig.model_validate(arm))


@dataclass(frozen=True)
class Case:
    """A pool of which some is labelled, and the scores of the rest."""

    candidates: Candidates
    labelled: Labelled
    seed: int

    def select(self, arm: dict[str, Any], budget: int) -> Selection:
        rng = np.random.default_rng(self.seed)
        return strategy_of(arm).select(self.candidates, self.labelled, budget, rng)


def case_of(make: CandidatesOf, seed: int, num_images: int, num_classes: int, most: int) -> Case:
    """Images in an order other than that of their ids, with up to `most` boxes each."""
    rng = np.random.default_rng(seed)
    ids = [f"image-{number}" for number in rng.permutation(num_images)]  # image-10 < image-9
    boxes = {
        image_id: rng.dirichlet(np.full(num_classes, 0.5), rng.integers(most + 1)).tolist()
        for image_id in ids
    }
    labelled = [image_id for image_id in ids if rng.random() < 0.3]
    counts = {f"class {number}": int(rng.integers(3)) for number in range(num_classes)}
    return Case(
        make(boxes, num_classes, objectness=0.75, labelled=labelled),
        Labelled(frozenset(labelled), counts),
        seed,
    )


cases = {
    "seed": st.integers(0, 2**32 - 1),
    "num_images": st.integers(0, 30),
    "num_classes": st.integers(1, 5),
    "most": st.integers(0, 4),
}


def test_all_strategies_are_here() -> None:
    """A strategy that joins the registry has to keep the rules below."""
    assert {arm["strategy"] for arm in ARMS} == set(STRATEGIES)


@every_strategy
@given(budget=st.integers(0, 40), **cases)
@settings(max_examples=40, deadline=None)
def test_picks_are_distinct_unlabelled_and_exactly_the_budget(
    candidates_of: CandidatesOf, arm: dict[str, Any], budget: int, **shape: int
) -> None:
    """Or all that is left; ranked picks have finite scores and reasons; each of the three alike."""
    case = case_of(candidates_of, **shape)
    selection = case.select(arm, budget)
    unlabelled = case.candidates.ids
    assert len(set(selection.ids)) == len(selection.ids) == min(budget, len(unlabelled))
    assert set(selection.ids) <= set(unlabelled)
    assert len(selection.scores) == len(selection.reasons) == len(selection.ids)
    assert all(type(score) is float and np.isfinite(score) for score in selection.scores)
    assert all(selection.reasons)


@every_strategy
@given(cut=st.integers(0, 2**32 - 1), **cases)
@settings(max_examples=40, deadline=None)
def test_the_order_of_rows_and_their_parts_do_not_matter(
    candidates_of: CandidatesOf, arm: dict[str, Any], cut: int, **shape: int
) -> None:
    """The same picks, scores to the last bit, and reasons; also when asked twice."""
    case = case_of(candidates_of, **shape)
    expected = case.select(arm, 7)
    assert case.select(arm, 7) == expected
    (table,) = tables_of(case.candidates)
    rng = np.random.default_rng(cut)
    table = table.take(pa.array(rng.permutation(len(table))))
    ends = [0, *sorted(rng.integers(0, len(table) + 1, 3).tolist()), len(table)]
    parts = tuple(table.slice(a, b - a) for a, b in pairwise(ends))
    shuffled = replace(case, candidates=replace(case.candidates, record=TableRecord(parts)))
    assert shuffled.select(arm, 7) == expected


@every_strategy
def test_no_detections_in_the_whole_pool(candidates_of: CandidatesOf, arm: dict[str, Any]) -> None:
    """Every image has the score that the settings give it."""
    case = case_of(candidates_of, 1, 20, 3, 0)
    selection = case.select(arm, 5)
    assert selection.scores == (arm.get("empty_score", 0.0),) * 5


@every_strategy_by_score
def test_an_image_without_detections_gets_its_configured_score(
    candidates_of: CandidatesOf, arm: dict[str, Any]
) -> None:
    """Among images that have some."""
    boxes = {"a": [[0.5, 0.5]], "none": [], "z": [[0.25, 0.75]]}
    labelled = Labelled(frozenset(), {"cow": 1, "sheep": 2})
    selection = Case(candidates_of(boxes, 2), labelled, 0).select(arm, 3)
    assert dict(zip(selection.ids, selection.scores, strict=True))["none"] == arm.get(
        "empty_score", 0.0
    )


@pytest.mark.parametrize("arm", [arm for arm in BY_SCORE if arm.get("batches", "top") == "top"])
def test_equal_scores_are_taken_by_id(candidates_of: CandidatesOf, arm: dict[str, Any]) -> None:
    """In code point order, whatever the order of the store: upper case is before lower case."""
    boxes = {image_id: [[0.5, 0.5]] for image_id in ("b", "a10", "a9", "B", "ä", "c")}
    labelled = Labelled(frozenset(), {"cow": 1, "sheep": 2})
    selection = Case(candidates_of(boxes, 2), labelled, 0).select(arm, 5)
    assert selection.ids == ("B", "a10", "a9", "b", "c")


@every_strategy_by_score
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_score_that_is_no_number_names_its_image(
    candidates_of: CandidatesOf, arm: dict[str, Any], value: float
) -> None:
    """Picking on would pick by chance."""
    boxes = {"a": [[0.5, 0.5]], "c": [], "bad": [[0.5, 0.5], [value, 0.5], [1, 0]]}
    case = Case(candidates_of(boxes, 2), Labelled(frozenset(), {"cow": 1, "sheep": 2}), 0)
    with pytest.raises(
        BadDataError, match="image 'bad' has a detection whose probabilities are not"
    ):
        case.select(arm, 2)


@pytest.mark.parametrize("arm", [{"background": "keep"}, {"once_per_class": 0.2}])
def test_an_objectness_that_is_no_number_names_its_image(
    candidates_of: CandidatesOf, arm: dict[str, Any]
) -> None:
    """Where it is read."""
    candidates = candidates_of({"bad": [[0.5, 0.5]]}, 2, objectness=np.nan)
    case = Case(candidates, Labelled(frozenset(), {"cow": 1, "sheep": 2}), 0)
    with pytest.raises(BadDataError, match="image 'bad' has a detection"):
        case.select({"strategy": "brust", **arm}, 1)


@every_strategy_by_score
def test_a_record_of_other_classes_is_refused(
    candidates_of: CandidatesOf, arm: dict[str, Any]
) -> None:
    """Names and weights would be of the wrong classes."""
    case = Case(candidates_of({"a": [[0.5, 0.5]]}, 2), Labelled(frozenset(), {"cow": 1}), 0)
    with pytest.raises(BadDataError, match=r"record has 2 classes, the labels have 1 \(cow\)"):
        case.select(arm, 1)


@every_strategy_by_score
def test_without_scores_there_is_nothing_to_go_by(arm: dict[str, Any]) -> None:
    """As in round 0: the message says what to do."""
    case = Case(Candidates(("a",), ("a",)), Labelled(frozenset(), {}), 0)
    with pytest.raises(ConfigError, match="needs none, such as random"):
        case.select(arm, 1)


@dataclass(frozen=True)
class Frozen:
    """A record whose arrays may not be written to."""

    record: ScoreRecord

    def parts(self, columns: Collection[str]) -> Iterator[ScoreRecord]:
        assert columns
        yield self.record


@every_strategy
def test_the_record_is_not_written_to(candidates_of: CandidatesOf, arm: dict[str, Any]) -> None:
    """Another strategy may read the same arrays; writing to one of these raises."""
    case = case_of(candidates_of, 2, 12, 3, 4)
    record = ScoreRecord.from_table(tables_of(case.candidates)[0])
    for array in vars(record).values():
        array.flags.writeable = False
    frozen = replace(case.candidates, record=Frozen(record))
    rng = np.random.default_rng(case.seed)
    selection = strategy_of(arm).select(frozen, case.labelled, 4, rng)
    assert selection == case.select(arm, 4)
