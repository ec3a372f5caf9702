"""Settings that a strategy had in an earlier version, and what to write instead."""

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
