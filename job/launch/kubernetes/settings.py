"""How stages are launched as Jobs: `launch.yaml`, which the Helm chart writes from its values."""

from pathlib import Path
from typing import Annotated, Any, Self

import yaml
from pydantic import ConfigDict, Field, PositiveFloat, PositiveInt, model_validator
from pydantic.alias_generators import to_camel

from job.config.loading import yaml_errors
from job.config.section import Section
from job.config.validation import validated
from job.errors import ConfigError
from job.keys import STAGES, Stage

Manifest = dict[str, Any]
"""A Kubernetes object, as JSON has it."""


class LaunchConfig(Section):
    """What the driver has to know to launch stages."""

    model_config = ConfigDict(alias_generator=to_camel)

    release: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$")]
    """Prefix of the names of all Jobs, and value of their label `al-voc/release`."""
    namespace: str
    """Where the Jobs are made."""
    owner: str
    """The ConfigMap that owns all Jobs: they go when it goes."""
    status: str
    """The ConfigMap that the driver writes its status to."""
    image: str = ""
    """The image of the stages, to tell."""
    max_parallel: PositiveInt = 2
    """Stages that run at a time."""
    score_partitions: PositiveInt = 1
    """Shares that scoring is cut into."""
    score_parallelism: PositiveInt = 1
    """Shares of one scoring that run at a time."""
    backoff_limit: Annotated[int, Field(ge=0)] = 3
    """Pods that may fail before their stage does; when scoring, for each share."""
    queue_name: str = ""
    """Kueue's queue, where one admits the Jobs."""
    image_error_seconds: PositiveFloat = 240
    """An image that cannot be pulled for so long fails its stage."""
    poll_seconds: PositiveFloat = 3
    """Between two looks at the cluster."""
    ttl_seconds_after_finished: PositiveInt | None = None
    """How long a finished Job stays; unset: until its owner goes."""
    templates: dict[Stage, Manifest]
    """A Job for each stage, without a name: how its pod looks."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if missing := [stage for stage in STAGES if stage not in self.templates]:
            message = f"templates: {', '.join(missing)} missing"
            raise ValueError(message)
        return self


def load_launch(path: Path) -> LaunchConfig:
    """Read `launch.yaml`, or the ConfigMap that holds it, as `helm template` prints it.

    Raises:
        ConfigError: There is no such file, it is not YAML, or a setting is wrong.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read: {error}"
        raise ConfigError(message) from error
    return parse_launch(text, str(path))


def parse_launch(text: str, source: str) -> LaunchConfig:
    """Read `launch.yaml`, or the ConfigMap that holds it.

    Args:
        text: The YAML.
        source: Where it came from, for messages.

    Raises:
        ConfigError: It is not a YAML mapping, or a setting is wrong.
    """
    with yaml_errors(source):
        content = _find(text)
    if not isinstance(content, dict):
        message = f"{source}: expected launch.yaml, or a ConfigMap that holds it"
        raise ConfigError(message)
    return validated(LaunchConfig, content, source)


def _find(text: str) -> object:
    """What launch.yaml holds: of the chart's ConfigMaps, one does."""
    documents = [each for each in yaml.safe_load_all(text) if isinstance(each, dict)]
    maps = [each.get("data") or {} for each in documents if each.get("kind") == "ConfigMap"]
    if maps:
        return yaml.safe_load(
            next((data["launch.yaml"] for data in maps if "launch.yaml" in data), "")
        )
    return next(iter(documents), None)
