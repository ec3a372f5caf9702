"""How long the stages take that are left."""

import pytest

from job.config import loading
from job.estimate.rates import Kind, Rate
from job.estimate.times import TimeOutlook
from job.estimate.workload import Sizes, Workload
from job.keys import RoundRef, StageRef
from job.plan import Plan

RATES: dict[Kind, Rate] = {
    ("train",): Rate(10, "a list"),
    ("evaluate",): Rate(1, "a list"),
    ("score",): Rate(2, "another list"),
}


def outlook(text: str, rates: dict[Kind, Rate], done: tuple[StageRef, ...] = ()) -> TimeOutlook:
    plan = Plan(loading.parse(text, "tiny"))
    return TimeOutlook(plan, Workload(plan, lambda _: Sizes(24, 0, 6)), rates, frozenset(done))


def test_a_stage_takes_its_rate_times_its_work(tiny: str) -> None:
    """5 trainings of 4 steps, of which one is done; 5 evaluations of 6 images; 2 scorings of 24."""
    ref = RoundRef("tiny", 0, None, 0)
    found = outlook(tiny, RATES, (ref.stage("train"),)).of_stages()
    by_stage = {each.stage: each for each in found}
    assert [each.stage for each in found] == ["select", "annotate", "train", "evaluate", "score"]
    train = by_stage["train"]
    assert (train.num, train.num_done, train.num_left, train.amount_left) == (5, 1, 4, 16)
    assert (train.seconds_left, train.num_unknown, train.sources) == (160, 0, ("a list",))
    assert by_stage["evaluate"].seconds_left == 30
    assert by_stage["score"].seconds_left == 96
    assert by_stage["select"].num_unknown == 5
    assert by_stage["select"].seconds_left is None


def test_stages_that_need_each_other_follow_each_other(tiny: str) -> None:
    """The chain of brust: three trainings of 40 s, two scorings of 48 s, and an evaluation of 6."""
    assert outlook(tiny, RATES).in_parallel() == 3 * 40 + 2 * 48 + 6


def test_an_arm_has_its_own_rounds(tiny: str) -> None:
    """Round 0 is shared; brust has two trainings, two evaluations and a scoring of its own."""
    ref = RoundRef("tiny", 0, "brust", 1)
    found = outlook(tiny, RATES)
    brust, random = (found.of_arm(arm) for arm in reversed(Plan(loading.parse(tiny, "t")).arms))
    assert (brust.num_rounds, brust.num_done) == (2, 0)
    assert brust.seconds_left == 2 * 40 + 2 * 6 + 48
    assert random.seconds_left == 2 * 40 + 2 * 6
    arm = Plan(loading.parse(tiny, "t")).arm("brust")
    assert outlook(tiny, RATES, (ref.stage("evaluate"),)).of_arm(arm).num_done == 1


@pytest.mark.parametrize(("strategy", "seconds"), [("coreset", 48), ("random", 0)])
def test_a_cold_start_by_embeddings_takes_as_long_as_scoring(
    tiny: str, strategy: str, seconds: float
) -> None:
    """It runs the network on the whole pool; one that reads nothing is unknown."""
    cold_start = f"cold_start: {{strategy: {strategy}}}"
    found = outlook(tiny.replace("cold_start: {strategy: random}", cold_start), RATES)
    assert found.seconds(RoundRef("tiny", 0, None, 0).stage("select")) == seconds


def test_strategies_differ_in_the_time_that_they_take(tiny: str) -> None:
    """So the rate is that of the strategy: 18 images at 3 s."""
    found = outlook(tiny, {("select", "brust"): Rate(3, "a list")})
    assert found.seconds(RoundRef("tiny", 0, "brust", 1).stage("select")) == 54
    assert found.seconds(RoundRef("tiny", 0, "random", 1).stage("select")) == 0


def test_without_the_time_of_a_training_nobody_knows(tiny: str) -> None:
    """Trainings take most of the time; what else is unknown counts nothing."""
    found = outlook(tiny, {("evaluate",): Rate(1, "a list")})
    assert found.total(found.left) is None
    assert found.in_parallel() is None
    assert found.of_arm(Plan(loading.parse(tiny, "t")).arm("random")).seconds_left is None
    known = outlook(tiny, {("train",): Rate(10, "a list")})
    assert known.total(known.left) == 5 * 40


def test_a_place_of_measuring_is_told_once(tiny: str) -> None:
    """2 stages of brust and 3 of random are 5 that selected; what no stage told has no number."""
    rates: dict[Kind, Rate] = {
        ("select", "brust"): Rate(1, "here", 2),
        ("select", "random"): Rate(1, "here", 3),
        ("train",): Rate(1, "there"),
    }
    found = {each.stage: each.sources for each in outlook(tiny, rates).of_stages()}
    assert (found["select"], found["train"], found["score"]) == (("5 of here",), ("there",), ())
