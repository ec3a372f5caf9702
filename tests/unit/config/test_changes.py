"""What may change in an experiment that has begun."""

import pytest

from job.config import loading
from job.config.changes import as_begun, refuse_changes
from job.config.schema import Config
from job.errors import ConfigError
from job.keys import RoundRef

ROUND_0 = RoundRef("tiny", 0, None, 0).stage("train")
BRUST_1 = RoundRef("tiny", 0, "brust", 1).stage("train")


def changed(tiny: str, old: str, new: str) -> str:
    assert old in tiny
    return tiny.replace(old, new)


@pytest.fixture
def begun(tiny: str) -> Config:
    return loading.parse(tiny, "tiny")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rounds: 3", "rounds: 4"),
        ("rounds: 3", "rounds: 3\nseeds: [0, 1]"),
        ("  random: {", "  entropy: {strategy: entropy}\n  random: {"),
        ("threads: 1", "threads: 4"),
    ],
)
def test_an_experiment_may_grow_and_move(tiny: str, begun: Config, old: str, new: str) -> None:
    """More rounds, seeds and arms, and another machine, leave what is done as it is."""
    grown = loading.parse(changed(tiny, old, new), "tiny")
    refuse_changes(begun, grown)
    assert grown.stage_digest(BRUST_1) == begun.stage_digest(BRUST_1)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("steps: 4", "steps: 5", "train.steps: 4 -> 5"),
        ("class_weights: true", "class_weights: false", "arms.brust.class_weights: True -> False"),
        ("class_weights: true", "aggregation: max", "arms.brust.aggregation: unset -> max"),
        ("rounds: 3", "rounds: 2", "rounds: 3 -> 2"),
        ("rounds: 3", "rounds: 3\nseeds: [1]", "seeds: 0 dropped"),
        ("  random: {strategy: random}\n", "", "arms.random.strategy: random -> unset"),
    ],
)
def test_all_else_is_refused(tiny: str, begun: Config, old: str, new: str, words: str) -> None:
    """A change of what finished rounds were made with fails, with both values."""
    with pytest.raises(ConfigError) as error:
        refuse_changes(begun, loading.parse(changed(tiny, old, new), "tiny"))
    assert words in str(error.value)


def test_full_supervision_changes_no_stage(tiny: str) -> None:
    """It may be asked for when all arms are done, and nothing is run again."""
    without, supervised = (
        loading.parse(tiny, "a"),
        loading.parse(tiny + "full_supervision: true\n", "b"),
    )
    assert without.stage_digest(BRUST_1) == supervised.stage_digest(BRUST_1)
    assert without.stage_digest(ROUND_0) == supervised.stage_digest(ROUND_0)
    refuse_changes(without, supervised)


WRITTEN = """
experiment: a
dataset: {name: d}
arms:
  plain: {strategy: brust, batch_size: 7}
  other: {strategy: entropy}
  wrapped: {strategy: product, objectives: [{of: {strategy: brust}}, {of: {strategy: pal}}]}
train: {steps: 5}
"""
BEGUN = """
experiment: a
dataset: {name: d}
seeds: [3]
cold_start: {strategy: coreset}
arms:
  plain: {strategy: brust, batch_size: 3, aggregation: max}
  other: {strategy: random, least: 4}
  wrapped:
    strategy: product
    objectives: [{of: {strategy: brust, top: 2}, power: 2.0}, {of: {strategy: entropy, top: 2}}]
  dropped: {strategy: random}
train: {steps: 4, batch_size: 2}
runtime: {threads: 3}
"""


def test_what_is_left_open_is_as_the_experiment_began() -> None:
    """In sections, arms and strategies inside; another strategy has its own settings."""
    filled = as_begun(loading.parse(BEGUN, "begun"), loading.parse(WRITTEN, "now"))
    assert (filled.train.steps, filled.train.batch_size) == (5, 2)
    assert filled.cold_start.strategy == "coreset"
    assert filled.arms["plain"].settings == {"batch_size": 7, "aggregation": "max"}
    assert filled.arms["other"].settings == {}
    assert filled.arms["wrapped"].settings["objectives"] == [
        {"of": {"strategy": "brust", "top": 2}, "power": 2.0},
        {"of": {"strategy": "pal"}},
    ]


def test_what_may_change_is_not_taken_from_the_beginning() -> None:
    """A seed or an arm that is left out is said to be lost, and threads are of this machine."""
    filled = as_begun(loading.parse(BEGUN, "begun"), loading.parse(WRITTEN, "now"))
    assert filled.seeds == loading.parse(WRITTEN, "now").seeds
    assert "dropped" not in filled.arms
    assert filled.runtime.threads == 2
