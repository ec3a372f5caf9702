"""Uncertain, then diverse."""

from math import cos, radians, sin
from typing import Any

import pytest

from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Selection
from job.config.schema import ArmConfig
from tests.unit.acquisition.records import (
    Box,
    Image,
    Labels,
    candidates,
    labelled,
    reasons_of,
    task_of,
)

NO_LABELS = Labels({"cow": 1, "sheep": 1})
DOUBT, CERTAIN = [0.5, 0.5], [1.0, 0.0]


def at(degrees: float, probabilities: list[float]) -> Image:
    angle = radians(degrees)
    return Image([Box(probabilities)], (cos(angle), sin(angle)))


IMAGES = {
    "a": at(0, DOUBT),
    "b": at(10, DOUBT),
    "c": at(20, DOUBT),
    "d": at(180, DOUBT),
    "e": at(90, CERTAIN),
}


def select(budget: int, labels: Labels = NO_LABELS, **settings: Any) -> Selection:
    arm = {"strategy": "diverse", "of": {"strategy": "entropy"}, **settings}
    strategy = make_strategy(ArmConfig.model_validate(arm))
    return strategy.select(task_of(candidates(IMAGES, 2), labels, budget))


@pytest.mark.parametrize("by", ["herding", "k_center"])
def test_the_picks_are_diverse_ones_of_the_most_uncertain(by: str) -> None:
    """Two of four candidates: b in the middle of three, and d; never e, of which it is certain."""
    selection = select(2, oversample=2, by=by)
    assert selection.ids == ("b", "d")
    assert reasons_of(selection)[1] == (
        "stands for the 1 of 4 candidates nearest to it; 1 box: cow against sheep, entropy 0.69 of "
        "at most 0.69 nats"
    )


def test_with_one_candidate_for_each_pick_it_is_the_strategy_inside() -> None:
    """In another order at most."""
    assert set(select(3, oversample=1).ids) == {"a", "b", "c"}


@pytest.mark.parametrize("by", ["herding", "k_center"])
def test_what_is_labelled_is_not_picked_again(by: str) -> None:
    """A label at 10 degrees covers three of four candidates."""
    known = labelled({"label": at(10, CERTAIN)}, {"cow": 1, "sheep": 1})
    assert select(1, known, oversample=4, by=by).ids == ("d",)
