"""Entropy, against cases worked out by hand."""

from collections.abc import Callable
from math import log

import pytest

from job.acquisition.strategies.entropy import Entropy
from job.acquisition.strategy import Images, Selection
from tests.unit.acquisition.records import Labels, reasons_of, scores_of, task_of

ImagesOf = Callable[..., Images]

LABELLED = Labels({"cow": 3, "sheep": 0, "horse": 0, "dog": 1})

# In units of ln 2: four 2, two 1, sure 0.
FOUR, TWO, SURE = [0.25] * 4, [0.5, 0.5, 0, 0], [0, 0, 1, 0]
BOXES = {"crowd": [TWO, TWO, TWO], "one": [FOUR], "mixed": [FOUR, SURE], "none": []}


def select(candidates: Images, **settings: object) -> Selection:
    strategy = Entropy.model_validate(settings)
    return strategy.select(task_of(candidates, LABELLED, 4))


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"aggregation": "sum"}, {"crowd": 3, "mixed": 2, "one": 2, "none": 0}),
        ({"aggregation": "mean"}, {"one": 2, "crowd": 1, "mixed": 1, "none": 0}),
        ({"aggregation": "max"}, {"mixed": 2, "one": 2, "crowd": 1, "none": 0}),
        # Only an image's first or two first count, so the crowd no longer wins by its number.
        ({"top_m": 1}, {"mixed": 2, "one": 2, "crowd": 1, "none": 0}),
        ({"top_m": 2}, {"crowd": 2, "mixed": 2, "one": 2, "none": 0}),
        ({"top_m": 2, "aggregation": "mean"}, {"one": 2, "crowd": 1, "mixed": 1, "none": 0}),
        ({"top_m": 9}, {"crowd": 3, "mixed": 2, "one": 2, "none": 0}),
    ],
)
def test_scores_by_hand(
    candidates_of: ImagesOf, settings: dict[str, object], expected: dict[str, int]
) -> None:
    """Scores in multiples of ln 2; of equal ones the lower id is first."""
    selection = select(candidates_of(BOXES, 4), **settings)
    assert selection.ids == tuple(expected)
    assert scores_of(selection) == pytest.approx([n * log(2) for n in expected.values()], abs=1e-12)


def test_an_image_without_detections_can_be_wanted(candidates_of: ImagesOf) -> None:
    """`empty_score` is its score."""
    selection = select(candidates_of(BOXES, 4), empty_score=9)
    assert (selection.ids[0], scores_of(selection)[0]) == ("none", 9.0)


def test_reasons(candidates_of: ImagesOf) -> None:
    """They give the highest entropy of a box, ln 2 or ln 4, beside the highest possible."""
    selection = select(candidates_of(BOXES, 4))
    assert dict(zip(selection.ids, reasons_of(selection), strict=True)) == {
        "crowd": "3 boxes, most uncertain: cow against sheep, entropy 0.69 of at most 1.39 nats",
        "mixed": "2 boxes, most uncertain: cow against sheep, entropy 1.39 of at most 1.39 nats",
        "one": "1 box: cow against sheep, entropy 1.39 of at most 1.39 nats",
        "none": "no box that counts: score 0",
    }
