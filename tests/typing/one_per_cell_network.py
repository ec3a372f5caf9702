# ruff: noqa: N803, N806 - shape suffixes
"""The network of `one_per_cell`.

Shapes: B = images, A = cells, C = classes, K = C + 1 with background first.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, l1_loss
from torchvision.ops import box_convert

from job.detection.detectors import (
    Architecture,
    Detector,
    DetectorConfig,
    ImageBatch,
    Losses,
    MapFeatures,
    RawOutput,
    Scoring,
    Target,
)

STRIDE = 16


class CellDetector(Detector):
    """A backbone of four layers, and a head that says class and box of each cell."""

    def __init__(
        self,
        architecture: Architecture,
        config: DetectorConfig,
        classes: Sequence[str],
        channels: int,
    ) -> None:
        super().__init__(architecture, config, classes, Scoring("softmax"))
        layers: list[nn.Module] = []
        for inputs in (3, channels, channels, channels):
            layers += [nn.Conv2d(inputs, channels, 3, stride=2, padding=1), nn.ReLU()]
        self.backbone = nn.Sequential(*layers)
        self.head = nn.Conv2d(channels, len(classes) + 1 + 4, 1)

    @property
    def backbone_layers(self) -> nn.Module:
        """The backbone."""
        return self.backbone

    @property
    def embedding_length(self) -> int:
        """The backbone's channels."""
        return self.head.in_channels

    def is_of_head(self, name: str) -> bool:
        """Whether a tensor has outputs for each class."""
        return name.startswith("head.")

    def forward(self, images_BCHW: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the backbone's map, logits (B, A, K) and boxes (B, A, 4)."""
        map_BFYX = self.backbone(self.normalised(images_BCHW))
        outputs = self.head(map_BFYX).float().flatten(2).transpose(1, 2)
        logits_BAK, middles, sides = outputs.split([outputs.shape[-1] - 4, 2, 2], -1)
        cells_A2 = torch.cartesian_prod(*map(torch.arange, map_BFYX.shape[2:])).flip(1)
        middles = (cells_A2.to(middles) + middles.sigmoid()) * STRIDE
        return map_BFYX, logits_BAK, torch.cat([middles, sides.sigmoid() * self.size], -1)

    def losses(self, images: ImageBatch, targets: list[Target]) -> Losses:
        """Return cross-entropy of all cells, and the distance of boxes, a mean over the boxes."""
        map_BFYX, logits_BAK, boxes_BA4 = self(images.pixels_BCHW)
        labels_BA = torch.zeros(logits_BAK.shape[:2], dtype=torch.int64, device=self.device)
        wanted_BA4 = torch.zeros_like(boxes_BA4)
        for labels_A, wanted_A4, target in zip(labels_BA, wanted_BA4, targets, strict=True):
            boxes = box_convert(target["boxes"], "xyxy", "cxcywh")
            columns, rows = (boxes[:, :2] / STRIDE).long().T
            cells = rows * map_BFYX.shape[3] + columns
            labels_A[cells], wanted_A4[cells] = target["labels"], boxes
        found_BA = labels_BA > 0
        weight = found_BA.sum()
        divisor = weight.clamp(min=1)
        classification = cross_entropy(
            logits_BAK.flatten(0, 1), labels_BA.flatten(), reduction="sum"
        )
        distance = l1_loss(boxes_BA4[found_BA], wanted_BA4[found_BA], reduction="sum") / self.size
        return Losses(classification / divisor, distance / divisor, weight)

    def forward_raw(self, images: ImageBatch) -> RawOutput:
        """Return what the head says of each cell."""
        map_BFYX, logits_BAK, boxes_BA4 = self(images.pixels_BCHW)
        height, width = images.pixels_BCHW.shape[2:]
        corners = box_convert(boxes_BA4, "cxcywh", "xyxy").clamp(min=0)
        return RawOutput(
            boxes=corners.minimum(corners.new_tensor([width, height] * 2)),
            logits_BAC=logits_BAK[:, :, 1:],
            background_BA=logits_BAK[:, :, 0],
            embeddings_BE=map_BFYX.float().mean((2, 3)),
            features=MapFeatures(map_BFYX.float(), (height, width)),
        )
