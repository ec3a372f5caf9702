# ruff: noqa: N803 - shape suffixes
"""SSD's augmentation: photometric distortion, zoom-out, IoU crop and flip.

The geometry is drawn first, as torchvision's transforms draw it, as one rectangle of the image's
plane; then the pixels are resampled once. Padding a large canvas and shrinking it again, as in the
paper, gives the same picture for ten times the work.

Reference: Liu et al. 2016, arXiv 1512.02325, sections 2.2 and 3.6.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.ops import remove_small_boxes
from torchvision.transforms import v2
from torchvision.tv_tensors import BoundingBoxes, BoundingBoxFormat

from job.detection.detectors.base import Target
from job.detection.input_size import InputSize
from job.detection.seeding import seeded
from job.detection.training.iou_crop import draw_crop
from job.detection.view import View, unchanged
from job.errors import BadDataError
from job.records.annotation import Annotation

Augmentation = Literal["ssd", "flip", "none"]

_FLIP_PROBABILITY = 0.5
_ZOOM_OUT_PROBABILITY = 0.5
_ZOOM_OUT = v2.RandomZoomOut(side_range=(1.0, 4.0))
_MIN_CROPPED_SIDE = 4
"""Pixels. Of fewer, the smallest share that a crop may keep (0.3) is less than a pixel."""
_DISTORT = v2.RandomPhotometricDistort()


def training_sample(  # noqa: PLR0913 - all but the first three are the same for every sample
    image: Image.Image,
    annotation: Annotation,
    class_index: Mapping[str, int],
    *,
    input_size: InputSize,
    fill: Tensor,
    augmentation: Augmentation,
    seed: Sequence[int],
) -> tuple[Tensor, Target]:
    """Return what the network sees in training, and the objects that it should find there.

    Difficult boxes are targets like others, as in SSD's own training on VOC. Crowd regions are left
    out: they show no single object.

    Args:
        image: RGB.
        annotation: Its ground truth.
        class_index: The index of each class.
        input_size: How large the network sees what the augmentation leaves of it.
        fill: The colour past the image's edges, uint8 (3,).
        augmentation: What may happen to the image.
        seed: The augmentation is a function of these numbers.

    Raises:
        BadDataError: A box has a class that the data set does not list.
    """
    boxes, labels = _objects(annotation, class_index)
    with seeded(seed):
        view, kept = _draw_view(image, boxes, input_size, augmentation)
        pixels = view.render(image, fill, _DISTORT if augmentation == "ssd" else unchanged)
    boxes, labels = view.to_canvas(boxes[kept]), labels[kept]
    visible = remove_small_boxes(boxes, min_size=1.0)
    return pixels, {"boxes": boxes[visible], "labels": labels[visible]}


def augmented_view(
    image: Image.Image, *, input_size: InputSize, fill: Tensor, seed: Sequence[int]
) -> tuple[Tensor, View]:
    """Return an image as augmented for training, without annotations, and its view.

    The whole image takes the place of a box, so the crop keeps its centre.

    Only for comparison with scores that were computed on augmented images.
    """
    everything = torch.tensor([[0.0, 0.0, image.width, image.height]])
    with seeded(seed):
        view, _ = _draw_view(image, everything, input_size, "ssd")
        return view.render(image, fill, _DISTORT), view


def _objects(annotation: Annotation, class_index: Mapping[str, int]) -> tuple[Tensor, Tensor]:
    """Return the boxes (B, 4) and labels (B,) to learn from."""
    single = [not crowd for crowd in annotation.crowd]
    names = [name for name, use in zip(annotation.labels, single, strict=True) if use]
    if unknown := sorted(set(names) - class_index.keys()):
        message = f"an annotation has class {unknown[0]!r}, which the data set does not list"
        raise BadDataError(message)
    boxes = torch.from_numpy(annotation.boxes_xyxy[np.array(single, dtype=bool)]).float()
    return boxes, torch.tensor([class_index[name] + 1 for name in names], dtype=torch.int64)


def _draw_view(
    image: Image.Image,
    boxes_B4: Tensor,
    input_size: InputSize,
    augmentation: Augmentation,
) -> tuple[View, Tensor]:
    """Draw a view from torch's stream; with it, which boxes have their centre in it: bool (B,)."""
    left, top, width, height = 0, 0, image.width, image.height
    kept = torch.ones(len(boxes_B4), dtype=torch.bool)
    if augmentation == "ssd" and torch.rand(()) < _ZOOM_OUT_PROBABILITY:
        pad_left, pad_top, pad_right, pad_bottom = _ZOOM_OUT.make_params(
            [_on_canvas(boxes_B4, width, height)]
        )["padding"]
        left, top = -pad_left, -pad_top
        width, height = width + pad_left + pad_right, height + pad_top + pad_bottom
    if augmentation == "ssd" and len(boxes_B4) and min(width, height) >= _MIN_CROPPED_SIDE:
        moved = boxes_B4 - torch.tensor([left, top] * 2)
        if crop := draw_crop(moved, width, height):
            left, top = left + crop.left, top + crop.top
            width, height, kept = crop.width, crop.height, crop.has_centre
    flipped = augmentation != "none" and bool(torch.rand(()) < _FLIP_PROBABILITY)
    canvas_wh = input_size.canvas((width, height))
    return View(left, top, width, height, canvas_wh, flipped), kept


def _on_canvas(boxes_B4: Tensor, width: int, height: int) -> BoundingBoxes:
    return BoundingBoxes(boxes_B4, format=BoundingBoxFormat.XYXY, canvas_size=(height, width))
