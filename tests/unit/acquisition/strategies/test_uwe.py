"""Uncertainty-weighted embeddings."""

import numpy as np
import pytest

from job.acquisition.registry import make_strategy
from job.acquisition.strategies.uwe import Uwe, scale
from job.acquisition.strategy import Images
from job.config.schema import ArmConfig
from job.errors import ConfigError
from tests.unit.acquisition.records import (
    Box,
    Image,
    Labels,
    candidates,
    labelled,
    reasons_of,
    scores_of,
    task_of,
)

COUNTS = {"cow": 1, "sheep": 1}
SURE, TORN, BETWEEN = Box([1.0, 0.0]), Box([0.5, 0.5]), Box([0.75, 0.25])


def test_an_uncertain_image_is_farther() -> None:
    """Both 4 away; the sure one is scaled to the origin, where the labelled image is."""
    images = {"a": Image([SURE], (4, 0)), "b": Image([TORN], (0, 4)), "c": Image([TORN], (0, 3))}
    given = labelled({"known": Image([SURE], (4, 4))}, COUNTS)
    selection = Uwe().select(task_of(candidates(images, 2), given, 3))
    # Weights: a 0, b 1, c 1, known 0. From the origin: b 4, c 3 (1 from b), a 0.
    assert selection.ids == ("b", "c", "a")
    assert scores_of(selection) == (4.0, 1.0, 0.0)
    assert reasons_of(selection)[0].startswith("uncertainty 1.00 of 1, weighted distance 4 ")


def test_a_labelled_image_is_weighted_by_its_own_uncertainty() -> None:
    """One that the detector is torn about covers its surroundings; a sure one covers the origin."""
    images = {"a": Image([TORN], (0, 4)), "b": Image([TORN], (3, 0)), "z": Image([SURE], (1, 1))}
    torn = labelled({"known": Image([TORN], (0, 4))}, COUNTS)
    assert Uwe().select(task_of(candidates(images, 2), torn, 1)).ids == ("b",)
    sure = labelled({"known": Image([SURE], (0, 4))}, COUNTS)
    assert Uwe().select(task_of(candidates(images, 2), sure, 1)).ids == ("a",)


def test_as_published_labelled_images_are_ignored() -> None:
    """The longest product is first, and then the farthest from the picks.

    Sure of a, the detector puts it at the origin; the products of b and c are 5 and 2 away from it.
    Beginning at the labelled image, which lies where b does, a is first.
    """
    images = {"a": Image([SURE], (9, 0)), "b": Image([TORN], (0, 5)), "c": Image([TORN], (0, 2))}
    given = labelled({"known": Image([TORN], (0, 5))}, COUNTS)
    strategy = Uwe(start="longest")
    selection = strategy.select(task_of(candidates(images, 2), given, 3))
    assert selection.ids == ("b", "a", "c")
    assert scores_of(selection) == (0.0, 5.0, 2.0)
    assert reasons_of(selection)[0].startswith(
        "uncertainty 1.00 of 1, weighted length the highest;"
    )
    assert "distance 5 to what is picked;" in reasons_of(selection)[1]
    assert Uwe().select(task_of(candidates(images, 2), given, 1)).ids == ("a",)
    assert strategy.reads_labelled < Uwe().reads_labelled


def test_equal_uncertainties_weigh_nothing() -> None:
    """Then it is core-set: 5 is the farthest from 0."""
    images = {"a": Image([TORN], (1, 0)), "b": Image([TORN], (5, 0))}
    given = labelled({"known": Image([TORN], (0, 0))}, COUNTS)
    selection = Uwe().select(task_of(candidates(images, 2), given, 1))
    assert (selection.ids, scores_of(selection)) == (("b",), (5.0,))


def test_the_scale_is_that_of_the_candidates() -> None:
    """From 1 to 3: 2 is in the middle, 0 and 9 are clipped."""
    over = np.array([1.0, 3.0])
    assert scale(np.array([0.0, 1.0, 2.0, 9.0]), over).tolist() == [0.0, 0.0, 0.5, 1.0]
    assert scale(np.array([5.0]), np.array([2.0, 2.0])).tolist() == [1.0]


def test_a_cold_start_needs_scores() -> None:
    """It cannot select round 0: there are embeddings, but no uncertainty yet."""
    assert Uwe().reads > {"embedding", "probabilities"}
    with pytest.raises(ConfigError, match="needs none, such as random"):
        Uwe().select(task_of(Images(("a",)), Labels(COUNTS), 1))


def test_what_scores_no_image_gives_no_uncertainty() -> None:
    """The message names the strategies that do."""
    arm = ArmConfig.model_validate({"strategy": "uwe", "of": {"strategy": "coreset"}})
    with pytest.raises(
        ConfigError,
        match=r"of\.strategy: 'coreset' does not score each image on its own; known: brust",
    ):
        make_strategy(arm)
