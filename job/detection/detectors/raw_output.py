# ruff: noqa: N803, N806, N815 - shape suffixes
"""What a detector is given and what it answers.

Shapes: B = images, A = candidates of an image (anchors, proposals or queries), C = foreground
classes, D = boxes of all images, E = length of an image embedding, F, Y, X = channels, rows and
columns of a feature map, H and W = the canvas on which images lie, in pixels.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import torch
from torch import Tensor
from torch.nn.functional import pad


@dataclass(frozen=True)
class ImageBatch:
    """Images that go through the network together."""

    pixels_BCHW: Tensor
    """uint8. Each image lies in the upper left corner; the rest has the detector's mean colour."""
    sizes_hw: tuple[tuple[int, int], ...]
    """Height and width of each image on the canvas, in pixels."""

    @classmethod
    def of(cls, images: Sequence[Tensor], fill: Tensor) -> "ImageBatch":
        """Put images onto one canvas that is as high as the highest and as wide as the widest.

        Args:
            images: uint8 (3, height, width) each; at least one.
            fill: The colour of what no image covers, uint8 (3,).
        """
        sizes_hw = tuple((each.shape[1], each.shape[2]) for each in images)
        if len(set(sizes_hw)) == 1:
            return cls(torch.stack(list(images)), sizes_hw)
        height, width = (max(sides) for sides in zip(*sizes_hw, strict=True))
        pixels = fill.view(1, 3, 1, 1).repeat(len(images), 1, height, width)
        for canvas, image, (rows, columns) in zip(pixels, images, sizes_hw, strict=True):
            canvas[:, :rows, :columns] = image
        return cls(pixels, sizes_hw)

    @classmethod
    def filled(cls, pixels_BCHW: Tensor) -> "ImageBatch":
        """Return a batch of images of one size: uint8 (B, 3, height, width)."""
        height, width = pixels_BCHW.shape[-2:]
        return cls(pixels_BCHW, ((height, width),) * len(pixels_BCHW))

    def __len__(self) -> int:
        return len(self.sizes_hw)

    def to(self, device: torch.device) -> "ImageBatch":
        """Return the batch on a device."""
        return ImageBatch(self.pixels_BCHW.to(device, non_blocking=True), self.sizes_hw)

    def pin_memory(self) -> "ImageBatch":
        """Return the batch in memory that a GPU reads by itself; torch's loader asks for it."""
        return ImageBatch(self.pixels_BCHW.pin_memory(), self.sizes_hw)


class CandidateFeatures(Protocol):
    """The feature vectors of candidates, computed for those that are asked for."""

    def of(self, rows: Sequence[Tensor], boxes: Sequence[Tensor]) -> Tensor:
        """Return a vector for each candidate: float32 (D, F).

        Args:
            rows: Which candidates, of each image: int64 (n,).
            boxes: Their boxes, of each image: (n, 4), in pixels of the canvas.
        """

    def __getitem__(self, images: slice) -> Self:
        """Return those of some of the images."""


@dataclass(frozen=True)
class RowFeatures:
    """A vector for each candidate, as the queries of DETR and the box head of Faster R-CNN have."""

    values_BAF: Tensor

    def of(self, rows: Sequence[Tensor], boxes: Sequence[Tensor]) -> Tensor:  # noqa: ARG002 - as for all
        """Return the candidates' own vectors."""
        device = self.values_BAF.device
        parts = zip(self.values_BAF, rows, strict=True)
        return torch.cat([values_AF[of_image.to(device)] for values_AF, of_image in parts]).float()

    def __getitem__(self, images: slice) -> "RowFeatures":
        return RowFeatures(self.values_BAF[images])


@dataclass(frozen=True)
class MapFeatures:
    """The mean of a feature map over each box."""

    map_BFYX: Tensor
    """float32. The one at stride 16 is best known to tell objects apart."""
    canvas_hw: tuple[int, int]
    """Height and width of what the map shows, in pixels."""

    def of(self, rows: Sequence[Tensor], boxes: Sequence[Tensor]) -> Tensor:  # noqa: ARG002 - as for all
        """Return the mean of the map over each box.

        RoIAlign with an output of one cell, as torchvision's `roi_align`. That one computes each
        bilinear sample by itself. The mean over them is a product of matrices: the box's weights of
        rows, the map, and the box's weights of columns.
        """
        num_rows, num_columns = self.map_BFYX.shape[2:]
        scales = [num_columns / self.canvas_hw[1], num_rows / self.canvas_hw[0]] * 2
        device = self.map_BFYX.device
        corners_D4 = torch.cat(list(boxes)).to(device) * torch.tensor(scales, device=device) - 0.5
        x0, y0, x1, y1 = corners_D4.T
        rows_DY = _sample_weights(y0, y1, num_rows)
        columns_DX = _sample_weights(x0, x1, num_columns)
        weights_DYX = rows_DY[:, :, None] * columns_DX[:, None, :]
        parts = torch.split(weights_DYX.flatten(1), [len(each) for each in boxes])
        maps = self.map_BFYX.flatten(2)
        return torch.cat([part @ of_image.T for part, of_image in zip(parts, maps, strict=True)])

    def __getitem__(self, images: slice) -> "MapFeatures":
        return MapFeatures(self.map_BFYX[images], self.canvas_hw)


