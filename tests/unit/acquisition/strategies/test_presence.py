"""Images that seem to show an object."""

from collections import Counter
from typing import Any

from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Selection
from job.config.schema import ArmConfig
from tests.unit.acquisition.records import (
    Box,
    Image,
    Labels,
    candidates,
    reasons_of,
    scores_of,
    task_of,
)

SEEN = {f"seen-{number:02d}": Image([Box([0.75, 0.25])]) for number in range(20)}
UNSEEN = {f"unseen-{number:02d}": Image([Box([1, 0], objectness=0.05)]) for number in range(20)}


def select(images: dict[str, Image], budget: int, seed: int = 0, **settings: Any) -> Selection:
    strategy = make_strategy(ArmConfig(strategy="presence", **settings))
    labels = Labels({"cow": 1, "sheep": 1})
    return strategy.select(task_of(candidates(images, 2), labels, budget, seed))


def test_most_of_the_budget_goes_to_images_with_a_box() -> None:
    """15 of 20 with a share of 3/4, and 5 of all others; a box of confidence 0.05 is none."""
    selection = select(SEEN | UNSEEN, 20, share=0.75)
    assert all(each.startswith("seen") for each in selection.ids[:15])
    assert len(set(selection.ids)) == 20
    assert scores_of(selection) == (0.75,) * 15 + (0.0,) * 5


def test_what_no_image_shows_is_drawn_from_all() -> None:
    """Also the whole budget."""
    assert len(select(UNSEEN, 7).picks) == 7
    some = dict(list(SEEN.items())[:2])
    assert sum(each.startswith("seen") for each in select(some | UNSEEN, 10, share=1).ids) == 2


def test_every_image_with_a_box_is_equally_likely() -> None:
    """Whatever its confidence: it is a draw, and no ranking."""
    images = {"low": Image([Box([1, 0], objectness=0.2)]), "high": Image([Box([1, 0])])}
    first = Counter(select(images, 1, seed, share=1).ids[0] for seed in range(200))
    assert 70 < first["low"] < 130


def test_the_reason_names_the_box() -> None:
    """Its class and confidence, or that there is none."""
    reasons = reasons_of(select({**dict(list(SEEN.items())[:1]), **UNSEEN}, 2, share=0.5))
    assert reasons == (
        "drawn from the 1 of 21 images that show a box: cow, confidence 0.75",
        "drawn from all 20 other images, with a box or without",
    )
