"""Settings of earlier versions."""

import pytest

from job.config import loading
from job.config.changes import flatten
from job.config.old_settings import _OLD_SETTINGS
from job.errors import ConfigError


@pytest.mark.parametrize(
    ("old", "setting", "advice"),
    [
        ("rounds: 3", "bound: true", "bound: this is an old setting; write full_supervision"),
        ("threads: 1", "kept_mb: 5", "runtime.kept_mb: this is an old setting; "),
        ("steps: 4", "average_decay: 0.9", "train.average_decay: this is an old setting; "),
        ("steps: 4", "clip_norm: 1", "; write train.max_grad_norm"),
        ("init: warm_start", "start: previous", "; write train.init: warm_start"),
        ("init: warm_start", "start: backbone", "; write train.init"),
        ("images_per_part: 5", "augment: true", "; write score.input: training"),
        ("steps: 4", "freeze_backbone: true", "; write train.freeze: backbone"),
        ("steps: 4", "freeze_backbone: false", "; write train.freeze: none"),
        ("steps: 4", "steps_from_previous: 4", "; write train.warm_start_steps"),
    ],
)
def test_an_old_name_is_answered_with_the_new_one(
    tiny: str, old: str, setting: str, advice: str
) -> None:
    """The line names the file and the setting, and the new value if that changed too."""
    assert old in tiny
    with pytest.raises(ConfigError) as error:
        loading.parse(tiny.replace(old, setting), "my.yaml")
    assert str(error.value).startswith("my.yaml: ")
    assert advice in str(error.value)


def test_all_old_names_of_a_file_are_answered_together(tiny: str) -> None:
    """Whoever updates a file needs one try and not one for each setting."""
    text = tiny.replace("steps: 4", "clip_norm: 1\n  average_decay: 0.5")
    with pytest.raises(ConfigError, match=r"^my.yaml: .*average_decay.*; train\.clip_norm"):
        loading.parse(text, "my.yaml")


@pytest.mark.parametrize("new", _OLD_SETTINGS.values())
def test_every_new_name_exists(tiny: str, new: str) -> None:
    """The table cannot send anybody to a setting that was renamed again."""
    assert new in flatten(loading.parse(tiny, "tiny").model_dump())
