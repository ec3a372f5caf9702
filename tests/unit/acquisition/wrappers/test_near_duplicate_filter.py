"""The filter of near-duplicates."""

from job.acquisition.strategy import Selection
from job.acquisition.wrappers.near_duplicate_filter import NearDuplicateFilter
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

COUNTS = {"cow": 1, "sheep": 1}
# Entropies fall from a to e.
P = {"a": 0.5, "b": 0.6, "c": 0.7, "d": 0.8, "e": 0.9}


def select(
    embeddings: dict[str, tuple[float, float]],
    budget: int,
    known: dict[str, Image] | None = None,
    threshold: float = 0.9,
) -> Selection:
    images = {i: Image([Box([P[i], 1 - P[i]])], where) for i, where in embeddings.items()}
    given = labelled(known, COUNTS) if known else Labels(COUNTS)
    strategy = NearDuplicateFilter(of=ArmConfig(strategy="entropy"), threshold=threshold)
    return strategy.select(task_of(candidates(images, 2), given, budget))


def test_a_twin_of_an_earlier_pick_is_passed_over() -> None:
    """B points the way of a; c, at right angles, is taken in its place, from beyond the budget."""
    selection = select({"a": (1, 0), "b": (2, 0), "c": (0, 1), "d": (0, 3)}, 2)
    assert selection.ids == ("a", "c")
    assert all("fills" not in reason for reason in reasons_of(selection))


def test_a_twin_of_a_labelled_image_is_passed_over() -> None:
    """Its label is known already, more or less."""
    selection = select({"a": (1, 0), "b": (0, 1)}, 1, {"known": Image([], (5, 0))})
    assert selection.ids == ("b",)


def test_at_the_threshold_two_images_are_no_twins() -> None:
    """(3, 4) and (1, 0) have a cosine of 0.6."""
    embeddings = {"a": (1.0, 0.0), "b": (3.0, 4.0), "c": (0.0, 1.0)}
    assert select(embeddings, 2, threshold=0.61).ids == ("a", "b")
    assert select(embeddings, 2, threshold=0.59).ids == ("a", "c")


def test_what_was_passed_over_fills_the_budget() -> None:
    """In its order, with what it is like: c is the twin of a (cosine 1), b of the labelled one."""
    known = {"known": Image([], (0, 1))}
    selection = select({"a": (1, 0), "b": (0, 2), "c": (3, 0)}, 3, known)
    assert selection.ids == ("a", "b", "c")
    assert reasons_of(selection)[1].startswith("fills the budget, like known (cosine 1.000); 1 box")
    assert reasons_of(selection)[2].startswith("fills the budget, like a (cosine 1.000); 1 box")


def test_an_embedding_of_zeros_is_like_nothing() -> None:
    """It has no direction to share."""
    assert select({"a": (0, 0), "b": (0, 0), "c": (1, 0)}, 3, threshold=0.0).ids == ("a", "b", "c")


def test_it_asks_for_more_until_enough_pass() -> None:
    """Budget 1, 2, 4, ...: the first four are twins of what is labelled, the fifth is not."""
    embeddings = dict.fromkeys("abcd", (1.0, 0.0)) | {"e": (0.0, 1.0)}
    assert select(embeddings, 1, {"known": Image([], (1, 0))}).ids == ("e",)
