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


def refuse_old_settings(content: Mapping[str, Any], source: str) -> None:
    """Refuse the settings that have another name now.

    Raises:
        ConfigError: There are some. The message names each with its new name.
    """
    found = []
    for old, new in _OLD_SETTINGS.items():
        section, _, name = old.rpartition(".")
        settings = content.get(section) if section else content
        if not isinstance(settings, Mapping) or name not in settings:
            continue
        value = _OLD_VALUES.get((old, str(settings[name])))
        found.append(f"{old}: this is an old setting; write {new}{f': {value}' if value else ''}")
    if found:
        message = f"{source}: {'; '.join(found)}"
        raise ConfigError(message)
