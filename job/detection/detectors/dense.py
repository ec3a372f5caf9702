# ruff: noqa: N803, N806 - shape suffixes
"""RetinaNet and FCOS: a feature pyramid with the same two towers over each of its maps.

Shapes: B = images, A = anchors or places, C = foreground classes.
"""

from abc import abstractmethod

import torch
from torch import Tensor
from torchvision.models.detection.fcos import FCOSHead

from job.detection.detectors.base import Losses, Target
from job.detection.detectors.pyramid import PyramidDetector, clipped, embeddings, image_list
from job.detection.detectors.raw_output import ImageBatch, MapFeatures, RawOutput

_STRIDE_16_MAP = "1"


class DenseDetector(PyramidDetector):
    """A detector with a candidate for each anchor of each place of the pyramid's maps."""

    def losses(self, images: ImageBatch, targets: list[Target]) -> Losses:
        """Return torchvision's losses; those of boxes, and of how central a place is, together."""
        maps, _ = self(images.pixels_BCHW)
        anchors = self._anchors(images, maps)
        found, weight = self._losses(targets, self._outputs(maps), anchors, maps)
        classification = found.pop("classification")
        return Losses(classification, torch.stack([*found.values()]).sum(), weight)

    def forward_raw(self, images: ImageBatch) -> RawOutput:
        """Return what the towers say of each anchor."""
        maps, last_BEYX = self(images.pixels_BCHW)
        outputs = self._outputs(maps)
        boxes_BA4 = self._decoded(outputs["bbox_regression"], self._anchors(images, maps))
        centreness_BA1 = outputs.get("bbox_ctrness")
        return RawOutput(
            boxes=clipped(boxes_BA4, images.sizes_hw),
            logits_BAC=outputs["cls_logits"][:, :, 1:],  # torchvision's output 0 is never trained
            embeddings_BE=embeddings(images, last_BEYX),
            features=MapFeatures(maps[_STRIDE_16_MAP], image_list(images).tensors.shape[-2:]),
            quality_BA=None if centreness_BA1 is None else centreness_BA1[:, :, 0],
        )

    def _outputs(self, maps: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return what the towers say, in float32."""
        outputs = self.network.head([*maps.values()])
        return {name: each.float() for name, each in outputs.items()}

    def _anchors(self, images: ImageBatch, maps: dict[str, Tensor]) -> list[Tensor]:
        """Return the anchors of each image, each (A, 4)."""
        anchors: list[Tensor] = self.network.anchor_generator(image_list(images), [*maps.values()])
        return anchors

    @abstractmethod
    def _losses(
        self,
        targets: list[Target],
        outputs: dict[str, Tensor],
        anchors: list[Tensor],
        maps: dict[str, Tensor],
    ) -> tuple[dict[str, Tensor], Tensor | float]:
        """Return torchvision's losses by its names, and how many things they are a mean over."""

    @abstractmethod
    def _decoded(self, codes_BA4: Tensor, anchors: list[Tensor]) -> Tensor:
        """Return boxes in pixels of the canvas: (B, A, 4)."""


class RetinaNetDetector(DenseDetector):
    """RetinaNet."""

    def _losses(
        self,
        targets: list[Target],
        outputs: dict[str, Tensor],
        anchors: list[Tensor],
        maps: dict[str, Tensor],  # noqa: ARG002 - as for FCOS
    ) -> tuple[dict[str, Tensor], float]:
        return self.network.compute_loss(targets, outputs, anchors), float(len(targets))

    def _decoded(self, codes_BA4: Tensor, anchors: list[Tensor]) -> Tensor:
        boxes = self.network.box_coder.decode_single(codes_BA4.flatten(0, 1), torch.cat(anchors))
        decoded: Tensor = boxes.view_as(codes_BA4)
        return decoded


class FcosDetector(DenseDetector):
    """FCOS."""

    def _losses(
        self,
        targets: list[Target],
        outputs: dict[str, Tensor],
        anchors: list[Tensor],
        maps: dict[str, Tensor],
    ) -> tuple[dict[str, Tensor], Tensor]:
        places = [each.shape[2] * each.shape[3] for each in maps.values()]
        losses = self.network.compute_loss(targets, outputs, anchors, places)
        return losses, self.network.head.num_matched

    def _decoded(self, codes_BA4: Tensor, anchors: list[Tensor]) -> Tensor:
        boxes: Tensor = self.network.box_coder.decode(codes_BA4, torch.stack(anchors))
        return boxes


class CountingHead(FCOSHead):  # type: ignore[misc]  # torchvision has no types
    """FCOS's towers, which remember how many places saw a box: the losses are divided by it."""

    num_matched: Tensor

    def compute_loss(
        self,
        targets: list[dict[str, Tensor]],
        head_outputs: dict[str, Tensor],
        anchors: list[Tensor],
        matched_idxs: list[Tensor],
    ) -> dict[str, Tensor]:
        """Return FCOS's losses."""
        self.num_matched = (torch.stack(matched_idxs) >= 0).sum()
        losses: dict[str, Tensor] = super().compute_loss(
            targets, head_outputs, anchors, matched_idxs
        )
        return losses
