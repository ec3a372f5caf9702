"""Brust et al. 2019, against cases worked out by hand."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from job.acquisition.strategies.brust import Brust, class_weights
from job.acquisition.strategy import Images, Selection, TableRecord
from tests.unit.acquisition.records import Labels, reasons_of, scores_of, tables_of, task_of

ImagesOf = Callable[..., Images]

LABELLED = Labels({"cow": 3, "sheep": 0, "horse": 0})

# 1-vs-2 values: torn 1; half (1 - (1/2 - 1/4))^2 = 9/16; quarter (1 - (3/4 - 1/4))^2 = 1/4; sure 0.
TORN, HALF, QUARTER, SURE = [0.5, 0.5, 0], [0.5, 0.25, 0.25], [0, 0.25, 0.75], [0, 1, 0]
BOXES = {"many": [HALF, HALF], "one": [TORN], "mixed": [QUARTER, SURE], "none": []}


def select(
    candidates: Images, budget: int, labelled: Labels = LABELLED, **settings: object
) -> Selection:
    return Brust.model_validate(settings).select(task_of(candidates, labelled, budget))


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("sum", {"many": 1.125, "one": 1.0, "mixed": 0.25, "none": 0.0}),
        ("mean", {"one": 1.0, "many": 0.5625, "mixed": 0.125, "none": 0.0}),
        ("max", {"one": 1.0, "many": 0.5625, "mixed": 0.25, "none": 0.0}),
    ],
)
def test_scores_by_hand(
    candidates_of: ImagesOf, aggregation: str, expected: dict[str, float]
) -> None:
    """The sum prefers the image with many boxes, mean and max the one torn most."""
    selection = select(candidates_of(BOXES, 3), 4, aggregation=aggregation)
    assert list(zip(selection.ids, scores_of(selection), strict=True)) == list(expected.items())


def test_an_image_without_detections_can_be_wanted(candidates_of: ImagesOf) -> None:
    """`empty_score` is its score, here between the others'."""
    selection = select(candidates_of(BOXES, 3), 4, empty_score=0.5)
    assert selection.ids == ("many", "one", "none", "mixed")
    assert reasons_of(selection)[2] == "no box that counts: score 0.5"


def test_class_weights_by_hand() -> None:
    """(3 + 3) / (3 + 1) = 1.5 for three boxes of three; (3 + 3) / (0 + 1) = 6 for none."""
    assert class_weights(task_of(Images(()), LABELLED)).tolist() == [1.5, 6.0, 6.0]


def test_nothing_labelled_weighs_all_classes_alike() -> None:
    """(0 + 2) / (0 + 1) = 2."""
    assert class_weights(task_of(Images(()), Labels({"a": 0, "b": 0}))).tolist() == [2.0, 2.0]


def test_class_weights_go_by_the_predicted_class(candidates_of: ImagesOf) -> None:
    """Cow: 1.5 * 9/16 = 0.84375 a box; horse: 6 * 1/4 = 1.5; a tie goes to the first class."""
    selection = select(candidates_of(BOXES, 3), 3, class_weights=True)
    assert dict(zip(selection.ids, scores_of(selection), strict=True)) == {
        "many": 1.6875,
        "one": 1.5,  # cow against sheep, equal: cow
        "mixed": 1.5,
    }


def test_reasons(candidates_of: ImagesOf) -> None:
    """They name the box that counts most, its two classes and its margin p1 - p2."""
    boxes = BOXES | {"three": [SURE, HALF, [0.125, 0.75, 0.125]]}
    selection = select(candidates_of(boxes, 3), 5)
    assert dict(zip(selection.ids, reasons_of(selection), strict=True)) == {
        "many": "2 boxes, most uncertain: cow against sheep, margin 0.25",
        "one": "1 box: cow against sheep, margin 0.00",
        "mixed": "2 boxes, most uncertain: horse against sheep, margin 0.50",
        "three": "3 boxes, most uncertain: cow against sheep, margin 0.25",
        "none": "no box that counts: score 0",
    }


def test_reasons_with_weights_and_batches(candidates_of: ImagesOf) -> None:
    """They add the class's weight, and the batch with its worth."""
    selection = select(
        candidates_of({"only": [HALF, QUARTER]}, 3), 1, class_weights=True, batches="random"
    )
    # 1.5 * 9/16 + 6 * 1/4 = 2.34; the second box counts more, at 1.5.
    (reason,) = reasons_of(selection)
    assert reason == (
        "2 boxes, most uncertain: horse against sheep, margin 0.50; class weight 6.00; "
        "batch 1 of 1, worth 2.34"
    )


def test_one_class_has_no_second(candidates_of: ImagesOf) -> None:
    """Every margin is 1 and every score 0, so the ids decide; the reason names one class."""
    one = Labels({"cow": 1})
    selection = select(candidates_of({"b": [[1.0]], "a": [[1.0], [1.0]]}, 1), 2, one)
    assert selection.ids == ("a", "b")
    assert scores_of(selection) == (0.0, 0.0)
    assert reasons_of(selection)[1] == "1 box: cow, margin 1.00"


def test_random_batches_are_taken_whole(candidates_of: ImagesOf) -> None:
    """Twelve images in threes, a budget of six: both batches are those of the best sums."""
    rng = np.random.default_rng(5)
    levels = [SURE, QUARTER, HALF, TORN]
    boxes = {f"{number:02d}": [levels[rng.integers(4)]] for number in range(12)}
    candidates = candidates_of(boxes, 3)
    values = dict(zip(*((s := select(candidates, 12)).ids, scores_of(s)), strict=True))
    cut = np.random.default_rng(0).permutation(12)
    batches = [[f"{row:02d}" for row in cut[start : start + 3]] for start in range(0, 12, 3)]
    batches.sort(key=lambda batch: -sum(values[image_id] for image_id in batch))
    picks = select(candidates, 6, batches="random", batch_size=3).ids
    assert set(picks[:3]) == set(batches[0])
    assert set(picks[3:]) == set(batches[1])
    others = Brust(batches="random", batch_size=3).select(task_of(candidates, LABELLED, 6, 1))
    assert others.ids != picks, "another random stream cuts another way"


def test_objectness_is_read_only_where_it_counts(candidates_of: ImagesOf) -> None:
    """The plain strategy reads one column beside the ids."""
    candidates = candidates_of(BOXES, 3)
    (table,) = tables_of(candidates)
    plain = replace(candidates, record=TableRecord((table.select(["id", "probabilities"]),)))
    assert select(plain, 2) == select(candidates, 2)
