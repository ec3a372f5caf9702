"""Which strategies are replayed: by name, from a file, or the experiment's own arms."""

from pathlib import Path

from job.acquisition.registry import complete
from job.config.loading import load_mapping
from job.config.schema import ArmConfig, Config
from job.config.section import Section
from job.config.validation import validated
from job.errors import ConfigError, UsageError
from job.keys import check_name


class _Arms(Section):
    arms: dict[str, ArmConfig]


def choose(config: Config, names: str | None, path: Path | None) -> dict[str, ArmConfig]:
    """Return strategies with all their settings, by a name for each.

    Args:
        config: Its arms are taken where nothing else is given.
        names: Strategies with their defaults, separated by commas.
        path: A YAML file of arms, as a configuration has them.

    Raises:
        ConfigError: There is no such file or strategy, or a setting is wrong.
        UsageError: Both are given, or no name is.
    """
    if names is not None and path is not None:
        message = "give --strategies or --arms, not both"
        raise UsageError(message)
    if path is not None:
        return {name: _complete(f"{path}: {name}", arm) for name, arm in _read(path).items()}
    if names is not None:
        listed = [name.strip() for name in names.split(",") if name.strip()]
        if not listed:
            message = "--strategies: names no strategy"
            raise UsageError(message)
        return {name: _complete("--strategies", ArmConfig(strategy=name)) for name in listed}
    return dict(config.arms)


def _read(path: Path) -> dict[str, ArmConfig]:
    content = load_mapping(path, f"--arms {path}")
    arms = validated(_Arms, {"arms": content}, str(path)).arms
    for name in arms:
        check_name("arm", name)
    return arms


def _complete(where: str, arm: ArmConfig) -> ArmConfig:
    try:
        return complete(arm)
    except ConfigError as error:
        message = f"{where}: {error}"
        raise ConfigError(message) from error
