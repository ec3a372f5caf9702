"""The loop: which stages there are, what they wait for, and that each runs once."""

import pytest

from job import loop
from job.config import loading
from job.config.experiment import Config
from job.keys import RoundRef, StageRef
from job.plan import Plan


@pytest.fixture
def settings(tiny: str) -> Config:
    return loading.parse(tiny, "tiny")


class Recorder:
    """A launcher that runs nothing and remembers."""

    def __init__(self, capacity: int) -> None:
        self.capacity = capacity
        self.started: list[StageRef] = []
        self.running: list[StageRef] = []
        self.most = 0

    def start(self, ref: StageRef) -> None:
        self.started.append(ref)
        self.running.append(ref)
        self.most = max(self.most, len(self.running))

    def wait(self) -> list[StageRef]:
        return [self.running.pop(0)]


def names(refs: list[StageRef]) -> list[str]:
    return [f"{ref.round.arm or '-'} {ref.round.index} {ref.stage}" for ref in refs]


def test_round_zero_is_run_once_for_all_arms(settings: Config) -> None:
    """Round 0 belongs to the seed: it is there once, without an arm."""
    first = [ref for ref in Plan(settings).stages() if ref.round.index == 0]
    assert names(first) == [
        "- 0 select",
        "- 0 annotate",
        "- 0 train",
        "- 0 evaluate",
        "- 0 score",
    ]


def test_only_what_is_read_is_scored(settings: Config) -> None:
    """An arm that reads no scores is not scored, and nothing is in the last round."""
    scored = [ref for ref in Plan(settings).stages() if ref.stage == "score"]
    assert names(scored) == ["- 0 score", "brust 1 score"]


def test_random_alone_scores_nothing(settings: Config) -> None:
    """Round 0 is scored for the arms that need it, and where none does it is not."""
    arms = {"random": settings.arms["random"]}
    alone = settings.model_copy(update={"arms": arms})
    assert all(ref.stage != "score" for ref in Plan(alone).stages())


def test_the_plan_names_each_stage_after_what_it_needs(settings: Config) -> None:
    """Whoever runs the plan in order never meets a stage whose inputs are missing."""
    seen: set[StageRef] = set()
    for ref in Plan(settings).stages():
        assert seen.issuperset(Plan(settings).needs(ref))
        assert ref not in seen
        seen.add(ref)


def test_select_waits_for_labels_and_scores_of_the_round_before(settings: Config) -> None:
    """Selecting by score needs the scores of the round before, of its own arm or of round 0."""
    select = RoundRef("tiny", 0, "brust", 2).stage("select")
    assert names(Plan(settings).needs(select)) == ["brust 1 annotate", "brust 1 score"]
    first = RoundRef("tiny", 0, "brust", 1).stage("select")
    assert names(Plan(settings).needs(first)) == ["- 0 annotate", "- 0 score"]
    blind = RoundRef("tiny", 0, "random", 2).stage("select")
    assert names(Plan(settings).needs(blind)) == ["random 1 annotate"]


@pytest.mark.parametrize(("start", "expected"), [("warm_start", 2), ("backbone", 1)])
def test_training_waits_for_the_model_it_starts_from(
    settings: Config, start: str, expected: int
) -> None:
    """A warm start needs the model of the round before, a fresh one does not."""
    train = settings.train.model_copy(update={"init": start})
    warm = settings.model_copy(update={"train": train})
    ref = RoundRef("tiny", 0, "random", 1).stage("train")
    assert len(Plan(warm).needs(ref)) == expected


@pytest.mark.parametrize("capacity", [1, 3])
def test_every_stage_runs_once_after_what_it_needs(settings: Config, capacity: int) -> None:
    """Whatever the capacity, each stage starts once, when its needs are done, and none beyond."""
    launcher = Recorder(capacity)
    num_run = loop.run(Plan(settings), launcher, lambda _: False)
    assert num_run == len(launcher.started) == len(set(launcher.started))
    assert set(launcher.started) == set(Plan(settings).stages())
    assert launcher.most == capacity
    for position, ref in enumerate(launcher.started):
        assert set(launcher.started[:position]).issuperset(Plan(settings).needs(ref))


def test_what_is_done_does_not_run(settings: Config) -> None:
    """A stage with a valid marker is skipped."""
    launcher = Recorder(1)
    assert loop.run(Plan(settings), launcher, lambda _: True) == 0
    assert launcher.started == []


def test_a_stage_is_asked_about_when_all_it_needs_is_done(settings: Config) -> None:
    """Whether a marker fits is only known when the stages before have ended: not before."""
    launcher = Recorder(1)
    asked: list[StageRef] = []

    def is_done(ref: StageRef) -> bool:
        assert not set(launcher.running).intersection(Plan(settings).needs(ref))
        asked.append(ref)
        return ref.stage != "train"

    assert loop.run(Plan(settings), launcher, is_done) == len(launcher.started)
    assert {ref.stage for ref in launcher.started} == {"train"}
    for position, ref in enumerate(asked):
        assert set(asked[:position]).issuperset(Plan(settings).needs(ref))


def test_all_arms_of_a_seed_come_before_the_next_seed(settings: Config) -> None:
    """An early look at the results compares arms on the same seeds; the bound is a seed's last."""
    two = settings.model_copy(update={"seeds": (3, 1), "full_supervision": True})
    seeds = [ref.round.seed for ref in Plan(two).stages()]
    assert seeds == sorted(seeds, reverse=True)
    first = [ref for ref in Plan(two).stages() if ref.round.seed == 3]
    assert {ref.round.arm for ref in first} == {None, "random", "brust", "fully-supervised"}
    assert names(first[-4:]) == [
        "fully-supervised 1 select",
        "fully-supervised 1 annotate",
        "fully-supervised 1 train",
        "fully-supervised 1 evaluate",
    ]


def test_the_bound_starts_afresh(settings: Config) -> None:
    """Going on from 6 images for a few steps would be no bound of what the pool can give."""
    whole = settings.model_copy(update={"full_supervision": True})
    ref = RoundRef("tiny", 0, "fully-supervised", 1).stage("train")
    assert names(Plan(whole).needs(ref)) == ["fully-supervised 1 annotate"]
