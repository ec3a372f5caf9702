"""The tutorial's faults, against cases worked out by hand."""

from collections.abc import Callable

import numpy as np
import pytest

from job.acquisition.strategies.tutorial import (
    TutorialBrust,
    TutorialRandom,
    full_softmax,
    outside_top2,
    repeat,
)
from job.acquisition.strategy import Images, Selection
from tests.unit.acquisition.records import Labels, reasons_of, scores_of, task_of

ImagesOf = Callable[..., Images]

LABELLED = Labels({"cow": 3, "sheep": 0, "horse": 0})
NO_FAULT = {
    "outside_top2": False,
    "with_background": False,
    "count_box_once_per_class_above": None,
    "consecutive_batches": False,
}

# 1-vs-2 values: torn 1; half (1 - (1/2 - 1/4))^2 = 9/16; quarter (1 - (3/4 - 1/4))^2 = 1/4; sure 0.
TORN, HALF, QUARTER, SURE = [0.5, 0.5, 0], [0.5, 0.25, 0.25], [0, 0.25, 0.75], [0, 1, 0]
BOXES = {"many": [HALF, HALF], "one": [TORN], "mixed": [QUARTER, SURE], "none": []}


def select(candidates: Images, budget: int, **settings: object) -> Selection:
    """With the faults that are named, and no other."""
    strategy = TutorialBrust.model_validate({**NO_FAULT, **settings})
    return strategy.select(task_of(candidates, LABELLED, budget))


def test_the_tutorials_batches_follow_the_order_of_the_pool(candidates_of: ImagesOf) -> None:
    """Its batches are unlabelled images one after the other, whatever their ids."""
    boxes = {
        "z": [SURE], "labelled": [TORN], "m": [TORN],  # z, m: 0 + 1
        "b": [HALF], "a": [HALF],  # 9/16 + 9/16: the best batch
        "y": [TORN], "labelled too": [TORN], "c": [SURE],  # y, c: 1 + 0
    }  # fmt: skip
    candidates = candidates_of(boxes, 3, labelled=("labelled", "labelled too"))
    picks = select(candidates, 4, consecutive_batches=True, batch_size=2).ids
    assert picks == ("a", "b", "m", "z")  # two batches worth 1: the first in the pool


def test_the_tutorials_uncertainty_misses_the_torn(candidates_of: ImagesOf) -> None:
    """(1 - 1/2 - 1/2)^2 = 0 where the margin is at its most uncertain; (1 - 3/4)^2 = 1/16."""
    selection = select(candidates_of(BOXES, 3), 4, outside_top2=True, aggregation="max")
    assert selection.ids == ("many", "mixed", "none", "one")
    assert scores_of(selection) == (0.0625, 0.0, 0.0, 0.0)
    assert (
        reasons_of(selection)[0] == "2 boxes, most uncertain: cow against sheep, outside both 0.25"
    )


def test_the_full_softmax_by_hand() -> None:
    """p(class) is p times objectness, p(background) what is left."""
    full = full_softmax(np.array([[0.5, 0.5]]), np.array([0.5], np.float32))
    assert full.tolist() == [[0.25, 0.25, 0.5]]


def test_the_tutorial_keeps_background(candidates_of: ImagesOf) -> None:
    """A sure sheep of objectness 1/2 is torn against background: (1 - (1/2 - 1/2))^2 = 1."""
    candidates = candidates_of({"sheep": [SURE]}, 3, objectness=0.5)
    assert scores_of(select(candidates, 1)) == (0.0,)
    kept = select(candidates, 1, with_background=True)
    assert scores_of(kept) == (1.0,)
    assert reasons_of(kept) == ("1 box: sheep against background, margin 0.00",)


def test_class_weights_never_weigh_background(candidates_of: ImagesOf) -> None:
    """(1/8, 1/8, 0, 3/4 background): v = (1 - 5/8)^2 = 9/64, and it is a cow's: 1.5 v."""
    candidates = candidates_of({"torn": [TORN]}, 3, objectness=0.25)
    kept = select(candidates, 1, with_background=True, class_weights=True)
    assert scores_of(kept) == (1.5 * 9 / 64,)


@pytest.mark.parametrize(
    ("threshold", "expected"),
    [
        (0.25, 2 * 1.0),  # both classes of the torn box have 1/2 * 1/2
        (0.3, 1.0),  # none has: once
        (0.0, 3 * 1.0),  # every class has
    ],
)
def test_the_tutorial_counts_a_box_once_per_class(
    candidates_of: ImagesOf, threshold: float, expected: float
) -> None:
    """For each class whose probability in the full softmax passes the threshold."""
    candidates = candidates_of({"torn": [TORN]}, 3, objectness=0.5)
    selection = select(candidates, 1, count_box_once_per_class_above=threshold)
    assert scores_of(selection) == (expected,)
    assert reasons_of(selection) == ("1 box: cow against sheep, margin 0.00",)


def test_repeated_values_stay_with_their_images() -> None:
    """Offsets move with the repetitions; an image without detections stays without."""
    values, offsets = repeat(np.array([1.0, 2.0]), np.array([0, 1, 1, 2]), np.array([3, 1]))
    assert values.tolist() == [1.0, 1.0, 1.0, 2.0]
    assert offsets.tolist() == [0, 3, 3, 4]


@pytest.mark.parametrize(
    ("p", "expected"),
    [
        ([0.5, 0.5, 0.0, 0.0], 0.0),  # torn between two, which the margin calls 1
        ([0.25, 0.25, 0.25, 0.25], 0.25),  # (1 - 1/2)^2
        ([0.5, 0.25, 0.125, 0.125], 0.0625),  # (1 - 3/4)^2
        ([1.0], 0.0),
    ],
)
def test_the_tutorials_margin_is_the_mass_outside_the_top_two(
    p: list[float], expected: float
) -> None:
    """(1 - p1 - p2)^2."""
    assert outside_top2(np.array([p], np.float16)) == pytest.approx([expected], abs=1e-12)


def test_the_tutorials_baseline_redraws_labelled_images() -> None:
    """Of 50 drawn from 100 of which 60 are labelled, 50 * 40 / 100 = 20 are new on average."""
    pool = [f"{number:03d}" for number in range(100)]
    labels = Labels({}, Images(tuple(pool[:60])))
    num_picks = []
    for seed in range(200):
        task = task_of(Images(tuple(pool[60:])), labels, 50, seed, pool)
        picks = TutorialRandom().select(task).ids
        assert set(picks).isdisjoint(labels.images.ids)
        assert len(set(picks)) == len(picks)
        num_picks.append(len(picks))
    # Hypergeometric, standard deviation sqrt(50 * 0.4 * 0.6 * 50 / 99) = 2.46; of the mean, 0.17.
    assert np.mean(num_picks) == pytest.approx(20, abs=0.9)


def test_the_tutorials_baseline_picks_no_refused_image() -> None:
    """An image of the pool that is neither labelled nor left to label is not picked."""
    pool = [f"{number:03d}" for number in range(9)]
    labels = Labels({}, Images(tuple(pool[:3])))
    task = task_of(Images(tuple(pool[5:])), labels, 9, 0, pool)
    assert sorted(TutorialRandom().select(task).ids) == pool[5:]
