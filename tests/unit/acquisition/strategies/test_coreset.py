"""Core-set: images far from what is labelled."""

import pytest

from job.acquisition.strategies.coreset import Coreset
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

COUNTS = {"cow": 1}


def select(
    images: dict[str, Image], known: dict[str, Image], budget: int, **settings: object
) -> Selection:
    """Of embeddings as they are, if nothing else is set."""
    strategy = Coreset.model_validate({"normalize": False, "centre": False, **settings})
    given = labelled(known, COUNTS) if known else Labels(COUNTS)
    return strategy.select(task_of(candidates(images, 1), given, budget))


def at(*embedding: float) -> Image:
    return Image(embedding=embedding)


def test_the_farthest_from_what_is_labelled_and_picked() -> None:
    """Labelled at 0: first 8, then 3 (3 from 0, 5 from 8), then 6 (2 from 8, 3 from 3)."""
    images = {"a": at(6, 0), "b": at(3, 0), "c": at(8, 0), "d": at(1, 0)}
    selection = select(images, {"known": at(0, 0)}, 3)
    assert selection.ids == ("c", "b", "a")
    assert scores_of(selection) == (8.0, 3.0, 2.0)
    lead = "far from all that is labelled or picked: distance"
    assert reasons_of(selection) == (
        f"{lead} 8 to the labelled known",
        f"{lead} 3 to the labelled known",
        f"{lead} 2 to the pick c",
    )


def test_a_cold_start_begins_in_the_middle() -> None:
    """The medoid, and then the farthest from it."""
    images = {"a": at(0, 0), "b": at(1, 0), "c": at(3, 0), "d": at(10, 0)}
    selection = select(images, {}, 2)
    # Sums: a 14, b 1 + 2 + 9 = 12, c 3 + 2 + 7 = 12, d 26: of b and c the first.
    assert selection.ids == ("b", "d")
    assert scores_of(selection) == (0.0, 9.0)
    assert reasons_of(selection)[0] == "the medoid of the pool"


def test_equal_embeddings_are_one_pick() -> None:
    """The twin of a pick comes when nothing else is left."""
    images = {"a": at(4, 0), "b": at(4, 0), "c": at(1, 0)}
    assert select(images, {"known": at(0, 0)}, 3).ids == ("a", "c", "b")


@pytest.mark.parametrize(("normalize", "first"), [(False, "far"), (True, "other")])
def test_normalized_embeddings_count_by_direction(first: str, *, normalize: bool) -> None:
    """(9, 0) lies 8 from (1, 0), but points the same way; (0, 2) does not."""
    images = {"far": at(9, 0), "other": at(0, 2)}
    assert select(images, {"known": at(1, 0)}, 1, normalize=normalize).ids == (first,)
    assert Coreset().normalize


@pytest.mark.parametrize(("centre", "first"), [(False, "other"), (True, "twin")])
def test_directions_are_seen_from_the_mean_of_all(first: str, *, centre: bool) -> None:
    """From 0, (8, 2) points as the labelled (4, 1) does, and (4, 3) does not.

    From the mean (16/3, 2) they point to (1, 0), (-0.8, -0.6) and (-0.8, 0.6): cosines -0.8, 0.28.
    """
    images = {"twin": at(8, 2), "other": at(4, 3)}
    picks = select(images, {"known": at(4, 1)}, 1, normalize=True, centre=centre)
    assert picks.ids == (first,)
    assert Coreset().centre