@dataclass(frozen=True)
class FeaturesByImage:
    """Those of images that did not go through the network together."""

    images: tuple[CandidateFeatures, ...]
    """Of each image, as a batch of its own."""

    def of(self, rows: Sequence[Tensor], boxes: Sequence[Tensor]) -> Tensor:
        """Return the vectors of each image's candidates, one image after the other."""
        parts = zip(self.images, rows, boxes, strict=True)
        return torch.cat([features.of([some], [at]) for features, some, at in parts])

    def __getitem__(self, images: slice) -> "FeaturesByImage":
        return FeaturesByImage(self.images[images])


@dataclass(frozen=True)
class RawOutput:
    """What the network says about a batch, before suppression, on its device.

    If images have different numbers of candidates, rows whose logits are all -inf fill up.
    """

    boxes: Tensor
    """float32 (B, A, 4), or (B, A, C, 4) if each class has a box of its own: corners in pixels of
    the canvas. They are clipped to the image if the family clips them before suppression; those
    that are kept are clipped anyway."""
    logits_BAC: Tensor
    """float32: of the foreground classes, before softmax or sigmoid."""
    embeddings_BE: Tensor
    """float32: of the images."""
    features: CandidateFeatures
    background_BA: Tensor | None = None
    """float32: the logit of background, if the activation is softmax."""
    quality_BA: Tensor | None = None
    """float32: the logit of objectness or centre-ness, if `Scoring.quality` says how it enters."""

    @classmethod
    def joined(cls, images: Sequence["RawOutput"]) -> "RawOutput":
        """Return as one batch what the network says about images that each were a batch."""
        most = max(each.logits_BAC.shape[1] for each in images)

        def column(name: str, filling: float = 0.0) -> Any:
            parts = [getattr(each, name) for each in images]
            return (
                None if parts[0] is None else torch.cat([_longer(p, most, filling) for p in parts])
            )

        return cls(
            column("boxes"),
            column("logits_BAC", -math.inf),
            torch.cat([each.embeddings_BE for each in images]),
            FeaturesByImage(tuple(each.features for each in images)),
            column("background_BA"),
            column("quality_BA"),
        )

    def __getitem__(self, images: slice) -> "RawOutput":
        return RawOutput(
            self.boxes[images],
            self.logits_BAC[images],
            self.embeddings_BE[images],
            self.features[images],
            None if self.background_BA is None else self.background_BA[images],
            None if self.quality_BA is None else self.quality_BA[images],
        )


def _longer(values_BA: Tensor, length: int, filling: float) -> Tensor:
    """Return values of candidates with more rows, so that there are as many as `length`."""
    later_axes = [0, 0] * (values_BA.ndim - 2)
    return pad(values_BA, [*later_axes, 0, length - values_BA.shape[1]], value=filling)


def _sample_weights(low_D: Tensor, high_D: Tensor, size: int) -> Tensor:
    """Return the weight of each cell of a line in the mean over an interval.

    The mean is over samples at equal distances of at most one cell.

    Args:
        low_D: Where each interval begins; the middle of the first cell is 0.
        high_D: Where it ends.
        size: The number of cells.

    Returns:
        (D, size), each row of sum 1.
    """
    count_D = (high_D - low_D).ceil().clamp(min=1)
    number_S = torch.arange(int(count_D.max()) if len(count_D) else 1, device=low_D.device)
    at_DS = low_D[:, None] + (number_S + 0.5) * ((high_D - low_D) / count_D)[:, None]
    share_DS = (number_S < count_D[:, None]) / count_D[:, None]
    # Linear interpolation: a cell weighs 1 minus its distance to the sample.
    distance_DSX = at_DS.clamp(0, size - 1)[:, :, None] - torch.arange(size, device=low_D.device)
    return ((1 - distance_DSX.abs()).clamp(min=0) * share_DS[:, :, None]).sum(1)
