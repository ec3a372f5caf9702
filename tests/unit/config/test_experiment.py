"""The configuration: what it refuses, and how it says so."""

import pytest

from job.acquisition.registry import make_strategy
from job.config import loading
from job.config.changes import refuse_changes
from job.config.experiment import Config
from job.detection.detectors.architecture import architecture_of
from job.errors import ConfigError
from job.runtime.rng import random_stream


def changed(tiny: str, old: str, new: str) -> str:
    assert old in tiny
    return tiny.replace(old, new)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("rounds: 3", "round: 3", ["round: unknown key; did you mean 'rounds'?", "known:"]),
        (
            "steps: 4",
            "step: 4",
            ["train.step: unknown key; did you mean 'steps'?", "learning_rate"],
        ),
        ("steps: 4", "steps: 0", ["train.steps", "greater than 0", "given: 0"]),
        ("optimizer: adamw", "optimizer: adam", ["train.optimizer", "'sgd' or 'adamw'"]),
        ("backbone: scratch", "backbone: imagenet", ["detector.backbone", "file:PATH"]),
        ("train:", "train:\n  freeze_backbone: true", ["train.freeze_backbone", "from scratch"]),
        ("experiment: tiny", "experiment: a/b", ["experiment 'a/b'", "letters"]),
        ("  random: {", "  round-1: {", ["arms", "names of rounds"]),
        ("  random: {", "  fully-supervised: {", ["arms", "full_supervision"]),
        ("rounds: 3", "seeds: [1, 1]", ["seeds", "twice"]),
        ("rounds: 3", "rounds: [", ["not YAML"]),
        ("experiment: tiny", "", ["experiment", "required"]),
    ],
)
def test_a_wrong_setting_is_answered_with_the_right_ones(
    tiny: str, old: str, new: str, words: list[str]
) -> None:
    """A setting that is unknown or wrong fails in one line that names the key and the choices."""
    with pytest.raises(ConfigError) as error:
        loading.parse(changed(tiny, old, new), "my.yaml")
    message = str(error.value)
    assert message.startswith("my.yaml: ")
    assert "\n" not in message
    assert all(word in message for word in words), message


def test_a_file_that_is_not_there_names_the_presets() -> None:
    """Neither a file nor a preset: the presets are listed."""
    with pytest.raises(ConfigError, match=r"no such preset: .*quickstart"):
        loading.load("quickstrat")


@pytest.mark.parametrize("name", loading.preset_names())
def test_every_preset_is_valid(name: str) -> None:
    """A preset loads, and its detector and all its strategies exist and take their settings."""
    preset = loading.load(name)
    assert preset.experiment == name
    architecture_of(preset.detector)
    for arm in preset.arms.values():
        make_strategy(arm)


def test_quickstart_says_that_it_starts_from_scratch() -> None:
    """Nothing starts from scratch silently: the preset that does says so."""
    assert loading.load("quickstart").detector.backbone == "scratch"


def test_the_resolved_configuration_reads_back_the_same(tiny: str) -> None:
    """`experiment.yaml` holds every default and means the same configuration."""
    parsed = loading.parse(tiny, "tiny")
    assert loading.parse(parsed.to_yaml(), "again") == parsed


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
    assert grown.stage_digest("brust") == begun.stage_digest("brust")


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


def test_a_stream_depends_on_its_purpose_alone() -> None:
    """The same words give the same stream, other words another."""
    draw = random_stream(1, 2, "select").random(4).tolist()
    assert random_stream(1, 2, "select").random(4).tolist() == draw
    assert random_stream(1, 2, "train").random(4).tolist() != draw
    assert random_stream(2, 1, "select").random(4).tolist() != draw


def test_full_supervision_changes_no_stage(tiny: str) -> None:
    """It may be asked for when all arms are done, and nothing is run again."""
    without, supervised = (
        loading.parse(tiny, "a"),
        loading.parse(tiny + "full_supervision: true\n", "b"),
    )
    assert without.stage_digest("brust") == supervised.stage_digest("brust")
    assert without.stage_digest(None) == supervised.stage_digest(None)
    refuse_changes(without, supervised)
