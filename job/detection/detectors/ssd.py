# ruff: noqa: N803, N806, N815 - shape suffixes
"""SSD as torchvision has it, with its losses, its raw outputs and its normalisation apart.

Shapes: B = images, A = anchors, I = images of a batch's targets.

Reference: Liu et al. 2016, arXiv 1512.02325.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSD
from torchvision.ops import box_iou, clip_boxes_to_image

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture
from job.detection.detectors.base import Detector, Losses, Target
from job.detection.detectors.raw_output import ImageBatch, MapFeatures, RawOutput
from job.detection.detectors.scoring import Scoring

_BACKBONE_MAP = 1
"""Which of the maps is the backbone's last one: its mean is the image's embedding."""


class SsdDetector(Detector):
    """A single-shot detector made of torchvision's parts."""

    anchors_A4: Tensor

    def __init__(  # noqa: PLR0913 - the last one has a name
        self,
        architecture: Architecture,
        config: DetectorConfig,
        classes: Sequence[str],
        ssd: SSD,
        backbone: nn.Sequential,
        *,
        stride_16_map: int,
    ) -> None:
        """Build it around a network.

        Args:
            architecture: What it is.
            config: Its settings.
            classes: The foreground classes.
            ssd: The network, with an output for background and one for each class.
            backbone: The backbone in torchvision's own layout, sharing its weights with `ssd`.
            stride_16_map: Which of the maps is at stride 16: it has the features of boxes.
        """
        super().__init__(architecture, config, classes, Scoring("softmax"))
        self.ssd = ssd
        # In a list, so that the shared weights are registered once.
        self._backbone = [backbone]
        self._stride_16_map = stride_16_map
        anchors, self.map_channels = self._probe()
        self.register_buffer("anchors_A4", anchors, persistent=False)

    @property
    def backbone_layers(self) -> nn.Sequential:
        """The backbone in the layout of torchvision's classifier."""
        return self._backbone[0]

    def is_of_head(self, name: str) -> bool:
        """Whether a tensor is of the heads, which have outputs for each class."""
        return name.startswith("ssd.head.")

    def known_names(self) -> dict[str, str]:
        """Return the names of tensors in files of weights, also of torchvision's own SSD."""
        torchvisions = {name.removeprefix("ssd."): name for name in self.state_dict()}
        return torchvisions | super().known_names()

    @property
    def embedding_length(self) -> int:
        """The number of channels of the backbone's last map."""
        return self.map_channels[_BACKBONE_MAP]

    def losses(self, images: ImageBatch, targets: list[Target]) -> Losses:
        """Return SSD's losses: sums over all images, divided by the number of matched anchors."""
        outputs, _ = self(images.pixels_BCHW)
        matched = [self._match(target["boxes"]) for target in targets]
        anchors = [self.anchors_A4] * len(targets)
        losses = self.ssd.compute_loss(targets, outputs, anchors, matched)
        return Losses(**losses, weight=(torch.stack(matched) >= 0).sum())

    def forward_raw(self, images: ImageBatch) -> RawOutput:
        """Return logits, decoded boxes and feature maps."""
        outputs, maps = self(images.pixels_BCHW)
        # Whatever the network computed in, boxes and probabilities are float32.
        codes_BA4, logits_BAK = outputs["bbox_regression"].float(), outputs["cls_logits"].float()
        batch = len(codes_BA4)
        boxes = self.ssd.box_coder.decode_single(
            codes_BA4.reshape(-1, 4), self.anchors_A4.repeat(batch, 1)
        )
        canvas_hw = (self.size, self.size)
        return RawOutput(
            boxes=clip_boxes_to_image(boxes, canvas_hw).view(batch, -1, 4),
            logits_BAC=logits_BAK[:, :, 1:],
            background_BA=logits_BAK[:, :, 0],
            embeddings_BE=maps[_BACKBONE_MAP].float().mean((2, 3)),
            features=MapFeatures(maps[self._stride_16_map].float(), canvas_hw),
        )

    def forward(self, images_BCHW: Tensor) -> tuple[dict[str, Tensor], list[Tensor]]:
        """Return the heads' outputs, as torchvision names them, and the feature maps.

        This is all that the network computes, and what `compile_network` compiles.
        """
        maps = list(self.ssd.backbone(self.normalised(images_BCHW)).values())
        return self.ssd.head(maps), maps

    def _match(self, boxes: Tensor) -> Tensor:
        """Return for each anchor the index of its box, or -1: int64 (A,)."""
        if not len(boxes):
            return torch.full((len(self.anchors_A4),), -1, device=boxes.device)
        matched: Tensor = self.ssd.proposal_matcher(box_iou(boxes, self.anchors_A4))
        return matched

    @torch.no_grad()
    def _probe(self) -> tuple[Tensor, list[int]]:
        """Return the anchors and the maps' channels, as one empty image shows them."""
        self.eval()
        image = torch.zeros(1, 3, self.size, self.size)
        maps = list(self.ssd.backbone(image).values())
        images = ImageList(image, [(self.size, self.size)])
        return self.ssd.anchor_generator(images, maps)[0], [each.shape[1] for each in maps]
