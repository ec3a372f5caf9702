"""The configuration: what it refuses, and how it says so."""

import pytest
from pydantic import ValidationError

from job.config import loading
from job.config.dataset import DatasetConfig, MoveConfig
from job.config.train import TrainConfig
from job.errors import ConfigError
from job.keys import RoundRef


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
        ("steps: 4", "steps: 4\n  epochs: 2", ["train.epochs: steps is set, too; leave one of"]),
        ("steps: 4", "steps: null", ["train.steps: unset, and so is epochs; set one of them"]),
        (
            "steps: 4",
            "pretrained_rate_factor: 0.1",
            ["train.pretrained_rate_factor", "from scratch is not pretrained"],
        ),
        ("optimizer: adamw", "optimizer: adam", ["train.optimizer", "'sgd' or 'adamw'"]),
        ("backbone: scratch", "backbone: imagenet", ["detector.backbone", "file:PATH"]),
        (
            "backbone: scratch",
            "weights: coco.safetensors",
            ["detector.weights: 'coco.safetensors' is none of hub, file:PATH, store:KEY"],
        ),
        ("train:", "train:\n  freeze: stages", ["train.freeze", "from scratch"]),
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


@pytest.mark.parametrize("length", ["steps: 4", "epochs: 2.5"])
def test_the_resolved_configuration_reads_back_the_same(tiny: str, length: str) -> None:
    """`experiment.yaml` holds every default and means the same configuration."""
    parsed = loading.parse(changed(tiny, "steps: 4", length), "tiny")
    assert loading.parse(parsed.to_yaml(), "again") == parsed


def test_weights_of_a_detector_are_something_to_keep(tiny: str) -> None:
    """Its backbone may be frozen, although that of `backbone` would be from scratch."""
    text = changed(tiny, "backbone: scratch", "backbone: scratch, weights: 'file:coco.pt'")
    config = loading.parse(changed(text, "steps: 4", "freeze: backbone"), "tiny")
    assert config.train.freeze == "backbone"


def test_steps_grow_with_the_images_from_a_floor_on() -> None:
    """By hand: 30 epochs of 50 images in batches of 16 are 93.75 steps, and of 400 are 750."""
    grows = TrainConfig(epochs=30, min_steps=94, batch_size=16)
    assert [grows.num_steps(images) for images in (1, 50, 51, 400)] == [94, 94, 96, 750]
    assert TrainConfig(epochs=30).num_steps(50) == 300
    assert [TrainConfig(steps=7).num_steps(images) for images in (1, 1000)] == [7, 7]


def test_a_warm_start_has_as_many_steps_as_other_trainings_or_its_own() -> None:
    """`warm_start_steps` counts more than steps and epochs, and for a warm start only."""
    for length, steps in ({"steps": 7}, 7), ({"epochs": 2, "min_steps": 1}, 4):
        same, own = (
            TrainConfig.model_validate({**length, "batch_size": 5, **more})
            for more in ({}, {"warm_start_steps": 3})
        )
        assert [same.num_steps(10, warm_start=warm) for warm in (False, True)] == [steps, steps]
        assert [own.num_steps(10, warm_start=warm) for warm in (False, True)] == [steps, 3]


def test_a_round_uses_the_version_that_the_last_move_names() -> None:
    """Before the first move, the one that the experiment began with."""
    moves = (
        MoveConfig(from_round=2, version=3, sha256="b"),
        MoveConfig(from_round=4, version=4, sha256="c"),
    )
    dataset = DatasetConfig(name="photos", sha256="a", moves=moves)
    assert [dataset.sha256_at(index) for index in range(6)] == ["a", "a", "b", "b", "c", "c"]


@pytest.mark.parametrize("second", [(2, 4), (3, 3), (1, 4)])
def test_moves_go_on(second: tuple[int, int]) -> None:
    """Each is to a later version, from a later round on."""
    moves = tuple(
        MoveConfig(from_round=index, version=version, sha256="x")
        for index, version in ((2, 3), second)
    )
    with pytest.raises(ValidationError, match="in the order of rounds"):
        DatasetConfig(name="photos", moves=moves)


def test_a_move_counts_for_the_stages_that_read_the_new_version(tiny: str) -> None:
    """The scores of the round before it are among them."""
    config = loading.parse(changed(tiny, "name: drawn", "name: drawn\n  sha256: a"), "tiny")
    move = MoveConfig(from_round=2, version=2, sha256="b")
    dataset = config.dataset.model_copy(update={"moves": (move,)})
    moved = config.model_copy(update={"dataset": dataset})
    ref = RoundRef("tiny", 0, "random", 1)
    stages = [ref.stage("train"), ref.stage("score"), ref.at(2).stage("select")]
    same = [moved.stage_digest(stage) == config.stage_digest(stage) for stage in stages]
    assert same == [True, False, False]
