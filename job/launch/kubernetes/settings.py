"""The launch settings: `launch.yaml`, which the Helm chart writes from its values."""

from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, PositiveFloat, PositiveInt, model_validator
from pydantic.alias_generators import to_camel

from job.config.loading import read_text
from job.config.section import Section
from job.config.validation import validated
from job.errors import ConfigError
from job.keys import REPORT, STAGES, Stage
from job.runtime.yaml_text import read_yaml, read_yaml_documents

KubeObject = dict[str, Any]
"""A Kubernetes object as its JSON."""
_ONE_VERSION = (
    "both have to be of one version; `helm list` shows the chart's (APP VERSION), and `al-job "
    "--version` the container image's: correct image.tag, or the chart's --version"
)


class LaunchConfig(Section):
    """What a driver has to know to launch stages as Jobs."""

    model_config = ConfigDict(alias_generator=to_camel)

    version: str = ""
    """The version of the chart that wrote it; empty: a version before it said so, or a person."""
    release: Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,28}[a-z0-9])?$")]
    """Prefix of the names of all Jobs, and the value of their label `al-voc/release`."""
    namespace: str
    """The namespace of the Jobs."""
    owner: str
    """The ConfigMap that owns all Jobs: they are deleted with it."""
    status: str
    """The ConfigMap that the driver writes its status to."""
    image: str = ""
    """The container image of the stages, for the status."""
    slim_image: str = ""
    """The container image without torch, for `select` after round 0; empty: there is none."""
    max_parallel: PositiveInt = 2
    """At most this many stages run at a time."""
    score_partitions: PositiveInt = 1
    """The number of partitions of a scoring, one pod each."""
    score_parallelism: PositiveInt = 1
    """At most this many partitions of one scoring run at a time."""
    train_nodes: PositiveInt = 1
    """A training runs in so many pods, one process each, whose template has a place for each."""
    backoff_limit: Annotated[int, Field(ge=0)] = 3
    """This many failed pods of a stage, or of a partition of a scoring, are replaced."""
    queue_name: str = ""
    """The queue of Kueue that admits the Jobs; empty: none."""
    image_error_seconds: PositiveFloat = 240
    """A stage fails if its container image cannot be pulled for this long."""
    pending_seconds: PositiveFloat | None = 86400
    """A stage fails if no pod of it can start for this long; unset, or in a queue: it may wait."""
    poll_seconds: PositiveFloat = 3
    """The time between two looks at the cluster."""
    ttl_seconds_after_finished: PositiveInt | None = None
    """How long a Job that has ended is kept, unless its stage is done; unset: with its owner."""
    money_per_gpu_hour: Annotated[float, Field(ge=0)] = 0.0
    """What a GPU costs in an hour, for the sums of status and report."""
    metrics: bool = False
    """Whether the driver answers Prometheus, on port 9464."""
    runtime: tuple[str, ...] = ()
    """Settings that every Job gets by `--set`, such as `runtime.threads=4`."""
    templates: dict[Stage, KubeObject]
    """A Job for each stage, without name and arguments."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if missing := [stage for stage in (*STAGES, REPORT) if stage not in self.templates]:
            message = f"templates: {', '.join(missing)} missing"
            raise ValueError(message)
        return self


def load_launch(path: Path) -> LaunchConfig:
    """Read `launch.yaml`, or the ConfigMap that holds it, as `helm template` prints it.

    Raises:
        ConfigError: There is no such file, it is not YAML, or a setting is wrong.
    """
    return parse_launch(read_text(path, str(path)), str(path))


def parse_launch(text: str, source: str) -> LaunchConfig:
    """Read `launch.yaml`, or the ConfigMap that holds it.

    Args:
        text: The YAML.
        source: Where it came from, for messages.

    Raises:
        ConfigError: It is not a YAML mapping, a setting is wrong, or it is of another version.
    """
    content = _find(text, source)
    if not isinstance(content, dict):
        message = f"{source}: expected launch.yaml, or a ConfigMap that holds it"
        raise ConfigError(message)
    of_chart, ours = str(content.get("version", "")), version("al-voc")
    if of_chart and of_chart != ours:
        message = (
            f"{source}: the chart is of version {of_chart}, and this al-job of {ours}: "
            f"{_ONE_VERSION}"
        )
        raise ConfigError(message)
    try:
        return validated(LaunchConfig, content, source)
    except ConfigError as error:
        if of_chart:
            raise
        message = (
            f"{error} (this al-job is of version {ours}, and the chart does not say its own: "
            f"{_ONE_VERSION})"
        )
        raise ConfigError(message) from error


def _find(text: str, source: str) -> object:
    """Return the content of launch.yaml, which is the text itself or in one of its ConfigMaps."""
    documents = [each for each in read_yaml_documents(text, source) if isinstance(each, dict)]
    maps = [each.get("data") or {} for each in documents if each.get("kind") == "ConfigMap"]
    if maps:
        inside = next((data["launch.yaml"] for data in maps if "launch.yaml" in data), "")
        return read_yaml(inside, source)
    return next(iter(documents), None)
