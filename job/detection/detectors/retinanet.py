# ruff: noqa: PLC0415 - what builds the detector loads torch, which the rest must not
"""RetinaNet: torchvision's `retinanet_resnet50_fpn`, also on its MobileNets.

Reference: Lin et al. 2017, Focal Loss for Dense Object Detection, arXiv 1708.02002.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import model_validator

from job.config.detector import DetectorConfig
from job.detection.detectors.networks import NETWORKS, AnchoredArchitecture

if TYPE_CHECKING:
    from job.detection.detectors.dense import RetinaNetDetector


_NUM_GROUPS = 32
"""Of the group normalisation in the improved version; each needs two channels at least."""


class RetinaNet(AnchoredArchitecture):
    """RetinaNet: nine anchors for each place of a feature pyramid, trained with the focal loss."""

    outputs_of_classes = "head.classification_head.cls_logits"
    trained_on_coco: ClassVar[Mapping[str, str]] = {
        "resnet50": "RetinaNet_ResNet50_FPN_Weights.COCO_V1"
    }
    improved_on_coco = "RetinaNet_ResNet50_FPN_V2_Weights.COCO_V1"
    hub_eps = 0.0  # of a time when torchvision added nothing

    @model_validator(mode="after")
    def _check(self) -> Self:
        least = 2 * _NUM_GROUPS
        if self.is_improved and self.channels < least:
            message = f"channels: version 2 takes {least} or more (given: {self.channels})"
            raise ValueError(message)
        return self

    def build(
        self,
        config: DetectorConfig,
        classes: Sequence[str],
        made_of: Mapping[str, Any] | None,  # noqa: ARG002 - its settings say it all
    ) -> "RetinaNetDetector":
        """Return a detector with random weights."""
        from torch.nn import GroupNorm
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
        num_outputs, head = len(classes) + 1, None
        if self.is_improved:
            length = layers.fpn.inner_blocks[-1][0].in_channels
            layers.fpn.extra_blocks = LastLevelP6P7(length, self.channels)
            norm = partial(GroupNorm, _NUM_GROUPS)
            head = retinanet.RetinaNetHead(self.channels, 9, num_outputs, norm_layer=norm)
            head.regression_head._loss_type = "giou"  # noqa: SLF001 - as torchvision sets it
        network = retinanet.RetinaNet(
            layers, num_outputs, anchor_generator=anchors, head=head, **self.transform(config)
        )
        return RetinaNetDetector(self, config, classes, Scoring("sigmoid"), network)
