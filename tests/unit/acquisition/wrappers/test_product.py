"""A product of powers of scores."""

from typing import Any

import numpy as np
import pytest

from job.acquisition.registry import STRATEGIES, make_strategy
from job.acquisition.strategies.entropy import Entropy
from job.acquisition.strategy import Images, Scores, ScoringStrategy, Selection, Task
from job.acquisition.wrappers.product import Product
from job.config.schema import ArmConfig
from job.errors import BadDataError, ConfigError
from tests.unit.acquisition.records import Image, Labels, candidates, reasons_of, scores_of, task_of

NOTHING = Labels({"cow": 1})
GIVEN = candidates({name: Image() for name in "abcd"}, 1)

NO_NUMBER = -99.0
"""Stands for NaN, which a setting cannot be."""


class Fixed(ScoringStrategy):
    """Says of each image what it is told to."""

    values: tuple[float, ...]

    def score(self, images: Images, task: Task) -> Scores:
        del task
        values = np.array([np.nan if value == NO_NUMBER else value for value in self.values])
        return Scores(sorted(images.ids), values, lambda row: f"told {row}")


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(STRATEGIES.built_in, "fixed", f"{__name__}:Fixed")


def select(budget: int, *objectives: tuple[list[float], float]) -> Selection:
    parts: list[dict[str, Any]] = [
        {"of": {"strategy": "fixed", "values": values}, "power": power}
        for values, power in objectives
    ]
    strategy = Product.model_validate({"objectives": parts})
    return strategy.select(task_of(GIVEN, NOTHING, budget))


def test_powers_are_multiplied() -> None:
    """8 * 2^2 = 32, 2 * 3^2 = 18, 1 * 6^2 = 36, 4 * 1 = 4: of 36, the others are shares."""
    selection = select(4, ([8, 2, 1, 4], 1), ([2, 3, 6, 1], 2))
    assert selection.ids == ("c", "a", "b", "d")
    assert scores_of(selection) == pytest.approx((1, 32 / 36, 0.5, 4 / 36))
    assert reasons_of(selection)[0] == "fixed 1 (told 2); fixed 6 (told 2)"


def test_a_scale_changes_no_pick() -> None:
    """A thousandfold utility is a factor of every image."""
    rng = np.random.default_rng(2)
    one, other = rng.random(4).tolist(), rng.random(4).tolist()
    plain = select(4, (one, 0.7), (other, 1.3))
    scaled = select(4, ([1000 * value for value in one], 0.7), (other, 1.3))
    assert scaled.ids == plain.ids
    assert scores_of(scaled) == pytest.approx(scores_of(plain))


def test_a_negative_power_wants_little() -> None:
    """1/4 < 1/2 < 1."""
    assert select(3, ([4, 1, 2, 8], -1)).ids == ("b", "c", "a")


def test_what_is_worthless_to_one_is_worthless() -> None:
    """0 by one objective; with a power of 0 that objective does not count."""
    assert select(4, ([0, 1, 0, 2], 1), ([9, 1, 9, 1], 1)).ids == ("d", "b", "a", "c")
    assert select(1, ([0, 1, 0, 2], 0), ([9, 1, 10, 1], 1)).ids == ("c",)
    assert scores_of(select(4, ([0, 0, 0, 0], 1))) == (0.0,) * 4


@pytest.mark.parametrize(
    ("values", "power", "words"),
    [
        ([1, -1, 2, 3], 1, "image 'b' has the score -1"),
        ([1, 2, 0, 3], -1, "image 'c' has the score 0"),
        ([1, 2, 3, NO_NUMBER], 1, "image 'd' has the score nan"),
    ],
)
def test_there_are_no_powers_of_some_scores(values: list[float], power: float, words: str) -> None:
    """Of negative ones, and negative ones of 0; the image and the strategy are named."""
    with pytest.raises(BadDataError, match=f"{words} by 'fixed'"):
        select(1, (values, power))


@pytest.mark.parametrize(
    ("objectives", "words"),
    [
        ([], "objectives: a product needs at least one"),
        (
            [{"of": {"strategy": "random"}}],
            "objectives.0.of.strategy: 'random' does not score each image on its own; known: brust",
        ),
        (
            [{"of": {"strategy": "entropy"}}, {"of": {"strategy": "entropy", "topp": 1}}],
            "objectives.1.of.strategy 'entropy': topp: unknown key",
        ),
        ([{"of": {"strategy": "entropy"}, "weight": 1}], "weight: unknown key; known: of, power"),
    ],
)
def test_wrong_objectives_are_named(objectives: list[object], words: str) -> None:
    """Before anything runs."""
    arm = ArmConfig.model_validate({"strategy": "product", "objectives": objectives})
    with pytest.raises(ConfigError, match=words):
        make_strategy(arm)


def test_it_reads_what_its_objectives_read() -> None:
    """All columns of both."""
    faulty = {"strategy": "tutorial_brust"}
    parts = [{"of": {"strategy": "entropy"}}, {"of": faulty}]
    assert Product.model_validate({"objectives": parts}).reads == Entropy().reads


class Unsorted(ScoringStrategy):
    """Gives 2 to the first image of the store, and 1 to the second."""

    def score(self, images: Images, task: Task) -> Scores:
        del task
        return Scores(list(images.ids), np.array([2.0, 1.0]), str)


class Forgetful(ScoringStrategy):
    """Leaves out an image."""

    def score(self, images: Images, task: Task) -> Scores:
        del task
        return Scores(sorted(images.ids)[1:], np.zeros(len(images.ids) - 1), str)


@pytest.mark.parametrize("outer", ["product", "cost_aware", "uwe"])
@pytest.mark.parametrize(
    ("inner", "message"), [("Unsorted", "order of the ids"), ("Forgetful", "'a' no score")]
)
def test_scores_are_never_paired_with_other_images(
    outer: str, inner: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A strategy whose scores are in another order, or incomplete, is refused."""
    monkeypatch.setitem(STRATEGIES.built_in, "inner", f"{__name__}:{inner}")
    of = {"strategy": "inner"}
    settings = {"objectives": [{"of": of}]} if outer == "product" else {"of": of}
    strategy = make_strategy(ArmConfig.model_validate({"strategy": outer, **settings}))
    given = candidates({"b": Image(), "a": Image()}, 1)
    with pytest.raises(BadDataError, match=message):
        strategy.select(task_of(given, NOTHING, 1))
