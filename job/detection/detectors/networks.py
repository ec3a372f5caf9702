"""What torchvision's detectors on a feature pyramid share: settings and backbones. No torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import TORCHVISION_LICENCE, Architecture
from job.detection.input_size import Fit


@dataclass(frozen=True)
class Network:
    """A classifier of torchvision as a backbone."""

    weights: str
    """Torchvision's name of its ImageNet weights."""
    num_early_layers: int
    """How many layers torchvision's detectors keep as they are if they start from these."""
    stages: tuple[str, str, str]
    """The last layer of each stage at strides 8, 16 and 32."""


NETWORKS: Mapping[str, Network] = {
    "resnet50": Network("ResNet50_Weights.IMAGENET1K_V1", 5, ("layer2", "layer3", "layer4")),
    "mobilenet_v3_large": Network("MobileNet_V3_Large_Weights.IMAGENET1K_V1", 7, ("6", "12", "16")),
    "mobilenet_v2": Network("MobileNet_V2_Weights.IMAGENET1K_V1", 7, ("6", "13", "18")),
}
"""By the name that `network` gives."""


class PyramidArchitecture(Architecture):
    """A detector of torchvision on a feature pyramid."""

    licence = TORCHVISION_LICENCE
    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)
    outputs_of_classes: ClassVar[str]
    """Torchvision's name of the layer that has outputs for each class."""
    trained_on_coco: ClassVar[Mapping[str, str]]
    """By network, torchvision's name of the weights of the whole detector."""
    hub_eps: ClassVar[float] = 1e-5
    """What is added to variances in the whole detector with ResNet-50 that the hub has."""

    network: Literal["resnet50", "mobilenet_v3_large", "mobilenet_v2"] = "resnet50"
    """The backbone. The published detectors have `resnet50`; on a CPU, the two others take a
    fraction of its time."""
    channels: Annotated[int, Field(ge=32, multiple_of=32)] = 256
    """Channels of the feature pyramid, and of the layers that see it. Torchvision has 256. With
    half of them, these layers take a quarter of the time."""

    @property
    def hub_weights(self) -> Mapping[float, str]:  # type: ignore[override]  # of its network
        """Torchvision's ImageNet weights of the backbone."""
        return {1.0: NETWORKS[self.network].weights}

    @property
    def num_early_layers(self) -> int:  # type: ignore[override]  # of its network
        """How many layers of the backbone `train.freeze: stages` keeps."""
        return NETWORKS[self.network].num_early_layers

    @property
    def widths(self) -> tuple[float] | None:  # type: ignore[override]  # of its network
        """The width multipliers that it takes: MobileNets take any."""
        return (1.0,) if self.network == "resnet50" else None

    def hub_detector(self, config: DetectorConfig) -> str | None:
        """Return torchvision's name of the weights of the whole detector, trained on COCO."""
        is_theirs = (config.width, self.channels) == (1, 256)
        return self.trained_on_coco.get(self.network) if is_theirs else None

    def is_frozen(self, config: DetectorConfig) -> bool:
        """Tell whether the backbone's batch normalisation is: as in torchvision, if pretrained."""
        return config.is_pretrained

    def input_size(self, config: DetectorConfig) -> Fit:
        """Return torchvision's rule: at 800, the longer side has at most 1333 pixels."""
        return Fit(config.size, config.size * 1333 // 800)

    def transform(self, config: DetectorConfig) -> dict[str, int]:
        """Return how torchvision's own detector would resize an image to the same size."""
        size = self.input_size(config)
        return {"min_size": size.shorter, "max_size": size.longer}


class AnchoredArchitecture(PyramidArchitecture):
    """One with anchors, of which torchvision has an improved version."""

    improved_on_coco: ClassVar[str]
    """Torchvision's name of the weights of the improved detector, with ResNet-50."""

    smallest_anchor: Annotated[int, Field(ge=4)] = 32
    """Side of the smallest anchors, in pixels of the network's input; the others are two, four,
    eight and sixteen times as large. Torchvision has 32, for images of 800 pixels; a smaller input,
    or smaller objects, want less."""
    version: Literal[1, 2] = 1
    """`1`: as published. `2`: torchvision's improved one (`_v2`), with normalisation in the layers
    that see the pyramid, and batch normalisation of the backbone that learns."""

    @property
    def is_improved(self) -> bool:
        """Whether it is torchvision's improved version."""
        return self.version > 1

    def hub_detector(self, config: DetectorConfig) -> str | None:
        """Return torchvision's name of the weights of this version."""
        name = super().hub_detector(config)
        if not self.is_improved or name is None:
            return name
        return self.improved_on_coco if self.network == "resnet50" else None

    def is_frozen(self, config: DetectorConfig) -> bool:
        """Tell whether the backbone's batch normalisation is: not in the improved version."""
        return not self.is_improved and super().is_frozen(config)
