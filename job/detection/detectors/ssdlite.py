"""SSDLite on a MobileNet, put together as torchvision's SSDLite with MobileNetV3.

Reference: Sandler et al. 2018, arXiv 1801.04381, section 6.2: the first map is the expansion of
the first block at stride 32, which is the last map at stride 16; the second is the last layer.
"""

from collections.abc import Sequence
from functools import partial

import torch
from torch.nn import BatchNorm2d, Sequential
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.ssd import SSD
from torchvision.models.detection.ssdlite import SSDLiteFeatureExtractorMobileNet, SSDLiteHead

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture
from job.detection.detectors.ssd import SsdDetector

NORM = partial(BatchNorm2d, eps=0.001, momentum=0.03)
"""The batch normalisation of SSDLite's own layers."""


def ssdlite(
    architecture: Architecture,
    config: DetectorConfig,
    classes: Sequence[str],
    layers: Sequential,
    stride_32_block: int,
) -> SsdDetector:
    """Return SSDLite on the feature layers of a MobileNet.

    Args:
        architecture: Its kind, with the smallest of its default boxes.
        config: Its size and width.
        classes: The foreground classes.
        layers: The feature layers.
        stride_32_block: Which of them is the first at stride 32; its layers are in its `block`.
    """
    extractor = SSDLiteFeatureExtractorMobileNet(
        layers, stride_32_block, NORM, width_mult=config.width
    )
    anchors = DefaultBoxGenerator([[2, 3]] * 6, min_ratio=architecture.smallest_box, max_ratio=0.95)
    with torch.no_grad():
        maps = extractor.eval()(torch.zeros(1, 3, config.size, config.size))
    channels = [each.shape[1] for each in maps.values()]
    num_outputs = len(classes) + 1
    head = SSDLiteHead(channels, anchors.num_anchors_per_location(), num_outputs, NORM)
    ssd = SSD(extractor, anchors, (config.size, config.size), num_outputs, head=head)
    return SsdDetector(architecture, config, classes, ssd, layers, stride_16_map=0)
