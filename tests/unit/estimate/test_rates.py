"""Seconds of an image or a step, by stages that are done."""

import pytest

from job.artifacts.markers import Marker
from job.config import loading
from job.config.schema import Config
from job.estimate.rates import own_rates, rates_of_others
from job.estimate.workload import Sizes, Workload
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.stores import filled


def marker(seconds: float, threads: int = 1) -> Marker:
    return Marker({}, {}, "", "", seconds, version="", attempt="", threads=threads)


def training(index: int) -> StageRef:
    return RoundRef("tiny", 0, "random", index).stage("train")


def test_a_rate_is_the_median_of_what_is_done(settings: Config) -> None:
    """Trainings of 4 steps took 4, 8 and 40 s, so a step takes 2 s: one that waited counts little.

    The source says how many they were, and with how many threads.
    """
    plan = Plan(settings)
    workload = Workload(plan, lambda _: Sizes(24, 0, 6))
    took = [marker(4), marker(8, threads=2), marker(40)]
    rates = own_rates(plan, workload, zip(map(training, range(3)), took, strict=True))
    assert rates.keys() == {("train",)}
    assert rates["train",].seconds == 2
    assert (rates["train",].source, rates["train",].num_stages) == (
        "this experiment, 1/2 threads",
        3,
    )


def test_a_stage_that_sees_nothing_tells_nothing(settings: Config) -> None:
    """Without a test set, an evaluation takes no time."""
    plan = Plan(settings)
    workload = Workload(plan, lambda _: Sizes(24, 0, test=0))
    done = [(RoundRef("tiny", 0, None, 0).stage("evaluate"), marker(1))]
    assert own_rates(plan, workload, done) == {}


def test_a_source_names_one_experiment(settings: Config) -> None:
    """And says how many there are."""
    plan = Plan(settings)
    workload = Workload(plan, lambda _: Sizes(24, 0, 6))
    stages = [RoundRef(name, 0, None, 0).stage("train") for name in ("a", "b")]
    for number, words in ((1, "a"), (2, "2 experiments, such as a")):
        rates = own_rates(plan, workload, [(stage, marker(4)) for stage in stages[:number]])
        assert rates["train",].source == f"{words}, 1 thread"


@pytest.fixture
def store(finished: LocalStore) -> MemoryStore:
    """The finished experiment `tiny`, and a damaged one beside it."""
    made = filled(MemoryStore(), finished)
    made.write("experiments/damaged/experiment.yaml", b"\xff")
    return made


def other(tiny: str, *changes: tuple[str, str]) -> Config:
    """A new experiment that differs from the finished one."""
    text = tiny.replace("experiment: tiny", "experiment: new")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return loading.parse(text, "new")


def test_another_experiment_tells_what_stages_take(store: MemoryStore, tiny: str) -> None:
    """Of `tiny`, 5 trainings and 3 selections by brust and by random each; its name is told."""
    rates = rates_of_others(store, other(tiny), threads=1)
    kinds = {("train",), ("evaluate",), ("score",), ("annotate",)}
    assert rates.keys() == kinds | {("select", "brust"), ("select", "random")}
    assert {rate.source for rate in rates.values()} == {"tiny, 1 thread"}
    assert (rates["train",].num_stages, rates["select", "random"].num_stages) == (5, 3)


def test_an_experiment_is_not_another_one(store: MemoryStore, settings: Config) -> None:
    """Its own stages are asked for first, and by themselves."""
    assert rates_of_others(store, settings, threads=1) == {}


@pytest.mark.parametrize(
    ("old", "new", "missing"),
    [
        ("size: 64, width: 0.25", "size: 96, width: 0.25", {"train", "evaluate", "score"}),
        ("batch_size: 4", "batch_size: 8", {"train"}),
        ("images_per_part: 5", "images_per_part: 5, box_features: true", {"score"}),
        ("learning_rate: 0.001", "learning_rate: 0.01", set()),
        ("name: drawn", "name: others", {"train", "evaluate", "score", "annotate", "select"}),
    ],
)
def test_only_what_takes_as_long_is_asked(
    store: MemoryStore, tiny: str, old: str, new: str, missing: set[str]
) -> None:
    """The same data set, and for the network also the same detector and the same kind of work."""
    rates = rates_of_others(store, other(tiny, (old, new)), threads=1)
    every = {"train", "evaluate", "score", "annotate", "select"}
    assert every - {kind[0] for kind in rates} == missing


def test_other_experiments_have_to_have_as_many_threads(store: MemoryStore, tiny: str) -> None:
    """What one thread takes does not tell what two take."""
    assert rates_of_others(store, other(tiny), threads=2) == {}
