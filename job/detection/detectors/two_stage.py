# ruff: noqa: N806 - shape suffixes
"""Faster R-CNN: proposals, and a head that classifies each.

Shapes: B = images, A = proposals of an image, P = proposals of all images, C = foreground classes,
K = C + 1 with background first, F = length of the head's vectors.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor
from torchvision.models.detection.rpn import RPNHead

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Losses, Target
from job.detection.detectors.networks import PyramidArchitecture
from job.detection.detectors.pyramid import PyramidDetector, clipped, embeddings, image_list
from job.detection.detectors.raw_output import ImageBatch, RawOutput, RowFeatures
from job.detection.detectors.scoring import Scoring

_MIN_SIDE = 1e-2
"""Torchvision keeps boxes of at least so many pixels a side."""


class FasterRcnnDetector(PyramidDetector):
    """Faster R-CNN; its candidates are the proposals, and each class has a box of its own."""

    def __init__(
        self,
        architecture: PyramidArchitecture,
        config: DetectorConfig,
        classes: Sequence[str],
        network: nn.Module,
    ) -> None:
        super().__init__(architecture, config, classes, Scoring("softmax"), network)

    def losses(self, images: ImageBatch, targets: list[Target]) -> Losses:
        """Return torchvision's losses: those of the proposals and those of the head together.

        Which anchors and proposals they are computed of is drawn from torch's global generator.
        """
        maps, _ = self(images.pixels_BCHW)
        batch = image_list(images)
        proposals, first = self.network.rpn(batch, maps, targets)
        # The head asks for sizes in order to find the strides of maps: those of the whole canvas.
        canvases = [tuple(batch.tensors.shape[-2:])] * len(images)
        _, second = self.network.roi_heads(maps, proposals, canvases, targets)
        return Losses(
            first["loss_objectness"] + second["loss_classifier"],
            first["loss_rpn_box_reg"] + second["loss_box_reg"],
            weight=float(len(images)),
        )

    def forward_raw(self, images: ImageBatch) -> RawOutput:
        """Return what the head says of each proposal."""
        maps, last_BEYX = self(images.pixels_BCHW)
        batch = image_list(images)
        proposals, _ = self.network.rpn(batch, maps)
        heads = self.network.roi_heads
        canvases = [tuple(batch.tensors.shape[-2:])] * len(images)
        vectors_PF = heads.box_head(heads.box_roi_pool(maps, proposals, canvases))
        logits_PK, codes = heads.box_predictor(vectors_PF)
        boxes_PK4 = heads.box_coder.decode(codes, proposals).view(*logits_PK.shape, 4)
        lengths = [len(each) for each in proposals]

        def of_images(values: Tensor, filling: float = 0.0) -> Tensor:
            return pad_sequence(
                [*torch.split(values, lengths)], batch_first=True, padding_value=filling
            )

        boxes_BAC4 = clipped(of_images(boxes_PK4[:, 1:]), images.sizes_hw)
        shortest_BAC = (boxes_BAC4[..., 2:] - boxes_BAC4[..., :2]).amin(-1)
        return RawOutput(
            # As in torchvision, a box that is next to a line is not kept; without an area, none is.
            boxes=boxes_BAC4.masked_fill(shortest_BAC[..., None] < _MIN_SIDE, 0.0),
            logits_BAC=of_images(logits_PK[:, 1:], -torch.inf),
            background_BA=of_images(logits_PK[:, 0]),
            embeddings_BE=embeddings(images, last_BEYX),
            features=RowFeatures(of_images(vectors_PF.float())),
        )


class RegionHead(RPNHead):  # type: ignore[misc]  # torchvision has no types
    """The head that proposes boxes; what it says is in float32, as boxes need it."""

    def forward(self, x: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Return logits of objectness and codes of boxes of each map."""
        logits, codes = super().forward(x)
        return [each.float() for each in logits], [each.float() for each in codes]


class BoxPredictor(FastRCNNPredictor):  # type: ignore[misc]  # torchvision has no types
    """The layers with outputs for each class; what they say is in float32, as boxes need it."""

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits of classes and codes of boxes."""
        logits, codes = super().forward(x)
        return logits.float(), codes.float()
