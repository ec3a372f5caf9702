"""What looks wrong about picks."""

from dataclasses import replace

import pytest

from job.acquisition.features.pick_checks import cautions
from job.acquisition.registry import make_strategy
from job.acquisition.strategies.brust import Brust
from job.acquisition.strategy import Strategy, TableRecord
from job.config.schema import ArmConfig
from tests.unit.acquisition.records import Box, Image, candidates, labelled, tables_of, task_of

COW, SHEEP = [1.0, 0.0], [0.0, 1.0]
TEN = [f"{number:02d}" for number in range(10)]
OTHERS = {f"other {number}": Image([Box(SHEEP)]) for number in range(11)}


def found(
    picks: dict[str, Image],
    counts: dict[str, int] | None = None,
    strategy: Strategy | None = None,
    groups: dict[str, str] | None = None,
) -> tuple[str, ...]:
    """Of ten picks among 21 images, with two labelled ones."""
    known = labelled({"k1": Image(), "k2": Image()}, counts or {"cow": 1, "sheep": 1})
    task = task_of(candidates(picks | OTHERS, 2), known, 10)
    task = replace(task, groups=groups or {})
    return cautions(strategy or Brust(), task, list(picks))


def both(number: int, count: int = 1) -> Image:
    return Image([Box(COW if number % 2 else SHEEP)] * count)


def test_picks_like_the_labelled_images_are_nothing_to_speak_of() -> None:
    """One box each, of two classes; ten times as many boxes are not yet too many."""
    assert found({each: both(n) for n, each in enumerate(TEN)}) == ()
    assert found({each: both(n, 10) for n, each in enumerate(TEN)}) == ()


def test_picks_of_more_than_ten_times_the_labelled_boxes_are_named() -> None:
    """11 boxes an image, and 2 in 2 labelled images."""
    (sentence,) = found({each: both(n, 11) for n, each in enumerate(TEN)})
    assert sentence.startswith(
        "the picks hold 11 boxes an image that count, and labelled images 1:"
    )


def test_the_boxes_are_those_that_the_strategy_counts() -> None:
    """Background counts if nothing is left out, also for a strategy inside another."""
    background = {
        each: Image([*both(n).boxes, *[Box([0.5, 0.5], objectness=0.2)] * 30])
        for n, each in enumerate(TEN)
    }
    settings = {"strategy": "brust", "min_confidence": 0, "top": None}
    arm = ArmConfig.model_validate({"strategy": "random_share", "of": settings})
    assert found(background) == ()
    assert "31 boxes an image" in found(background, strategy=make_strategy(arm))[0]


def test_picks_of_one_class_are_named() -> None:
    """9 of 10 show cows, which have a third of the labelled boxes; half of them would be enough."""
    picks = {each: Image([Box(COW if n else SHEEP)]) for n, each in enumerate(TEN)}
    (sentence,) = found(picks, {"cow": 1, "sheep": 2})
    assert sentence == "9 of 10 picks with a box show cow, which has 33% of the labelled boxes"
    assert found(picks, {"cow": 1, "sheep": 1}) == ()
    assert found(picks, {"cow": 2, "sheep": 0}) == ()


def test_picks_of_one_group_are_named() -> None:
    """9 of 10 are of one video, which has 9 of 21 images; 8 would be nothing to speak of."""
    picks = {each: both(n) for n, each in enumerate(TEN)}
    video = dict.fromkeys(TEN[:9], "v1")
    (sentence,) = found(picks, groups=video)
    assert sentence.startswith("9 of 10 picks are of the group v1, which has 43% of the unlabelled")
    assert found(picks, groups=dict.fromkeys(TEN[:8], "v1")) == ()
    assert found(picks, groups=dict.fromkeys([*TEN, *OTHERS], "v1")) == ()


def test_picks_without_a_box_are_named_if_they_are_the_most() -> None:
    """6 of 10; if such images have a score of their own, nothing is drawn."""
    picks = {each: Image() if n < 6 else both(n) for n, each in enumerate(TEN)}
    (sentence,) = found(picks)
    assert sentence.startswith("6 of 10 picks show no box that counts, and were drawn at random")
    assert found(picks, strategy=Brust(empty_score=0)) == ()
    assert found({each: Image() if n < 5 else both(n) for n, each in enumerate(TEN)}) == ()


@pytest.mark.parametrize("name", ["random", "coreset"])
def test_of_a_strategy_that_reads_no_boxes_only_groups_are_told(name: str) -> None:
    """The record of round 0 has none."""
    picks = {each: both(n, 11) for n, each in enumerate(TEN)}
    strategy = make_strategy(ArmConfig(strategy=name))
    assert found(picks, strategy=strategy) == ()
    assert len(found(picks, strategy=strategy, groups=dict.fromkeys(TEN, "v"))) == 1


def test_boxes_are_not_asked_for_in_round_0() -> None:
    """The record has none then, also if labels came along and the strategy reads boxes later."""
    picks = {each: both(n) for n, each in enumerate(TEN)}
    given, known = candidates(picks, 2), labelled({"k": Image()}, {"cow": 1, "sheep": 1})
    (table,) = tables_of(given)
    record = TableRecord((table.select(["id", "embedding"]),))
    task = replace(task_of(given, known, 10), is_cold_start=True)
    cold = replace(task, unlabelled=replace(given, record=record))
    assert cautions(make_strategy(ArmConfig(strategy="recommended")), cold, TEN) == ()


def test_a_few_picks_are_of_one_class_by_chance() -> None:
    """Nothing is said of 9."""
    assert found({each: both(1, 11) for each in TEN[:9]}) == ()
