"""What may change in an experiment that has begun."""

from typing import Any

from pydantic import BaseModel

from job.config.annotation import AnnotationConfig
from job.config.schema import FULLY_SUPERVISED, GROWS, ArmConfig, Config
from job.errors import ConfigError

_OLD_DEFAULTS: dict[str, BaseModel] = {"annotation": AnnotationConfig(preset="tutorial")}
"""Sections with the defaults of an earlier version, where they were others than today's."""


def with_old_defaults(begun: Config, now: Config) -> Config:
    """Return a configuration whose unset settings are as in the experiment that has begun.

    A setting that the file leaves unset means what it meant then, so the same file resumes the
    experiment although a later version has another default.
    """
    changes: dict[str, Any] = {
        "arms": {name: _as_begun(begun.arms.get(name), arm) for name, arm in now.arms.items()},
        "cold_start": _as_begun(begun.cold_start, now.cold_start),
    }
    if "cold_start" not in now.model_fields_set:
        changes["cold_start"] = begun.cold_start
    for name, old in _OLD_DEFAULTS.items():
        stored, given = getattr(begun, name), getattr(now, name)
        kept = {
            each: value
            for each, value in old
            if each not in given.model_fields_set and getattr(stored, each) == value
        }
        changes[name] = given.model_copy(update=kept)
    return now.model_copy(update=changes)


def with_grown_test(begun: Config, now: Config) -> Config:
    """Return a configuration whose test set has the sizes that it had until now, if it grows."""
    if begun.test is None or now.test is None:
        return now
    return now.model_copy(update={"test": begun.test.grown_to(now.test)})


def _as_begun(begun: ArmConfig | None, now: ArmConfig) -> ArmConfig:
    """Return an arm with what it leaves unset as it was, strategy and settings alike."""
    is_named = "strategy" in now.model_fields_set
    if begun is None or (is_named and begun.strategy != now.strategy):
        return now
    return ArmConfig(strategy=begun.strategy, **_filled(now.settings, begun.settings))


def _filled(now: Any, begun: Any) -> Any:
    """Return settings with those that they lack, also of strategies inside."""
    if isinstance(now, list) and isinstance(begun, list) and len(now) == len(begun):
        return [_filled(*each) for each in zip(now, begun, strict=True)]
    if not isinstance(now, dict) or not isinstance(begun, dict):
        return now
    if now.get("strategy") != begun.get("strategy"):
        return now
    return {**begun, **{k: _filled(v, begun[k]) if k in begun else v for k, v in now.items()}}


def refuse_changes(begun: Config, now: Config) -> None:
    """Refuse a configuration that differs from the one with which its experiment began.

    Both have every setting written out.
    An experiment may grow by rounds (with `budget.totals`, by totals at the end), seeds, arms, full
    supervision and images of a test set from the pool, and `runtime` and `tracking` may change. If
    people annotate, so may all of `annotation`, as long as people do. Proposals cannot be added,
    since earlier rounds were not scored for them.
    All else is fixed, because finished rounds were made with it.

    Raises:
        ConfigError: Something else differs. The message names each setting with both values.
    """
    old, new = (flatten(config.model_dump(mode="json")) for config in (begun, now))
    may_change = {*GROWS, *_may_change(begun, now)}
    changes = []
    for key in sorted(old.keys() | new.keys()):
        section, _, rest = key.partition(".")
        if old.get(key) == new.get(key):
            continue
        if section in may_change and (key != "annotation.proposals" or old[key] is not None):
            continue
        if key == "budget.totals" and begun.budget.grows_into(now.budget):
            continue
        if section == "test" and _test_grows(begun, now):
            continue
        if section == "arms" and rest.split(".")[0] not in begun.arms:
            continue
        changes.append(f"{key}: {old.get(key, 'unset')} -> {new.get(key, 'unset')}")
    if lost := [str(seed) for seed in begun.seeds if seed not in now.seeds]:
        changes.append(f"seeds: {', '.join(lost)} dropped")
    if now.rounds < begun.rounds:
        changes.append(f"rounds: {begun.rounds} -> {now.rounds}")
    if changes:
        message = (
            f"experiment {begun.experiment!r} began with another configuration "
            f"({'; '.join(changes)}): give the new one another experiment name"
        )
        raise ConfigError(message)


def _test_grows(begun: Config, now: Config) -> bool:
    """Return whether a test set is drawn from the pool, and has more images now.

    Raises:
        ConfigError: It has, but the whole pool is labelled for training.
    """
    old, new = begun.test_sizes, now.test_sizes
    if not old or new[: len(old)] != old:
        return False
    if begun.full_supervision:
        message = (
            f"test.size: {old[-1]} -> {new[-1]}: the arm {FULLY_SUPERVISED} labels all other "
            "images of the pool, so none is left to draw"
        )
        raise ConfigError(message)
    return True


def _may_change(begun: Config, now: Config) -> tuple[str, ...]:
    """Return the sections of which everything may change."""
    is_by_people = begun.annotation.is_by_people and now.annotation.is_by_people
    return ("runtime", "tracking", *(["annotation"] if is_by_people else []))


def grown(begun: Config, now: Config) -> Config:
    """Return a configuration that has grown, with all that is fixed as it began.

    So a setting that a later version added stays unset, and with it the digests of finished stages.
    """
    changes = {name: getattr(now, name) for name in (*GROWS, *_may_change(begun, now))}
    arms = {name: begun.arms.get(name, arm) for name, arm in now.arms.items()}
    if begun.budget.totals:
        changes["budget"] = now.budget
    if begun.test:
        changes["test"] = now.test
    return begun.model_copy(update={**changes, "arms": arms})


def flatten(content: object, prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one with dotted keys."""
    if not isinstance(content, dict):
        return {prefix: content}
    result: dict[str, Any] = {}
    for key, value in content.items():
        result |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return result
