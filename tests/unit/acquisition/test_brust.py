"""Brust et al. 2019, against cases worked out by hand, and the tutorial's faults."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from job.acquisition.strategies.brust import Brust, class_weights, repeat, with_background
from job.acquisition.strategy import Candidates, Labelled, Selection, TableRecord
from tests.unit.acquisition.records import tables_of

CandidatesOf = Callable[..., Candidates]

LABELLED = Labelled(frozenset(), {"cow": 3, "sheep": 0, "horse": 0})

# 1-vs-2 values: torn 1; half (1 - (1/2 - 1/4))^2 = 9/16; quarter (1 - (3/4 - 1/4))^2 = 1/4; sure 0.
TORN, HALF, QUARTER, SURE = [0.5, 0.5, 0], [0.5, 0.25, 0.25], [0, 0.25, 0.75], [0, 1, 0]
BOXES = {"many": [HALF, HALF], "one": [TORN], "mixed": [QUARTER, SURE], "none": []}


def select(
    candidates: Candidates, budget: int, labelled: Labelled = LABELLED, **settings: object
) -> Selection:
    return Brust.model_validate(settings).select(
        candidates, labelled, budget, np.random.default_rng(0)
    )


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("sum", {"many": 1.125, "one": 1.0, "mixed": 0.25, "none": 0.0}),
        ("mean", {"one": 1.0, "many": 0.5625, "mixed": 0.125, "none": 0.0}),
        ("max", {"one": 1.0, "many": 0.5625, "mixed": 0.25, "none": 0.0}),
    ],
)
def test_scores_by_hand(
    candidates_of: CandidatesOf, aggregation: str, expected: dict[str, float]
) -> None:
    """The sum prefers the image with many boxes, mean and max the one torn most."""
    selection = select(candidates_of(BOXES, 3), 4, aggregation=aggregation)
    assert list(zip(selection.ids, selection.scores, strict=True)) == list(expected.items())


def test_an_image_without_detections_can_be_wanted(candidates_of: CandidatesOf) -> None:
    """`empty_score` is its score, here between the others'."""
    selection = select(candidates_of(BOXES, 3), 4, empty_score=0.5)
    assert selection.ids == ("many", "one", "none", "mixed")
    assert selection.reasons[2] == "no box that counts: score 0.5"


def test_class_weights_by_hand() -> None:
    """(3 + 3) / (3 + 1) = 1.5 for three boxes of three; (3 + 3) / (0 + 1) = 6 for none."""
    assert class_weights(LABELLED).tolist() == [1.5, 6.0, 6.0]


def test_nothing_labelled_weighs_all_classes_alike() -> None:
    """(0 + 2) / (0 + 1) = 2."""
    assert class_weights(Labelled(frozenset(), {"a": 0, "b": 0})).tolist() == [2.0, 2.0]


def test_class_weights_go_by_the_predicted_class(candidates_of: CandidatesOf) -> None:
    """Cow: 1.5 * 9/16 = 0.84375 a box; horse: 6 * 1/4 = 1.5; a tie goes to the first class."""
    selection = select(candidates_of(BOXES, 3), 3, class_weights=True)
    assert dict(zip(selection.ids, selection.scores, strict=True)) == {
        "many": 1.6875,
        "one": 1.5,  # cow against sheep, equal: cow
        "mixed": 1.5,
    }


def test_reasons(candidates_of: CandidatesOf) -> None:
    """They name the box that counts most, its two classes and its margin p1 - p2."""
    boxes = BOXES | {"three": [SURE, HALF, [0.125, 0.75, 0.125]]}
    selection = select(candidates_of(boxes, 3), 5)
    assert dict(zip(selection.ids, selection.reasons, strict=True)) == {
        "many": "2 boxes, most uncertain: cow against sheep, margin 0.25",
        "one": "1 box: cow against sheep, margin 0.00",
        "mixed": "2 boxes, most uncertain: horse against sheep, margin 0.50",
        "three": "3 boxes, most uncertain: cow against sheep, margin 0.25",
        "none": "no box that counts: score 0",
    }


def test_reasons_with_weights_and_batches(candidates_of: CandidatesOf) -> None:
    """They add the class's weight, and the batch with its worth."""
    selection = select(
        candidates_of({"only": [HALF, QUARTER]}, 3), 1, class_weights=True, batches="random"
    )
    # 1.5 * 9/16 + 6 * 1/4 = 2.34; the second box counts more, at 1.5.
    (reason,) = selection.reasons
    assert reason == (
        "2 boxes, most uncertain: horse against sheep, margin 0.50; class weight 6.00; "
        "batch 1 of 1, worth 2.34"
    )


def test_one_class_has_no_second(candidates_of: CandidatesOf) -> None:
    """Every margin is 1 and every score 0, so the ids decide; the reason names one class."""
    one = Labelled(frozenset(), {"cow": 1})
    selection = select(candidates_of({"b": [[1.0]], "a": [[1.0], [1.0]]}, 1), 2, one)
    assert selection.ids == ("a", "b")
    assert selection.scores == (0.0, 0.0)
    assert selection.reasons[1] == "1 box: cow, margin 1.00"


