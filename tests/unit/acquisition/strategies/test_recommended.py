"""The one rule that chooses a strategy."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from job.acquisition.features.situation import Situation
from job.acquisition.numerics.near_duplicates import Redundancy
from job.acquisition.registry import complete, make_strategy
from job.acquisition.strategies.recommended import Recommended, choose
from job.acquisition.strategy import TableRecord, Task
from job.config.schema import ArmConfig
from tests.unit.acquisition.records import Box, Image, Labels, candidates, labelled, task_of

DIFFERENT = Redundancy(10, 1, 0, 10.0)


def situation(**changes: Any) -> Situation:
    usual = Situation(
        num_pool=20,
        num_labelled=10,
        budget=5,
        num_groups=0,
        class_counts={"cow": 9, "sheep": 2},
        has_scores=True,
        redundancy=DIFFERENT,
        empty_share=0.1,
    )
    return replace(usual, **changes)


def task(*, num_empty: int) -> Task:
    """Ten unlabelled images, of which some seem empty, as does a labelled one that is empty."""
    seen = Box([0.5, 0.5])
    images = {f"image-{i}": Image([seen] if i >= num_empty else [], (i, i % 3)) for i in range(10)}
    known = {"x": Image([seen], (1, 9), [0]), "y": Image([], (2, 9))}
    return task_of(candidates(images, 2), labelled(known, {"cow": 1, "sheep": 0}), 4)


@pytest.mark.parametrize(
    ("changes", "strategy"),
    [
        ({}, "balanced_herding"),
        ({"empty_share": None}, "balanced_herding"),
        ({"empty_share": 0.49}, "balanced_herding"),
        ({"empty_share": 0.5}, "presence"),
        ({"has_scores": False, "empty_share": None}, "balanced_herding"),
        ({"redundancy": Redundancy(10, 6, 8, 3.0)}, "random"),
        ({"has_scores": False, "redundancy": Redundancy(10, 10, 10, 1.0)}, "random"),
        ({"class_counts": {"cow": 1}}, "balanced_herding"),
    ],
)
def test_the_rule(changes: dict[str, Any], strategy: str) -> None:
    """Objects in an empty pool, else balanced coverage, with scores or without."""
    assert choose(situation(**changes)).arm.strategy == strategy


def test_the_settings_of_the_rule_are_those_that_experiments_began_with() -> None:
    """A default that changes would change their picks: then the rule has to name its value."""
    settings = {
        arm.strategy: complete(arm).settings
        for arm in (choose(situation(**each)).arm for each in ({}, {"empty_share": 0.9}))
    }
    assert settings == {
        "balanced_herding": {"candidate_share": 0.5, "max_references": 10_000, "sigma": 1.0},
        "presence": {
            "max_aspect": 5.0,
            "min_confidence": 0.1,
            "min_side": 0.02,
            "share": 0.85,
            "top": 20,
        },
    }
    cold = complete(choose(situation(has_scores=False)).arm).settings
    assert cold == {"candidate_share": 0.5, "max_references": 10_000, "sigma": 1.0}


@pytest.mark.parametrize(("num_empty", "name"), [(1, "balanced_herding"), (9, "presence")])
def test_the_picks_are_those_of_the_chosen_strategy(num_empty: int, name: str) -> None:
    """With the same draws; the log and each reason say which and why."""
    with capture_logs() as logs:
        found = Recommended().select(task(num_empty=num_empty)).picks
    expected = make_strategy(ArmConfig(strategy=name)).select(task(num_empty=num_empty)).picks
    assert [(each.id, each.score) for each in found] == [(each.id, each.score) for each in expected]
    (line,) = logs
    assert (line["event"], line["strategy"]) == ("select.recommended", name)
    assert [each.reason for each in found] == [
        f"{name}, as {line['reason']}: {each.reason}" for each in expected
    ]


def test_round_0_needs_embeddings_alone() -> None:
    """Nothing else is there to read."""
    images = {f"image-{i}": Image([], (i, i % 3)) for i in range(10)}
    given = candidates(images, 1)
    cold = replace(task_of(given, Labels({"cow": 0}), 3), is_cold_start=True)
    assert isinstance(given.record, TableRecord)
    table = given.record.tables[0].select(["id", "embedding"])
    cold = replace(cold, unlabelled=replace(given, record=TableRecord((table,))))
    picks = Recommended().select(cold).picks
    assert all(
        each.reason.startswith("balanced_herding, as covering the pool comes first: ")
        for each in picks
    )
    expected = make_strategy(ArmConfig(strategy="balanced_herding")).select(
        replace(cold, rng=np.random.default_rng(0))
    )
    assert [each.id for each in picks] == list(expected.ids)


def test_it_says_which_picks_are_of_a_random_draw() -> None:
    """Those of a round in which all images looked alike, so that it chose `random`."""
    alike = {f"image-{i}": Image([], (1, 1)) for i in range(10)}
    drawn = (
        Recommended().select(task_of(candidates(alike, 2), Labels({"cow": 0, "sheep": 0}), 3)).picks
    )
    assert all(map(Recommended().is_random, drawn))
    assert not any(map(Recommended().is_random, Recommended().select(task(num_empty=1)).picks))
