"""Random sampling."""

import numpy as np

from job.acquisition.strategies.random import Random
from job.acquisition.strategy import Images
from tests.unit.acquisition.records import Labels, reasons_of, scores_of, task_of

POOL = tuple(f"{number:03d}" for number in range(100))
LABELLED = Labels({}, Images(POOL[:60]))


def candidates(labelled: Labels, pool: tuple[str, ...] = POOL) -> Images:
    return Images(tuple(i for i in pool if i not in labelled.images.ids))


def test_every_unlabelled_image_is_as_likely() -> None:
    """Chi-squared over twelve images: 11 degrees of freedom exceed 45 once in 200,000 times."""
    rng = np.random.default_rng(1)
    few = candidates(LABELLED, POOL[58:72])  # 60 to 71 are unlabelled
    counts = dict.fromkeys(few.ids, 0)
    for _ in range(3000):
        for pick in Random().select(task_of(few, LABELLED, 3, rng)).ids:
            counts[pick] += 1
    expected = 3000 * 3 / 12
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 45


def test_the_order_of_the_draw_is_random_too() -> None:
    """With a budget of all images, the first is not always the same."""
    firsts = {
        Random().select(task_of(candidates(LABELLED), LABELLED, 40, seed)).ids[0]
        for seed in range(20)
    }
    assert len(firsts) > 10


def test_it_draws_the_same_whatever_the_order_of_the_store() -> None:
    """Ids are drawn, not positions."""
    one = Random().select(task_of(candidates(LABELLED), LABELLED, 9, 3))
    turned = candidates(LABELLED, POOL[::-1])
    assert Random().select(task_of(turned, LABELLED, 9, 3)) == one


def test_a_random_pick_says_so() -> None:
    """No score decided."""
    selection = Random().select(task_of(candidates(LABELLED), LABELLED, 2))
    assert scores_of(selection) == (0.0, 0.0)
    assert reasons_of(selection) == ("drawn at random", "drawn at random")


def test_every_pick_is_of_a_random_draw() -> None:
    """So all of them together are a sample of the unlabelled images."""
    picks = Random().select(task_of(candidates(LABELLED), LABELLED, 2)).picks
    assert all(map(Random().is_random, picks))
