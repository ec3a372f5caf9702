"""A control share drawn at random."""

import pytest

from job.acquisition.strategy import Images, Pick, Selection
from job.acquisition.wrappers.near_duplicate_filter import NearDuplicateFilter
from job.acquisition.wrappers.random_share import REASON, RandomShare
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

ENTROPY = ArmConfig(strategy="entropy")
RANDOM = ArmConfig(strategy="random")
COUNTS = {"cow": 1, "sheep": 1}
IMAGES = {f"{n:02d}": Image([Box([0.5 + n / 100, 0.5 - n / 100])]) for n in range(40)}


def select(budget: int, share: float, seed: int = 0, of: ArmConfig = ENTROPY) -> Selection:
    known = Labels(COUNTS)
    strategy = RandomShare(of=of, share=share)
    return strategy.select(task_of(candidates(IMAGES, 2), known, budget, seed))


@pytest.mark.parametrize(
    ("budget", "share", "expected"),
    [(10, 0.2, 2), (10, 0.25, 3), (10, 0.0, 0), (10, 1.0, 10), (60, 0.5, 20), (40, 0.2875, 12)],
)
def test_a_share_of_the_budget_is_random(budget: int, share: float, expected: int) -> None:
    """Rounded, a half up, of what there is; these come last, marked, with a score of 0."""
    selection = select(budget, share)
    drawn = [reason == REASON for reason in reasons_of(selection)]
    assert sum(drawn) == expected
    assert drawn == sorted(drawn)
    assert scores_of(selection)[len(drawn) - expected :] == (0.0,) * expected


def test_the_others_are_those_of_the_strategy_inside() -> None:
    """The most uncertain: the lowest numbers."""
    assert select(10, 0.2).ids[:8] == tuple(f"{n:02d}" for n in range(8))


def test_every_image_that_is_left_can_be_drawn() -> None:
    """And none that the strategy inside has picked."""
    drawn = {select(10, 0.1, seed).ids[-1] for seed in range(400)}
    assert drawn == {f"{n:02d}" for n in range(9, 40)}


def test_the_draws_inside_do_not_depend_on_the_share() -> None:
    """The strategy inside has a stream of its own: with a larger share, its picks are the same."""
    inside = ArmConfig(strategy="brust", batches="random", batch_size=2)
    assert select(10, 0.2, of=inside).ids[:4] == select(10, 0.6, of=inside).ids[:4]


def test_random_picks_fill_the_budget() -> None:
    """Whatever the strategy inside leaves of its part, such as one that draws labelled images."""
    known = Labels(COUNTS, Images(tuple(f"known-{n:02d}" for n in range(40))))
    strategy = RandomShare(of=ArmConfig(strategy="tutorial_random"), share=0.2)
    selection = strategy.select(task_of(candidates(IMAGES, 2), known, 20))
    num_drawn = sum(reason == REASON for reason in reasons_of(selection))
    assert len(set(selection.ids)) == 20
    assert num_drawn > 4


@pytest.mark.parametrize(
    ("of", "expected"), [(ENTROPY, [False] * 8 + [True] * 2), (RANDOM, [True] * 10)]
)
def test_the_picks_of_the_share_are_of_a_random_draw(of: ArmConfig, expected: list[bool]) -> None:
    """Those of the strategy inside are if it says so: both draws together are one."""
    strategy = RandomShare(of=of, share=0.2)
    assert [strategy.is_random(pick) for pick in select(10, 0.2, of=of).picks] == expected


def test_what_another_wrapper_drops_is_no_random_draw() -> None:
    """Of random picks without near-duplicates, no image like a labelled one is left."""
    wrapper = NearDuplicateFilter(of=RANDOM)
    assert not wrapper.is_random(Pick("00", 0.0, "drawn at random"))
