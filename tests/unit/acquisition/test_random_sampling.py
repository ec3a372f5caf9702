"""Random sampling."""

import numpy as np
import pytest

from job.acquisition.strategies.random import Random
from job.acquisition.strategy import Candidates, Labelled

POOL = tuple(f"{number:03d}" for number in range(100))
LABELLED = Labelled(frozenset(POOL[:60]), {})


def candidates(labelled: Labelled, pool: tuple[str, ...] = POOL) -> Candidates:
    return Candidates(tuple(i for i in pool if i not in labelled.ids), pool)


def test_every_unlabelled_image_is_as_likely() -> None:
    """Chi-squared over twelve images: 11 degrees of freedom exceed 45 once in 200,000 times."""
    rng = np.random.default_rng(1)
    few = candidates(LABELLED, POOL[58:72])  # 60 to 71 are unlabelled
    counts = dict.fromkeys(few.ids, 0)
    for _ in range(3000):
        for pick in Random().select(few, LABELLED, 3, rng).ids:
            counts[pick] += 1
    expected = 3000 * 3 / 12
    assert sum((count - expected) ** 2 / expected for count in counts.values()) < 45


def test_the_order_of_the_draw_is_random_too() -> None:
    """With a budget of all images, the first is not always the same."""
    firsts = {
        Random().select(candidates(LABELLED), LABELLED, 40, np.random.default_rng(seed)).ids[0]
        for seed in range(20)
    }
    assert len(firsts) > 10


def test_it_draws_the_same_whatever_the_order_of_the_store() -> None:
    """Ids are drawn, not positions."""
    one = Random().select(candidates(LABELLED), LABELLED, 9, np.random.default_rng(3))
    turned = candidates(LABELLED, POOL[::-1])
    assert Random().select(turned, LABELLED, 9, np.random.default_rng(3)) == one


def test_a_random_pick_says_so() -> None:
    """No score decided."""
    selection = Random().select(candidates(LABELLED), LABELLED, 2, np.random.default_rng(0))
    assert selection.scores == (0.0, 0.0)
    assert selection.reasons == ("drawn at random", "drawn at random")


def test_the_tutorials_baseline_redraws_labelled_images() -> None:
    """Of 50 drawn from 100 of which 60 are labelled, 50 * 40 / 100 = 20 are new on average."""
    tutorial = Random(redraw_labelled=True)
    num_picks = []
    for seed in range(200):
        picks = tutorial.select(candidates(LABELLED), LABELLED, 50, np.random.default_rng(seed)).ids
        assert LABELLED.ids.isdisjoint(picks)
        assert len(set(picks)) == len(picks)
        num_picks.append(len(picks))
    # Hypergeometric, standard deviation sqrt(50 * 0.4 * 0.6 * 50 / 99) = 2.46; of the mean, 0.17.
    assert np.mean(num_picks) == pytest.approx(20, abs=0.9)
