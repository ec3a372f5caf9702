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
    "train.start": "train.init",
    "train.steps_from_previous": "train.warm_start_steps",
}
_OLD_VALUES = {
    ("score.augment", "False"): "resize",
    ("score.augment", "True"): "training",
    ("train.start", "previous"): "warm_start",
}


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
