# ruff: noqa: PLC0415 - what builds the detector loads torch, which the rest must not
"""RetinaNet: torchvision's `retinanet_resnet50_fpn`, also on its MobileNets.

Reference: Lin et al. 2017, Focal Loss for Dense Object Detection, arXiv 1708.02002.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from job.config.detector import DetectorConfig
from job.detection.detectors.networks import NETWORKS, PyramidArchitecture

if TYPE_CHECKING:
    from job.detection.detectors.dense import RetinaNetDetector


class RetinaNet(PyramidArchitecture):
    """RetinaNet: nine anchors for each place of a feature pyramid, trained with the focal loss."""

    outputs_of_classes = "head.classification_head.cls_logits"
    trained_on_coco: ClassVar[Mapping[str, str]] = {
        "resnet50": "RetinaNet_ResNet50_FPN_Weights.COCO_V1"
    }
    hub_eps = 0.0  # of a time when torchvision added nothing

    smallest_anchor: Annotated[int, Field(ge=4)] = 32
    """Side of the smallest anchors, in pixels of the network's input. Each map of the pyramid has
    anchors twice as large as the one before. Torchvision has 32, for images of 800 pixels; a
    smaller input, or smaller objects, want less."""

    def build(
        self,
        config: DetectorConfig,
        classes: Sequence[str],
        made_of: Mapping[str, Any] | None,  # noqa: ARG002 - its settings say it all
    ) -> "RetinaNetDetector":
        """Return a detector with random weights."""
        from torchvision.models.detection import retinanet
        from torchvision.models.detection.anchor_utils import AnchorGenerator
        from torchvision.ops.feature_pyramid_network import LastLevelP6P7

        from job.detection.detectors.dense import RetinaNetDetector
        from job.detection.detectors.pyramid import backbone
        from job.detection.detectors.scoring import Scoring

        extra = LastLevelP6P7(self.channels, self.channels)
        layers = backbone(self, config, NETWORKS[self.network].stages, extra)
        sides = [self.smallest_anchor * 2**level for level in range(5)]
        anchors = AnchorGenerator(
            tuple(tuple(int(side * 2 ** (third / 3)) for third in range(3)) for side in sides),
            ((0.5, 1.0, 2.0),) * len(sides),
        )
        network = retinanet.RetinaNet(
            layers, len(classes) + 1, anchor_generator=anchors, **self.transform(config)
        )
        return RetinaNetDetector(self, config, classes, Scoring("sigmoid"), network)
