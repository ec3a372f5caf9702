"""The model card: what a model is, how good it is, and how it is used, for those who get the file.

Its form is that of the Hugging Face hub: Markdown, with front matter in YAML.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from job.config.schema import EvaluateConfig
from job.detection.exported.description import FormatName
from job.detection.input_size import Fit, InputSize, Square
from job.detection.metrics.average_precision import Metrics
from job.runtime.yaml_text import write_yaml

_TASK = "object-detection"


@dataclass(frozen=True)
class Card:
    """What a card says."""

    title: str
    """Which round's model it is."""
    file: str
    """The name of the model's file."""
    format: FormatName
    command: str
    """The command that wrote the file."""
    version: str
    """Of al-voc."""
    versions: str
    """Of torch and torchvision."""
    classes: Sequence[str]
    detector: Mapping[str, Any]
    """Its settings."""
    input_size: InputSize
    mean: Sequence[float]
    """Of the values from 0 to 1 of red, green and blue."""
    std: Sequence[float]
    suppression: bool
    evaluate: EvaluateConfig
    """Which detections a graph keeps."""
    dataset: str
    dataset_version: int
    dataset_digest: str
    strategy: str
    """What selected the images."""
    num_rounds: int
    num_labelled: int
    num_pool: int
    start: Mapping[str, str]
    """Where the weights of each part came from, before the training."""
    metrics: Metrics | None
    """On the test set; None if it is not measured."""

    def to_markdown(self) -> str:
        """Return the file's text."""
        return _environment().get_template("card.md.j2").render(card=self)

    def front_matter(self) -> str:
        """Return what the hub reads, as YAML."""
        content: dict[str, Any] = {
            "library_name": "al-voc",
            "pipeline_tag": _TASK,
            "license": "unknown",
            "datasets": [self.dataset],
            "tags": [_TASK, "active-learning", self.detector["model"]],
        }
        if self.metrics and self.metrics.num_images:
            content["model-index"] = [{"name": self.title, "results": [self._result(self.metrics)]}]
        return write_yaml(content)

    def size_rule(self) -> str:
        """Return in words how large an image becomes."""
        size = self.input_size
        if type(size) is Square:  # a subclass has a rule of its own
            return f"{size.size} x {size.size} pixels, whatever its aspect ratio"
        if type(size) is not Fit:
            return "the size that the detector's package says"
        cut = f"both sides are cut to multiples of {size.step}" if size.step > 1 else ""
        return (
            f"a shorter side of {size.shorter} pixels, or less, so that the longer one has at "
            f"most {size.longer}; its aspect ratio is kept, and {cut or 'fractions are cut off'}"
        )

    def _result(self, metrics: Metrics) -> dict[str, Any]:
        values = {"mAP at IoU 0.5": metrics.map50_area, "COCO mAP": metrics.map_coco}
        return {
            "task": {"type": _TASK},
            "dataset": {
                "type": self.dataset,
                "name": self.dataset,
                "split": "test",
                "revision": self.dataset_digest,
            },
            "metrics": [
                {"type": "mean_average_precision", "name": name, "value": round(value, 4)}
                for name, value in values.items()
                if value is not None
            ],
        }


def _environment() -> Environment:
    environment = Environment(  # noqa: S701 - Markdown
        loader=PackageLoader("job.export.model"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "cell": lambda text: " ".join(text.replace("|", "\\|").split()),
        "figure": lambda value: "" if value is None else f"{value:.3f}",
        "numbers": lambda values: ", ".join(f"{each:.4g}" for each in values),
        "words": lambda values: ", ".join(f"{name} {value}" for name, value in values.items()),
    }
    return environment