def test_random_batches_are_taken_whole(candidates_of: CandidatesOf) -> None:
    """Twelve images in threes, a budget of six: both batches are those of the best sums."""
    rng = np.random.default_rng(5)
    levels = [SURE, QUARTER, HALF, TORN]
    boxes = {f"{number:02d}": [levels[rng.integers(4)]] for number in range(12)}
    candidates = candidates_of(boxes, 3)
    values = dict(zip(*((s := select(candidates, 12)).ids, s.scores), strict=True))
    cut = np.random.default_rng(0).permutation(12)
    batches = [[f"{row:02d}" for row in cut[start : start + 3]] for start in range(0, 12, 3)]
    batches.sort(key=lambda batch: -sum(values[image_id] for image_id in batch))
    picks = select(candidates, 6, batches="random", batch_size=3).ids
    assert set(picks[:3]) == set(batches[0])
    assert set(picks[3:]) == set(batches[1])
    others = Brust(batches="random", batch_size=3).select(
        candidates, LABELLED, 6, np.random.default_rng(1)
    )
    assert others.ids != picks, "another random stream cuts another way"


def test_the_tutorials_batches_follow_the_order_of_the_pool(candidates_of: CandidatesOf) -> None:
    """Its batches are unlabelled images one after the other, whatever their ids."""
    boxes = {
        "z": [SURE], "labelled": [TORN], "m": [TORN],  # z, m: 0 + 1
        "b": [HALF], "a": [HALF],  # 9/16 + 9/16: the best batch
        "y": [TORN], "labelled too": [TORN], "c": [SURE],  # y, c: 1 + 0
    }  # fmt: skip
    candidates = candidates_of(boxes, 3, labelled=("labelled", "labelled too"))
    picks = select(candidates, 4, batches="consecutive", batch_size=2).ids
    assert picks == ("a", "b", "m", "z")  # two batches worth 1: the first in the pool


def test_the_tutorials_uncertainty_misses_the_torn(candidates_of: CandidatesOf) -> None:
    """(1 - 1/2 - 1/2)^2 = 0 where the margin is at its most uncertain; (1 - 3/4)^2 = 1/16."""
    selection = select(candidates_of(BOXES, 3), 4, uncertainty="outside_top2", aggregation="max")
    assert selection.ids == ("many", "mixed", "none", "one")
    assert selection.scores == (0.0625, 0.0, 0.0, 0.0)
    assert selection.reasons[0] == "2 boxes, most uncertain: cow against sheep, outside both 0.25"


def test_the_full_softmax_by_hand() -> None:
    """p(class) is p times objectness, p(background) what is left."""
    full = with_background(np.array([[0.5, 0.5]]), np.array([0.5], np.float32))
    assert full.tolist() == [[0.25, 0.25, 0.5]]


def test_the_tutorial_keeps_background(candidates_of: CandidatesOf) -> None:
    """A sure sheep of objectness 1/2 is torn against background: (1 - (1/2 - 1/2))^2 = 1."""
    candidates = candidates_of({"sheep": [SURE]}, 3, objectness=0.5)
    assert select(candidates, 1).scores == (0.0,)
    kept = select(candidates, 1, background="keep")
    assert kept.scores == (1.0,)
    assert kept.reasons == ("1 box: sheep against background, margin 0.00",)


def test_class_weights_never_weigh_background(candidates_of: CandidatesOf) -> None:
    """(1/8, 1/8, 0, 3/4 background): v = (1 - 5/8)^2 = 9/64, and it is a cow's: 1.5 v."""
    candidates = candidates_of({"torn": [TORN]}, 3, objectness=0.25)
    kept = select(candidates, 1, background="keep", class_weights=True)
    assert kept.scores == (1.5 * 9 / 64,)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0.25, 2 * 1.0),  # both classes of the torn box have 1/2 * 1/2
        (0.3, 1.0),  # none has: once
        (0.0, 3 * 1.0),  # every class has
    ],
)
def test_the_tutorial_counts_a_box_once_per_class(
    candidates_of: CandidatesOf, threshold: float, expected: float
) -> None:
    """For each class whose probability in the full softmax passes the threshold."""
    candidates = candidates_of({"torn": [TORN]}, 3, objectness=0.5)
    selection = select(candidates, 1, once_per_class=threshold)
    assert selection.scores == (expected,)
    assert selection.reasons == ("1 box: cow against sheep, margin 0.00",)


def test_repeated_values_stay_with_their_images() -> None:
    """Offsets move with the repetitions; an image without detections stays without."""
    values, offsets = repeat(np.array([1.0, 2.0]), np.array([0, 1, 1, 2]), np.array([3, 1]))
    assert values.tolist() == [1.0, 1.0, 1.0, 2.0]
    assert offsets.tolist() == [0, 3, 3, 4]


def test_objectness_is_read_only_where_it_counts(candidates_of: CandidatesOf) -> None:
    """The plain strategy reads one column beside the ids."""
    candidates = candidates_of(BOXES, 3)
    (table,) = tables_of(candidates)
    plain = replace(candidates, record=TableRecord((table.select(["id", "probabilities"]),)))
    assert select(plain, 2) == select(candidates, 2)
