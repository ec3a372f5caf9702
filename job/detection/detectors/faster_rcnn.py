# ruff: noqa: PLC0415 - what builds the detector loads torch, which the rest must not
"""Faster R-CNN: torchvision's `fasterrcnn_resnet50_fpn` and `fasterrcnn_mobilenet_v3_large_fpn`.

References: Ren et al. 2015, arXiv 1506.01497; on a feature pyramid: Lin et al. 2017, 1612.03144.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from job.config.detector import DetectorConfig
from job.detection.detectors.networks import NETWORKS, AnchoredArchitecture

if TYPE_CHECKING:
    from torch import nn

    from job.detection.detectors.two_stage import FasterRcnnDetector


def _is_small(config: DetectorConfig) -> bool:
    """Tell whether torchvision's variant of MobileNetV3 for 320 pixels is the closer one."""
    return config.size <= 320  # noqa: PLR2004


class FasterRcnn(AnchoredArchitecture):
    """Faster R-CNN: a network proposes boxes, and a head classifies each and moves its sides."""

    outputs_of_classes = "roi_heads.box_predictor"
    trained_on_coco: ClassVar[Mapping[str, str]] = {
        "resnet50": "FasterRCNN_ResNet50_FPN_Weights.COCO_V1",
        "mobilenet_v3_large": "FasterRCNN_MobileNet_V3_Large_FPN_Weights.COCO_V1",
    }
    improved_on_coco = "FasterRCNN_ResNet50_FPN_V2_Weights.COCO_V1"
    hub_eps = 0.0  # of a time when torchvision added nothing

    sampled_proposals: Annotated[int, Field(ge=8)] = 512
    """Proposals of an image that the head learns from in a step, drawn at random; at most a quarter
    of them are of objects. Torchvision has 512. On a CPU, with 64 a step takes a fraction of the
    time."""

    def hub_detector(self, config: DetectorConfig) -> str | None:
        """Return torchvision's name of the weights, which has two sets for MobileNetV3."""
        name = super().hub_detector(config)
        return name.replace("Large_FPN", "Large_320_FPN") if name and _is_small(config) else name

    def build(
        self,
        config: DetectorConfig,
        classes: Sequence[str],
        made_of: Mapping[str, Any] | None,  # noqa: ARG002 - its settings say it all
    ) -> "FasterRcnnDetector":
        """Return a detector with random weights."""
        from torch.nn import BatchNorm2d
        from torchvision.models.detection import faster_rcnn
        from torchvision.models.detection.anchor_utils import AnchorGenerator
        from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

        from job.detection.detectors.pyramid import backbone
        from job.detection.detectors.two_stage import BoxPredictor, FasterRcnnDetector, RegionHead

        norm = BatchNorm2d if self.is_improved else None
        layers = backbone(self, config, self._stages(), LastLevelMaxPool(), norm)
        sides = self._anchor_sides()
        num_sides = len(sides[0])
        network = faster_rcnn.FasterRCNN(
            layers,
            rpn_anchor_generator=AnchorGenerator(sides, ((0.5, 1.0, 2.0),) * len(sides)),
            rpn_head=RegionHead(self.channels, 3 * num_sides, conv_depth=self.version),
            box_head=self._box_head(),
            box_predictor=BoxPredictor(1024, len(classes) + 1),
            box_batch_size_per_image=self.sampled_proposals,
            **self.transform(config),
            **self._proposals(config),
        )
        return FasterRcnnDetector(self, config, classes, network)

    def _box_head(self) -> "nn.Module | None":
        """Return what sees a proposal in the improved version; None: torchvision's default."""
        from torch.nn import BatchNorm2d
        from torchvision.models.detection import faster_rcnn

        if not self.is_improved:
            return None
        head: nn.Module = faster_rcnn.FastRCNNConvFCHead(
            (self.channels, 7, 7), [self.channels] * 4, [1024], norm_layer=BatchNorm2d
        )
        return head

    def _stages(self) -> tuple[str, ...]:
        """Return the layers that the pyramid sees, as torchvision chooses them for each network."""
        if self.network == "resnet50":
            return ("layer1", *NETWORKS[self.network].stages)
        if self.network == "mobilenet_v3_large":
            return ("13", "16")  # both at stride 32
        return NETWORKS[self.network].stages

    def _anchor_sides(self) -> tuple[tuple[int, ...], ...]:
        """Return the sides of the anchors of each map."""
        sides = tuple(self.smallest_anchor * 2**number for number in range(5))
        if self.network == "mobilenet_v3_large":
            return (sides,) * 3
        return tuple((side,) for side in sides[: len(self._stages()) + 1])

    def _proposals(self, config: DetectorConfig) -> dict[str, float]:
        """Return which proposals torchvision's variants of a network classify."""
        if self.network == "resnet50":
            return {}
        few = {"rpn_pre_nms_top_n_test": 150, "rpn_post_nms_top_n_test": 150}
        return {"rpn_score_thresh": 0.05} | (few if _is_small(config) else {})
