"""Balanced herding, on embeddings in the plane whose mean is 0."""

from collections.abc import Mapping
from math import cos, exp, radians, sin

import numpy as np
import pytest

from job.acquisition.features.embeddings import read_directions
from job.acquisition.strategies.balanced_herding import BalancedHerding
from job.acquisition.strategies.herding import Herding
from job.acquisition.strategy import Selection
from tests.unit.acquisition.records import (
    Image,
    Labels,
    candidates,
    labelled,
    reasons_of,
    scores_of,
    task_of,
)

NO_LABELS = Labels({"cow": 0, "sheep": 0})
AROUND = (60, 120, 240, 300)
"""Directions of unlabelled images, each 60 degrees from the next label at 0 or 180."""
NEAR, FAR = exp(-1 / 0.7**2), exp(-3 / 0.7**2)
"""The kernel of a class between directions that lie 60 and 120 degrees apart."""
LIKELY = NEAR / (NEAR + FAR)
COPIES = 1 + exp(-1 / 0.6**2)
"""How many near-copies an image has whose nearest other one lies 60 degrees off."""
ADDED = 1 - exp(-1)
"""What covering an image adds that a label at 60 degrees covers already."""


def at(degrees: float, length: float = 1.0, shows: tuple[int, ...] = ()) -> Image:
    angle = radians(degrees)
    return Image((), (length * cos(angle), length * sin(angle)), shows)


def select(strategy: Herding, images: Mapping[str, Image], labels: Labels) -> Selection:
    num_classes = len(labels.class_counts)
    return strategy.select(task_of(candidates(images, num_classes), labels, 1))


def test_copies_count_once() -> None:
    """Four copies on one side weigh as one image, so the two different images come first."""
    pair = 4 / (2 * cos(radians(30)))  # as long as it takes for a mean of 0
    images = {name: at(0) for name in "efgh"} | {"c": at(150, pair), "d": at(210, pair)}
    every = {"candidate_share": 1.0}
    assert select(Herding(**every), images, NO_LABELS).ids[0] in "efgh"
    balanced = select(BalancedHerding(**every), images, NO_LABELS)
    assert balanced.ids == ("c",)
    weight = 1 / (1 + exp(-1 / 0.6**2))
    across = exp(-(2 - 2 * cos(radians(150))))
    assert scores_of(balanced) == pytest.approx((weight * (1 + exp(-1)) + across,), rel=0.01)


def test_copies_are_counted_among_those_that_are_to_be_covered() -> None:
    """With half of the images drawn, a second copy stands for two more."""
    images = {"a": at(0), "b": at(0), "c": at(180), "d": at(180), "e": at(90), "f": at(270)}
    task = task_of(candidates(images, 2), NO_LABELS)
    weights, _ = BalancedHerding().weigh(task, read_directions(task), np.array([0, 1, 4]))
    assert weights == pytest.approx([1 / 3, 1 / 3, 1], abs=0.02)


def test_images_like_rare_classes_count_more() -> None:
    """Cows are frequent and sheep rare, so an image that is like the labelled sheep comes first."""
    labels = labelled(
        {"cow": at(0, shows=(0,)), "sheep": at(180, shows=(1,))}, {"cow": 90, "sheep": 10}
    )
    images = {str(degrees): at(degrees) for degrees in AROUND}
    selection = select(BalancedHerding(candidate_share=1), images, labels)
    assert selection.ids[0] in {"120", "240"}
    rarity = LIKELY * 50 / 10 + (1 - LIKELY) * 50 / 90
    assert scores_of(selection) == pytest.approx((ADDED * rarity / COPIES,), rel=0.01)
    assert reasons_of(selection)[0].endswith(
        "; labelled images like it show sheep (10 labelled boxes)"
    )


def test_images_like_labelled_ones_without_objects_count_least() -> None:
    """The label at 180 degrees shows nothing: images like it have an eighth of the weight."""
    labels = labelled({"cow": at(0, shows=(0, 0)), "empty": at(180)}, {"cow": 2})
    images = {str(degrees): at(degrees) for degrees in AROUND}
    selection = select(BalancedHerding(candidate_share=1), images, labels)
    assert selection.ids[0] in {"60", "300"}
    rarity = LIKELY + (1 - LIKELY) / 8
    assert scores_of(selection) == pytest.approx((ADDED * rarity / COPIES,), rel=0.01)
    (told,) = reasons_of(selection)
    assert told.endswith("; labelled images like it show cow (2 labelled boxes)")


def test_what_labelled_images_without_objects_are_like_is_said() -> None:
    """The reason of a pick does not name a class where none is likely."""
    labels = labelled({"cow": at(0, shows=(0,)), "empty": at(180)}, {"cow": 1})
    selection = select(BalancedHerding(), {"a": at(150), "b": at(210)}, labels)
    assert reasons_of(selection)[0].endswith("; labelled images like it show no object")


def test_without_labels_all_classes_count_alike() -> None:
    """As a cold start, only copies count less."""
    images = {str(degrees): at(degrees) for degrees in AROUND}
    selection = select(BalancedHerding(candidate_share=1), images, NO_LABELS)
    covered = 1 + exp(-1) + exp(-3) + exp(-4)
    assert scores_of(selection) == pytest.approx((covered / COPIES,), rel=0.01)
    assert reasons_of(selection)[0] == "stands for the 4 of 4 unlabelled images nearest to it"
