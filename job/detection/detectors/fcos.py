# ruff: noqa: PLC0415 - what builds the detector loads torch, which the rest must not
"""FCOS: torchvision's `fcos_resnet50_fpn`, also on its MobileNets.

Reference: Tian et al. 2019, FCOS: Fully Convolutional One-Stage Object Detection, arXiv 1904.01355.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from job.config.detector import DetectorConfig
from job.detection.detectors.networks import NETWORKS, PyramidArchitecture

if TYPE_CHECKING:
    from job.detection.detectors.dense import FcosDetector


class Fcos(PyramidArchitecture):
    """FCOS: no anchors; each place of a feature pyramid says how far a box around it reaches."""

    outputs_of_classes = "head.classification_head.cls_logits"
    trained_on_coco: ClassVar[Mapping[str, str]] = {"resnet50": "FCOS_ResNet50_FPN_Weights.COCO_V1"}

    channels: Annotated[int, Field(ge=64, multiple_of=32)] = 256
    """Channels of the feature pyramid, and of the layers that see it. Torchvision has 256. With
    half of them, these layers take a quarter of the time. Their group normalisation has 32 groups,
    and each needs two channels at least."""

    def build(
        self,
        config: DetectorConfig,
        classes: Sequence[str],
        made_of: Mapping[str, Any] | None,  # noqa: ARG002 - its settings say it all
    ) -> "FcosDetector":
        """Return a detector with random weights."""
        from torchvision.models.detection import fcos
        from torchvision.ops.feature_pyramid_network import LastLevelP6P7

        from job.detection.detectors.dense import CountingHead, FcosDetector
        from job.detection.detectors.pyramid import backbone
        from job.detection.detectors.scoring import Scoring

        extra = LastLevelP6P7(self.channels, self.channels)
        layers = backbone(self, config, NETWORKS[self.network].stages, extra)
        num_outputs = len(classes) + 1
        head = CountingHead(self.channels, 1, num_outputs)
        network = fcos.FCOS(layers, num_outputs, head=head, **self.transform(config))
        scoring = Scoring("sigmoid", quality="geometric_mean")
        return FcosDetector(self, config, classes, scoring, network)
