"""`experiment.yaml`: what is written of a configuration, and how it is read again."""

from typing import Any

from job.acquisition.old_settings import with_added
from job.acquisition.registry import STRATEGIES
from job.acquisition.strategy import Strategy
from job.config.detector import DetectorConfig
from job.config.loading import as_mapping
from job.config.old_settings import with_new_names
from job.config.schema import ArmConfig, Config
from job.config.validation import split_unknown, validated
from job.detection.detectors.architecture import Architecture
from job.detection.detectors.registry import DETECTORS
from job.errors import BadDataError
from job.runtime.document_format import FORMAT, without_format
from job.runtime.yaml_text import read_stored_yaml, write_yaml

OLD_SELECTION = ArmConfig(strategy="random")
"""What an earlier version meant by an arm or a cold start that names no strategy."""


class StoredArm(ArmConfig):
    """An arm of a stored experiment, which may have begun before its strategy had some settings."""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of the strategy: those that are stored, and what the others meant then."""
        return with_added(self.strategy, super().settings)


def dump_config(config: Config) -> bytes:
    """Return a configuration as it is stored: what it says, and nothing that it leaves unset."""
    content = config.model_dump(mode="json", exclude_unset=True)
    return write_yaml({"format": FORMAT, **content}).encode()


def load_config(data: bytes, where: str) -> tuple[Config, list[str]]:
    """Read what `dump_config` wrote.

    Returns:
        The configuration, and the settings that are left out of it because a newer version wrote
        them.

    Raises:
        BadDataError: It is not text, or of a format that this version does not read.
        ConfigError: It is not YAML, or a setting is wrong.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        message = f"{where} is damaged (not UTF-8 text): restore it from a copy of the store"
        raise BadDataError(message) from error
    stored = as_mapping(read_stored_yaml(text, where), where)
    content, unknown = split_unknown(Config, with_new_names(without_format(stored, where)))
    config = validated(Config, content, where)
    cold_start, *arms = (
        _known_part(place, arm, unknown)
        for place, arm in [
            ("cold_start", config.cold_start),
            *((f"arms.{name}", arm) for name, arm in config.arms.items()),
        ]
    )
    is_written = "cold_start" in config.model_fields_set
    changes: dict[str, Any] = {
        "arms": dict(zip(config.arms, arms, strict=True)),
        "cold_start": cold_start if is_written else OLD_SELECTION,
        "detector": _known_detector(config.detector, unknown),
    }
    # What was not written stays unset, as the digests of finished stages have it.
    fields_set = config.model_fields_set
    return Config.model_construct(fields_set, **{**dict(config), **changes}), unknown


def _known_detector(detector: DetectorConfig, unknown: list[str]) -> DetectorConfig:
    """Return a detector without the settings that its architecture lacks, and add their names."""
    if not detector.model_extra:
        return detector
    kind = DETECTORS.load(detector.model, Architecture)
    known, names = split_unknown(kind, detector.model_extra)
    unknown += [f"detector.{name}" for name in names]
    common = detector.model_dump(exclude_unset=True, exclude={*detector.model_extra})
    return DetectorConfig.model_validate(common | known)


def _known_part(where: str, arm: ArmConfig, unknown: list[str]) -> ArmConfig:
    """Return an arm without the settings that its strategy lacks, and add their names."""
    settings = {
        name: _without_unknown_inside(f"{where}.{name}", value, unknown)
        for name, value in arm.settings.items()
    }
    strategy = arm.strategy if "strategy" in arm.model_fields_set else OLD_SELECTION.strategy
    known, names = split_unknown(STRATEGIES.load(strategy, Strategy), settings)
    unknown += [f"{where}.{name}" for name in names]
    is_complete = with_added(strategy, known) == known
    kind = ArmConfig if is_complete else StoredArm
    return kind(strategy=strategy, **known)


def _without_unknown_inside(where: str, value: Any, unknown: list[str]) -> Any:
    """Return a setting of a wrapper, in which the strategies inside are such arms too."""
    if isinstance(value, list):
        return [
            _without_unknown_inside(f"{where}.{i}", each, unknown) for i, each in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    if "strategy" in value:
        return _known_part(where, ArmConfig(**value), unknown).model_dump(mode="json")
    return {
        name: _without_unknown_inside(f"{where}.{name}", each, unknown)
        for name, each in value.items()
    }
