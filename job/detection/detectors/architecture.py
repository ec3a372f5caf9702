"""What is known of a detector before it is built. No torch: it takes 600 MB, and seconds to load.

The driver and `al-job init` check a configuration with it, where there is not the room or the time.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import ValidationError

from job.config.detector import DetectorConfig
from job.config.section import Section
from job.config.validation import describe_errors
from job.detection.detectors.registry import DETECTORS
from job.detection.input_size import InputSize, Square
from job.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn

TORCHVISION_LICENCE = "BSD-3-Clause, besides the terms of the images they were trained on"
"""Of torchvision's weights. Its README leaves it to the reader what the data sets' terms mean."""


class Architecture(Section, ABC):
    """A kind of detector, such as SSD300 with VGG16: its properties, and how one is built.

    Its fields are the settings that it has besides those of all detectors.
    """

    sizes: ClassVar[Collection[int] | None] = None
    """The values of `detector.size`, in pixels, that it takes; None: any."""
    widths: ClassVar[Collection[float] | None] = None
    """The width multipliers that it takes; None: any."""
    hub_weights: ClassVar[Mapping[float, str]] = {}
    """By width, the pretrained weights of the backbone: torchvision's name of them, such as
    `VGG16_Weights.IMAGENET1K_FEATURES`."""
    licence: ClassVar[str] = ""
    """The licence of the hub's weights, in words; empty: it is not known."""
    mean: ClassVar[tuple[float, float, float]]
    """The mean of the red, green and blue values in [0, 1] that the network expects."""
    std: ClassVar[tuple[float, float, float]]
    """Their standard deviation."""
    smallest_box: ClassVar[float | None] = None
    """The side of the smallest default box, as a share of the input's; None: it has none."""
    num_early_layers: ClassVar[int] = 0
    """How many layers of the backbone `train.freeze: stages` keeps, from the image on; 0: the
    architecture does not say which stages are early."""

    def input_size(self, config: DetectorConfig) -> InputSize:
        """Return how large the network sees an image: by default, a square of `detector.size`."""
        return Square(config.size)

    def check_hub(self, config: DetectorConfig) -> None:
        """Refuse `backbone: hub` if the hub has no such weights.

        Raises:
            ConfigError: It has none.
        """
        advice = "set scratch or name a file"
        if not self.hub_weights:
            message = f"detector.backbone: the hub has no weights for {config.model}; {advice}"
            raise ConfigError(message)
        if config.width not in self.hub_weights:
            message = (
                f"detector.backbone: the hub has weights of {config.model} for width "
                f"{_words(self.hub_weights)} only; {advice}"
            )
            raise ConfigError(message)

    def own_files(self) -> str:
        """Return where the files are that say what the network is, in words; empty: it has none.

        Raises:
            ConfigError: They cannot be read here.
        """
        return ""

    def hub_detector(self, config: DetectorConfig) -> str | None:  # noqa: ARG002 - as for others
        """Return torchvision's name of the weights of the whole detector, trained on COCO.

        Returns:
            Such as `RetinaNet_ResNet50_FPN_Weights.COCO_V1`; None if it has none of this kind.
        """
        return None

    @abstractmethod
    def build(
        self, config: DetectorConfig, classes: Sequence[str], made_of: Mapping[str, Any] | None
    ) -> "nn.Module":
        """Return a `base.Detector` with random weights of torch's global stream, on the CPU.

        It is also called to load a model, so it must not need a network.

        Args:
            config: Its size and width; `backbone` is not looked at.
            classes: The foreground classes, in the order of the outputs.
            made_of: What the detector said that it is made of when its model was written; None for
                a new detector.
        """


def architecture_of(config: DetectorConfig) -> Architecture:
    """Return the architecture that a configuration names, with its settings.

    Raises:
        ConfigError: There is none of that name, or it does not take a setting.
    """
    found = with_settings(config)
    _check("size", config.size, found.sizes, config)
    _check("width", config.width, found.widths, config)
    if config.backbone == "hub":
        found.check_hub(config)
    if config.weights == "hub" and found.hub_detector(config) is None:
        message = (
            f"detector.weights: the hub has no trained {config.model} with these settings; "
            "leave it out, or name a file"
        )
        raise ConfigError(message)
    return found


def with_settings(config: DetectorConfig) -> Architecture:
    """Return the architecture that a configuration names, whose own settings alone are checked.

    Raises:
        ConfigError: There is none of that name, or one of its own settings is wrong.
    """
    kind = DETECTORS.load(config.model, Architecture)
    try:
        return kind.model_validate(config.model_extra or {})
    except ValidationError as error:
        problems = describe_errors(error, kind, beside=DetectorConfig.model_fields)
        message = f"detector {config.model!r}: {problems}"
        raise ConfigError(message) from error


def completed(config: DetectorConfig) -> DetectorConfig:
    """Return a configuration with every setting of its architecture written out.

    Raises:
        ConfigError: As for `architecture_of`.
    """
    settings = architecture_of(config).model_dump(mode="json")
    return DetectorConfig.model_validate(config.model_dump() | settings)


def _check(
    name: str, value: float, allowed: Collection[Any] | None, config: DetectorConfig
) -> None:
    if allowed is not None and value not in allowed:
        message = f"detector.{name}: {config.model} takes {_words(allowed)} only (given: {value})"
        raise ConfigError(message)


def _words(values: Collection[Any]) -> str:
    return " or ".join(map(str, sorted(values)))
