"""The configuration: what it refuses, and how it says so."""

import pytest

from job.config import loading
from job.errors import ConfigError


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
        (
            "random: {strategy: random}",
            "a: b",
            ["arms.a: expected a mapping, such as {strategy: br"],
        ),
        ("random: {strategy: random}", "a:", ["arms.a: expected a mapping", "(given: None)"]),
        ("  random: {", "  true: {", ["arms: True is not text", "put it in quotes"]),
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


def test_the_resolved_configuration_reads_back_the_same(tiny: str) -> None:
    """`experiment.yaml` holds every default and means the same configuration."""
    parsed = loading.parse(tiny, "tiny")
    assert loading.parse(parsed.to_yaml(), "again") == parsed
