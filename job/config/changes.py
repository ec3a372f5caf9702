"""What may change in an experiment that has begun."""

from typing import Any

from job.config.schema import GROWS, Config
from job.errors import ConfigError


def as_begun(begun: Config, now: Config) -> Config:
    """Return a configuration in which whatever it leaves open is as its experiment began.

    A later version may have other defaults. Left out are those settings that may change.

    Args:
        begun: The configuration with which the experiment began, with every setting written out.
        now: A configuration as it was written.
    """
    content = now.model_dump(mode="json", exclude_unset=True)
    content["arms"] = {name: arm.model_dump(mode="json") for name, arm in now.arms.items()}
    fixed = begun.model_dump(mode="json", exclude={*GROWS, "runtime", "arms"})
    arms = {
        name: _filled(arm, begun.arms[name].model_dump(mode="json")) if name in begun.arms else arm
        for name, arm in content["arms"].items()
    }
    return Config.model_validate({**_filled(content, fixed), "arms": arms})


def _filled(now: Any, begun: Any) -> Any:
    """Return settings with those of another mapping that they lack, also in mappings inside."""
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
    An experiment may grow by rounds, seeds, arms and full supervision, and `runtime` may change.
    All else is fixed, because finished rounds were made with it.

    Raises:
        ConfigError: Something else differs. The message names each setting with both values.
    """
    old, new = (flatten(config.model_dump(mode="json")) for config in (begun, now))
    changes = []
    for key in sorted(old.keys() | new.keys()):
        section, _, rest = key.partition(".")
        if section in {*GROWS, "runtime"} or old.get(key) == new.get(key):
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


def grown(begun: Config, now: Config) -> Config:
    """Return a configuration that has grown, with all that is fixed as it began.

    So a setting that a later version added stays unset, and with it the digests of finished stages.
    """
    changes = {name: getattr(now, name) for name in (*GROWS, "runtime")}
    arms = {name: begun.arms.get(name, arm) for name, arm in now.arms.items()}
    return begun.model_copy(update={**changes, "arms": arms})


def flatten(content: object, prefix: str = "") -> dict[str, Any]:
    """Return nested mappings as one with dotted keys."""
    if not isinstance(content, dict):
        return {prefix: content}
    result: dict[str, Any] = {}
    for key, value in content.items():
        result |= flatten(value, f"{prefix}.{key}" if prefix else str(key))
    return result
