# ruff: noqa: PLC0415 - what builds the detector loads torch, which the rest must not
"""SSD300 with VGG16: torchvision's `ssd300_vgg16`, without the classifier that it throws away.

Reference: Liu et al. 2016, arXiv 1512.02325.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import TORCHVISION_LICENCE, Architecture

if TYPE_CHECKING:
    from job.detection.detectors.ssd import SsdDetector


class Ssd300Vgg16(Architecture):
    """SSD300 with VGG16."""

    sizes = (300,)
    widths = (1.0,)
    hub_weights: ClassVar[Mapping[float, str]] = {1.0: "VGG16_Weights.IMAGENET1K_FEATURES"}
    licence = TORCHVISION_LICENCE
    mean = (0.48235, 0.45882, 0.40784)
    std = (1 / 255, 1 / 255, 1 / 255)  # the weights expect pixels less the mean, undivided
    smallest_box = 0.07
    num_early_layers = 10  # conv1 and conv2, as in Fast R-CNN (Girshick 2015, section 4.5)

    def hub_detector(self, config: DetectorConfig) -> str:  # noqa: ARG002 - it has one size
        """Return torchvision's name of the weights."""
        return "SSD300_VGG16_Weights.COCO_V1"

    def build(
        self,
        config: DetectorConfig,
        classes: Sequence[str],
        made_of: Mapping[str, Any] | None,  # noqa: ARG002 - its settings say it all
    ) -> "SsdDetector":
        """Return a detector with random weights."""
        from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
        from torchvision.models.detection.ssd import SSD, SSDFeatureExtractorVGG
        from torchvision.models.vgg import cfgs, make_layers

        from job.detection.detectors.ssd import SsdDetector

        layers = make_layers(cfgs["D"])
        anchors = DefaultBoxGenerator(
            [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
            scales=[self.smallest_box, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05],
            steps=[8, 16, 32, 64, 100, 300],
        )
        extractor = SSDFeatureExtractorVGG(layers, highres=False)
        ssd = SSD(extractor, anchors, (config.size, config.size), len(classes) + 1)
        return SsdDetector(self, config, classes, ssd, layers, stride_16_map=1)
