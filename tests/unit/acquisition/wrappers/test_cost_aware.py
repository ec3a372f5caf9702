"""Utility per expected second, and the expected number of boxes."""

from math import log

import pytest

from job.acquisition.strategy import Selection
from job.acquisition.wrappers.cost_aware import CostAware
from job.config.schema import ArmConfig
from job.errors import BadDataError
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
NOTHING = Labels(COUNTS)
TORN = [0.5, 0.5]


def select(
    of: dict[str, object], images: dict[str, Image], budget: int, **settings: object
) -> Selection:
    strategy = CostAware.model_validate({"of": of, **settings})
    return strategy.select(task_of(candidates(images, 2), NOTHING, budget))


def test_the_most_per_second_is_first() -> None:
    """Entropies ln 2 and 3 ln 2; seconds 2 + 4 * 1 = 6 and 2 + 4 * 3 = 14."""
    images = {"one": Image([Box(TORN)]), "three": Image([Box(TORN)] * 3)}
    entropy: dict[str, object] = {"strategy": "entropy", "aggregation": "sum"}
    selection = select(entropy, images, 2, seconds_per_image=2, seconds_per_box=4)
    assert selection.ids == ("three", "one")
    assert scores_of(selection) == pytest.approx((3 * log(2) / 14, log(2) / 6), rel=1e-3)
    assert reasons_of(selection)[0].endswith("; 14 s expected")
    # Their highest entropies are equal: the cheaper one is better.
    assert select({**entropy, "aggregation": "max"}, images, 1).ids == ("one",)


def test_a_strategy_that_scores_no_image_is_asked_for_more() -> None:
    """Core-set's first two picks of one: at 8 and 6, for 21 and 1 expected boxes."""
    images = {
        "crowd": Image([Box(TORN)] * 21, (8, 0)),
        "plain": Image([Box(TORN)], (0, 6)),
        "near": Image([], (0, 0.5)),
    }
    known = labelled({"k": Image([], (0, 0))}, COUNTS)
    for oversample, expected in ((2, "plain"), (1, "crowd")):
        coreset = ArmConfig.model_validate({"strategy": "coreset", "normalize": False})
        strategy = CostAware(of=coreset, oversample=oversample)
        selection = strategy.select(task_of(candidates(images, 2), known, 1))
        assert selection.ids == (expected,)


def test_random_stays_random() -> None:
    """All its scores are 0: what the strategy inside picks first is picked, whatever it costs."""
    images = {f"{n:02d}": Image([Box(TORN)] * (n % 5)) for n in range(40)}
    inside = ArmConfig(strategy="random")
    cheap = CostAware(of=inside).select(task_of(candidates(images, 2), NOTHING, 5, 3))
    plain = CostAware(of=inside).inner.select(task_of(candidates(images, 2), NOTHING, 20, 3))
    assert cheap.ids == plain.ids[:5]


def test_a_negative_score_is_refused() -> None:
    """Of two images worth -1 the dearer would be better."""
    images = {"a": Image([Box(TORN)]), "bad": Image()}
    with pytest.raises(BadDataError, match="image 'bad' has a negative score"):
        select({"strategy": "brust", "empty_score": -1}, images, 1)


def test_a_negative_score_of_a_ranking_is_refused() -> None:
    """Also where the strategy inside does not score each image on its own."""
    images = {"bad": Image([Box(TORN)]), "a": Image([Box(TORN)] * 2)}
    inside = {"strategy": "brust", "empty_score": -1}
    with pytest.raises(BadDataError, match="image 'empty' has a negative score"):
        select(
            {"strategy": "random_share", "share": 0, "of": inside},
            {**images, "empty": Image()},
            3,
        )
