"""Settings that a strategy had in an earlier version, and those that it had not."""

from collections.abc import Mapping
from typing import Any

from job.config.schema import ArmConfig
from job.errors import ConfigError

_OLD_SETTINGS = {
    "brust": {
        "background": "use the strategy tutorial_brust and its setting with_background",
        "once_per_class": "use the strategy tutorial_brust and its setting "
        "count_box_once_per_class_above",
        "uncertainty": "use the strategy tutorial_brust and its setting outside_top2",
    },
    "enms_divproto": {
        "max_cosine": "write new_class_max_cosine",
        "same_cosine": "write duplicate_cosine",
        "walk_ahead": "leave it out, no pick depended on it",
    },
    "pal": {"hit_iou": "write iou_threshold", "least_detections": "write min_detections"},
    "random": {"redraw_labelled": "use the strategy tutorial_random"},
}

_ALL_BOXES: dict[str, Any] = {"min_side": 0.0, "max_aspect": None, "top": None}
"""No box is too small, too narrow or one too many."""
_ADDED: dict[str, dict[str, Any]] = {
    "brust": {**_ALL_BOXES, "min_confidence": 0.0, "rightness": False},
    "coreset": {"centre": False},
    "entropy": {**_ALL_BOXES, "min_confidence": 0.0, "rightness": False},
    "enms_divproto": {"objects_only": False, "rightness": False, "empty_score": 0.0},
    "pal": {**_ALL_BOXES, "class_weights": False, "empty_score": -1.0},
    "ppal": {**_ALL_BOXES, "rightness": False, "empty_score": 0.0},
}
"""Settings that were added to strategies, with the values by which a strategy picks as before."""


def with_added(strategy: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a stored arm with those that were added after it was stored.

    A new experiment has every setting written out. So one that is not there means what the strategy
    did before it had the setting, and not its default. The same holds of strategies inside others.
    """
    return {**_ADDED.get(strategy, {}), **{k: _with_added(v) for k, v in settings.items()}}


def _with_added(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_with_added(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    inside = {k: _with_added(v) for k, v in value.items()}
    return with_added(str(value["strategy"]), inside) if "strategy" in value else inside


def refuse_old_settings(arm: ArmConfig) -> None:
    """Refuse a setting that an earlier version had, and say what to write instead.

    Raises:
        ConfigError: The arm has such a setting.
    """
    old = _OLD_SETTINGS.get(arm.strategy, {})
    if (arm.strategy, arm.settings.get("batches")) == ("brust", "consecutive"):
        advice = "use the strategy tutorial_brust and its setting consecutive_batches"
        old = {**old, "batches": advice}
    for name in sorted(arm.settings.keys() & old.keys()):
        message = f"strategy {arm.strategy!r}: {name}: this is an old setting; {old[name]}"
        raise ConfigError(message)
