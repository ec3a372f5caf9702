# ruff: noqa: PLC0415 - what builds the detector loads torch, which the rest must not
"""SSDLite with MobileNetV3: torchvision's `ssdlite320_mobilenet_v3_large`, of any input size.

Reference: Howard et al. 2019, arXiv 1905.02244, section 6.3.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import TORCHVISION_LICENCE, Architecture

if TYPE_CHECKING:
    from job.detection.detectors.ssd import SsdDetector

_STRIDE_32_BLOCK = 13
"""Index of MobileNetV3's first block at stride 32."""


class SsdliteMobilenetV3(Architecture):
    """SSDLite with MobileNetV3, of any input size and width."""

    hub_weights: ClassVar[Mapping[float, str]] = {1.0: "MobileNet_V3_Large_Weights.IMAGENET1K_V1"}
    licence = TORCHVISION_LICENCE
    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)
    smallest_box = 0.2
    num_early_layers = 7  # those at strides 2, 4 and 8

    def hub_detector(self, config: DetectorConfig) -> str | None:
        """Return torchvision's name of the weights."""
        name = "SSDLite320_MobileNet_V3_Large_Weights.COCO_V1"
        return name if config.width == 1 else None

    def build(
        self,
        config: DetectorConfig,
        classes: Sequence[str],
        made_of: Mapping[str, Any] | None,  # noqa: ARG002 - its settings say it all
    ) -> "SsdDetector":
        """Return a detector with random weights."""
        from torchvision.models import mobilenet_v3_large

        from job.detection.detectors.ssdlite import NORM, ssdlite

        layers = mobilenet_v3_large(
            weights=None,
            width_mult=config.width,
            norm_layer=NORM,
            # As in torchvision: half the channels in the last block, unless it is pretrained.
            reduced_tail=config.backbone == "scratch" or config.weights == "hub",
        ).features
        return ssdlite(self, config, classes, layers, _STRIDE_32_BLOCK)
