"""What each stage has to do."""

import pytest

from job.config import loading
from job.config.held_out import HeldOutConfig
from job.config.schema import Config
from job.estimate.workload import Sizes, Workload
from job.keys import RoundRef, Stage
from job.plan import Plan


@pytest.fixture
def settings(tiny: str) -> Config:
    """6 images, then 4 and 4; 4 steps; and the whole pool."""
    return loading.parse(f"{tiny}full_supervision: true\n", "tiny")


def workload(config: Config, pool: int = 24, given: int = 0) -> Workload:
    return Workload(Plan(config), lambda _: Sizes(pool, given, test=6))


def amounts(of: Workload, arm: str | None, stage: Stage) -> list[int]:
    """Of the rounds 0 to 2."""
    return [of.amount(RoundRef("tiny", 0, arm, index).stage(stage)) for index in range(3)]


@pytest.mark.parametrize(
    ("stage", "expected"),
    [
        ("select", [24, 18, 14]),
        ("annotate", [6, 4, 4]),
        ("train", [4, 4, 4]),
        ("evaluate", [6, 6, 6]),
        ("score", [24, 24, 24]),
    ],
)
def test_the_budget_decides_what_stages_see(
    settings: Config, stage: Stage, expected: list[int]
) -> None:
    """Of 24 images 18 and 14 are left to select from; the test set has 6, and all are scored."""
    assert amounts(workload(settings), "random", stage) == expected


def test_totals_are_labelled_after_each_round(tiny: str) -> None:
    """3, 6 and 12 images are 3, 3 and 6 picks."""
    text = tiny.replace("rounds: 3\n", "")
    text = text.replace("budget: {initial: 6, per_round: 4}", "budget: {totals: [3, 6, 12]}")
    assert amounts(workload(loading.parse(text, "tiny")), "brust", "annotate") == [3, 3, 6]


def test_a_small_pool_is_used_up(settings: Config) -> None:
    """Of 9 images round 0 takes 6, and 3 are left; the last round has none."""
    assert amounts(workload(settings, pool=9), "random", "annotate") == [6, 3, 0]


def test_images_that_came_with_labels_are_not_selected(settings: Config) -> None:
    """They are trained on: 10 of 24 and 6 picks are 16 labelled, and 14 are to select from."""
    found = workload(settings, given=10)
    assert amounts(found, "random", "select") == [14, 8, 4]
    assert found.labelled(RoundRef("tiny", 0, None, 0)) == 16
    assert found.selectable(0) == 14


def test_full_supervision_labels_all_that_is_left(settings: Config) -> None:
    """Round 0 has 6 of 24 images, so 18 are left."""
    ref = RoundRef("tiny", 0, "fully-supervised", 1)
    assert workload(settings).picks(ref) == 18
    assert workload(settings).labelled(ref) == 24


def test_steps_grow_with_the_images(tiny: str) -> None:
    """8 epochs of 6, 10 and 14 images in batches of 4 are 12, 20 and 28 steps, and at least 15."""
    text = tiny.replace("  steps: 4\n", "  epochs: 8\n  min_steps: 15\n")
    text = text.replace("init: warm_start", "init: backbone")
    assert amounts(workload(loading.parse(text, "tiny")), "random", "train") == [15, 20, 28]


def test_a_warm_start_has_its_own_steps(tiny: str) -> None:
    """Round 0 has none: it trains from the backbone."""
    text = tiny.replace("  steps: 4\n", "  steps: 4\n  warm_start_steps: 2\n")
    assert amounts(workload(loading.parse(text, "tiny")), "random", "train") == [4, 2, 2]


def test_scores_are_of_the_data_of_the_next_round(settings: Config) -> None:
    """The pool grows from 24 to 30 images in round 2, which selects by the scores of round 1."""
    found = Workload(Plan(settings), lambda index: Sizes(30 if index > 1 else 24, 0, 6))
    assert amounts(found, "brust", "score") == [24, 30, 30]
    assert amounts(found, "brust", "select") == [24, 18, 20]


def test_a_test_set_from_the_pool_is_labelled_apart_and_measured_on(settings: Config) -> None:
    """5 and later 3 images of 24 are drawn: 16 are left to select and to score."""
    test = HeldOutConfig.model_validate({"from": "pool", "size": 8, "grown_from": [5]})
    plan = Plan(settings.model_copy(update={"test": test}))
    found = Workload(plan, lambda _: Sizes(24, 0, test=8, held_out=8))
    first, second = (RoundRef.of_test("tiny", index) for index in (0, 1))
    assert [found.amount(ref.stage("annotate")) for ref in (first, second)] == [5, 3]
    assert found.amount(first.stage("select")) == 24
    assert amounts(found, "brust", "select") == [16, 10, 6]
    assert amounts(found, "brust", "score") == [16, 16, 16]
    assert amounts(found, "brust", "evaluate") == [8, 8, 8]
    everything = RoundRef("tiny", 0, "fully-supervised", 1)
    assert found.labelled(everything) == 16
