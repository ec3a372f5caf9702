"""Settings that an earlier version had, and what to write instead."""

from collections.abc import Mapping
from typing import Any

from job.errors import ConfigError

_OLD_SETTINGS = {
    "bound": "full_supervision",
    "runtime.kept_mb": "runtime.image_cache_mb",
    "score.augment": "score.input",
    "train.average_decay": "train.ema_decay",
    "train.clip_norm": "train.max_grad_norm",
    "train.freeze_backbone": "train.freeze",
    "train.start": "train.init",
    "train.steps_from_previous": "train.warm_start_steps",
}
_OLD_VALUES = {
    ("score.augment", "False"): "resize",
    ("score.augment", "True"): "training",
    ("train.freeze_backbone", "False"): "none",
    ("train.freeze_backbone", "True"): "backbone",
    ("train.start", "previous"): "warm_start",
}
_FREEZE_BACKBONE = {"none": False, "backbone": True}
"""Values of `train.freeze` -> what they were of `train.freeze_backbone`, which old stores have."""


def old_setting(name: str, value: object = None) -> str | None:
    """Return what to say of a setting that has another name now, or nothing if it has not."""
    if name not in _OLD_SETTINGS:
        return None
    now = _OLD_VALUES.get((name, str(value)))
    return f"{name}: this is an old setting; write {_OLD_SETTINGS[name]}{f': {now}' if now else ''}"


def refuse_old_settings(content: Mapping[str, Any], source: str) -> None:
    """Refuse the settings that have another name now.

    Raises:
        ConfigError: There are some. The message names each with its new name.
    """
    found: list[str | None] = []
    for old in _OLD_SETTINGS:
        section, _, name = old.rpartition(".")
        settings = content.get(section) if section else content
        if isinstance(settings, Mapping) and name in settings:
            found.append(old_setting(old, settings[name]))
    if found:
        message = f"{source}: {'; '.join(filter(None, found))}"
        raise ConfigError(message)


def with_new_names(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored configuration, whose settings that were renamed since have their new names.

    A stored experiment stays readable, while a file of a user is answered with the new name.
    """
    train = stored.get("train")
    if not isinstance(train, Mapping) or "freeze_backbone" not in train:
        return dict(stored)
    rest = {name: value for name, value in train.items() if name != "freeze_backbone"}
    freeze = "backbone" if train["freeze_backbone"] else "none"
    return {**stored, "train": {**rest, "freeze": freeze}}


def with_first_names(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return settings, of which those that were renamed have the names that they had first.

    A digest that was made of the first names is then still the same, and no finished stage runs
    again.
    """
    train = settings.get("train", {})
    if train.get("freeze") not in _FREEZE_BACKBONE:
        return dict(settings)
    rest = {name: value for name, value in train.items() if name != "freeze"}
    return {**settings, "train": {**rest, "freeze_backbone": _FREEZE_BACKBONE[train["freeze"]]}}
