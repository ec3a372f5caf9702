"""What is known of a detector before it is built. No torch: it takes 600 MB, and seconds to load.

The driver and `al-job init` check a configuration with it, where there is not the room or the time.
"""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from job.config.detector import DetectorConfig
from job.detection.detectors.registry import DETECTORS
from job.errors import ConfigError

if TYPE_CHECKING:
    from torch import nn


class Architecture(ABC):
    """A kind of detector, such as SSD300 with VGG16: its properties, and how one is built."""

    sizes: ClassVar[Collection[int] | None] = None
    """The sides of the square input, in pixels, that it takes; None: any."""
    widths: ClassVar[Collection[float] | None] = None
    """The width multipliers that it takes; None: any."""
    hub_weights: ClassVar[Mapping[float, str]] = {}
    """By width, the pretrained weights of the backbone: torchvision's name of them, such as
    `VGG16_Weights.IMAGENET1K_FEATURES`."""
    mean: ClassVar[tuple[float, float, float]]
    """The mean of the red, green and blue values in [0, 1] that the network expects."""
    std: ClassVar[tuple[float, float, float]]
    """Their standard deviation."""
    smallest_box: ClassVar[float | None] = None
    """The side of the smallest default box, as a share of the input's; None: it has none."""
    num_early_layers: ClassVar[int] = 0
    """How many layers of the backbone `train.freeze: stages` keeps, from the image on; 0: the
    architecture does not say which stages are early."""
    embedding_map: ClassVar[int]
    """Which feature map is averaged to the image's embedding: the backbone's last one."""
    box_feature_map: ClassVar[int]
    """Which feature map is averaged over each box to the box's features: the one at stride 16."""

    @classmethod
    @abstractmethod
    def build(cls, config: DetectorConfig, classes: Sequence[str]) -> "nn.Module":
        """Return a `base.Detector` with random weights of torch's global stream, on the CPU.

        Args:
            config: Its size and width; `backbone` is not looked at.
            classes: The foreground classes, in the order of the outputs.
        """


def architecture_of(config: DetectorConfig) -> type[Architecture]:
    """Return the architecture that a configuration names.

    Raises:
        ConfigError: There is none of that name, or it does not take a setting.
    """
    found = DETECTORS.load(config.model, Architecture)
    _check("size", config.size, found.sizes, config)
    _check("width", config.width, found.widths, config)
    if config.backbone == "hub":
        advice = "set scratch or name a file"
        if not found.hub_weights:
            message = f"detector.backbone: the hub has no weights for {config.model}; {advice}"
            raise ConfigError(message)
        if config.width not in found.hub_weights:
            message = (
                f"detector.backbone: the hub has weights of {config.model} for width "
                f"{_words(found.hub_weights)} only; {advice}"
            )
            raise ConfigError(message)
    return found


def _check(
    name: str, value: float, allowed: Collection[Any] | None, config: DetectorConfig
) -> None:
    if allowed is not None and value not in allowed:
        message = f"detector.{name}: {config.model} takes {_words(allowed)} only (given: {value})"
        raise ConfigError(message)


def _words(values: Collection[Any]) -> str:
    return " or ".join(map(str, sorted(values)))
