# ruff: noqa: PLC0415 - what builds the detector loads torch, which the rest must not
"""SSDLite with MobileNetV2.

Reference: Sandler et al. 2018, arXiv 1801.04381, section 6.2.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import TORCHVISION_LICENCE, Architecture

if TYPE_CHECKING:
    from job.detection.detectors.ssd import SsdDetector

_STRIDE_32_BLOCK = 14
"""Index of MobileNetV2's first block at stride 32."""


class SsdliteMobilenetV2(Architecture):
    """SSDLite with MobileNetV2, of any input size and width."""

    hub_weights: ClassVar[Mapping[float, str]] = {1.0: "MobileNet_V2_Weights.IMAGENET1K_V1"}
    licence = TORCHVISION_LICENCE
    mean = (0.485, 0.456, 0.406)
    std = (0.229, 0.224, 0.225)
    smallest_box = 0.2
    num_early_layers = 7  # those at strides 2, 4 and 8

    def build(
        self,
        config: DetectorConfig,
        classes: Sequence[str],
        made_of: Mapping[str, Any] | None,  # noqa: ARG002 - its settings say it all
    ) -> "SsdDetector":
        """Return a detector with random weights."""
        from torchvision.models import mobilenet_v2

        from job.detection.detectors.ssdlite import ssdlite

        layers = mobilenet_v2(weights=None, width_mult=config.width).features
        # torchvision's extractor is written for MobileNetV3, whose blocks name theirs `block`.
        split = layers[_STRIDE_32_BLOCK]
        split.block = split.conv
        detector = ssdlite(self, config, classes, layers, _STRIDE_32_BLOCK)
        del split.block
        return detector
