"""Reading a configuration: YAML with unique keys, from a file or a preset."""

from importlib import resources
from pathlib import Path
from typing import Any

from job.config.old_settings import refuse_old_settings
from job.config.schema import Config
from job.config.validation import validated
from job.errors import ConfigError
from job.runtime.document_format import without_format
from job.runtime.names import suggestion
from job.runtime.paths import user_path
from job.runtime.yaml_text import read_yaml


def preset_names() -> list[str]:
    """Return the names of the configurations that come with the package."""
    folder = resources.files("job.config") / "presets"
    return sorted(
        entry.name.removesuffix(".yaml")
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    )


def load(source: str) -> Config:
    """Read a configuration from a file, or a preset by its name.

    Raises:
        ConfigError: There is no such file or preset, it is not YAML, or a setting is wrong.
    """
    if source in preset_names():
        preset = resources.files("job.config") / "presets" / f"{source}.yaml"
        return parse(preset.read_text(encoding="utf-8"), source)
    path = user_path(source)
    if _is_missing(path):
        advice = suggestion(source, preset_names())
        message = f"{source}: no such file, and no such preset; {advice}"
        raise ConfigError(message)
    return parse(read_text(path, source), source)


def is_there(source: str) -> bool:
    """Return whether `load` finds something under this name."""
    return source in preset_names() or not _is_missing(user_path(source))


def _is_missing(path: Path) -> bool:
    """Whether nothing has that name. A pipe is something, and so is what nobody may read."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:  # reading it says why
        return False
    return False


def load_mapping(path: Path, source: str) -> dict[str, Any]:
    """Read a mapping from a YAML file whose keys are unique.

    Args:
        path: The file.
        source: What it is called in messages.

    Raises:
        ConfigError: It cannot be read, or is not a YAML mapping.
    """
    return parse_mapping(read_text(path, source), source)


def read_text(path: Path, source: str) -> str:
    """Return the text of a file.

    Raises:
        ConfigError: It cannot be read, or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        message = f"{source}: cannot be read as UTF-8 text: {error}"
    except OSError as error:
        message = f"{source}: cannot be read: {(error.strerror or str(error)).lower()}"
    raise ConfigError(message)


def parse(text: str, source: str) -> Config:
    """Read a configuration from YAML.

    Args:
        text: The YAML.
        source: Where it came from, for messages.

    Raises:
        ConfigError: It is not a YAML mapping, or a setting is wrong.
        BadDataError: It is a copy of a stored configuration of another format.
    """
    content = parse_mapping(text, source)
    if "format" in content:  # of a stored configuration, which may be copied
        content = without_format(content, source)
    refuse_old_settings(content, source)
    return validated(Config, content, source)


def parse_mapping(text: str, source: str) -> dict[str, Any]:
    """Read a mapping of settings from YAML whose keys are unique.

    Raises:
        ConfigError: It is not a YAML mapping.
    """
    return as_mapping(read_yaml(text, source), source)


def as_mapping(content: object, source: str) -> dict[str, Any]:
    """Return what YAML says, which has to be a mapping.

    Raises:
        ConfigError: It is something else.
    """
    if not isinstance(content, dict):
        message = f"{source}: expected a mapping of settings, found {type(content).__name__}"
        raise ConfigError(message)
    return content
