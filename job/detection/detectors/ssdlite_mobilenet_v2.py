# ruff: noqa: PLC0415 - what builds the detector loads torch, which the rest must not
"""SSDLite with MobileNetV2, put together as torchvision's SSDLite with MobileNetV3.

Reference: Sandler et al. 2018, arXiv 1801.04381, section 6.2: the first map is the expansion of
the first block at stride 32, which is the last map at stride 16; the second is the last layer.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture

if TYPE_CHECKING:
    from job.detection.detectors.ssd import SsdDetector

_STRIDE_32_BLOCK = 14
"""Index of MobileNetV2's first block at stride 32."""


class SsdliteMobilenetV2(Architecture):
    """SSDLite with MobileNetV2, of any input size and width."""

    hub_weights: ClassVar[Mapping[float, str]] = {1.0: "MobileNet_V2_Weights.IMAGENET1K_V1"}
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
        import torch
        from torch.nn import BatchNorm2d
        from torchvision.models import mobilenet_v2
        from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
        from torchvision.models.detection.ssd import SSD
        from torchvision.models.detection.ssdlite import (
            SSDLiteFeatureExtractorMobileNet,
            SSDLiteHead,
        )

        from job.detection.detectors.ssd import SsdDetector

        norm = partial(BatchNorm2d, eps=0.001, momentum=0.03)
        layers = mobilenet_v2(weights=None, width_mult=config.width).features
        # torchvision's extractor is written for MobileNetV3, whose blocks name theirs `block`.
        split = layers[_STRIDE_32_BLOCK]
        split.block = split.conv
        extractor = SSDLiteFeatureExtractorMobileNet(
            layers, _STRIDE_32_BLOCK, norm, width_mult=config.width
        )
        del split.block
        anchors = DefaultBoxGenerator([[2, 3]] * 6, min_ratio=self.smallest_box, max_ratio=0.95)
        with torch.no_grad():
            maps = extractor.eval()(torch.zeros(1, 3, config.size, config.size))
        channels = [each.shape[1] for each in maps.values()]
        num_outputs = len(classes) + 1
        head = SSDLiteHead(channels, anchors.num_anchors_per_location(), num_outputs, norm)
        ssd = SSD(extractor, anchors, (config.size, config.size), num_outputs, head=head)
        return SsdDetector(self, config, classes, ssd, layers, stride_16_map=0)
