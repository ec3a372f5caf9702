"""RetinaNet, FCOS and Faster R-CNN against torchvision's own forward of the same network."""

from typing import Any, cast

import pytest
import torch
from torch import Tensor

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Target, build_detector, load_model, save_model
from job.detection.detectors.pyramid import PyramidDetector, clipped, embeddings, old_name
from job.detection.detectors.raw_output import ImageBatch

CLASSES = ("disc", "square")
FAMILIES = ("retinanet", "fcos", "faster_rcnn")
SIZE_HW = (64, 80)
"""Of the images: the batch is 96 pixels wide, since 80 is not a multiple of 32."""


def tiny(model: str, **changes: Any) -> DetectorConfig:
    own = {} if model == "fcos" else {"smallest_anchor": 16}
    return DetectorConfig.model_validate(
        {
            "model": model,
            "size": 64,
            "width": 0.25,
            "backbone": "scratch",
            "network": "mobilenet_v3_large",
            "channels": 32,
        }
        | own
        | changes
    )


def built(config: DetectorConfig) -> PyramidDetector:
    return cast("PyramidDetector", build_detector(config, CLASSES, seed=0))


def drawn(num_images: int) -> tuple[ImageBatch, list[Target]]:
    """Return images with a dark square of the first class, and a bright box of the second."""
    generator = torch.Generator().manual_seed(1)
    pixels = torch.randint(
        90, 160, (num_images, 3, *SIZE_HW), dtype=torch.uint8, generator=generator
    )
    targets: list[Target] = []
    for image in pixels:
        x, y = torch.randint(0, 16, (2,), generator=generator).tolist()
        boxes = [[x, y, x + 24, y + 24], [x + 36, y + 8, x + 62, y + 40]]
        for (x0, y0, x1, y1), colour in zip(boxes, (10, 250), strict=True):
            image[:, y0:y1, x0:x1] = colour
        targets.append({"boxes": torch.tensor(boxes).float(), "labels": torch.tensor([1, 2])})
    return ImageBatch.filled(pixels), targets


def as_torchvisions(images: ImageBatch) -> list[Tensor]:
    return [pixels / 255 for pixels in images.pixels_BCHW]


@pytest.mark.parametrize("model", FAMILIES)
def test_losses_are_torchvisions(model: str) -> None:
    """Each loss is the sum of torchvision's own of that kind, for the same images and draws."""
    detector = built(tiny(model)).train()
    images, targets = drawn(2)
    targets[1] = {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = detector.network(as_torchvisions(images), targets)
        torch.manual_seed(0)
        losses = detector.losses(images, targets)
    of_classes = {"classification", "loss_classifier", "loss_objectness"}
    expected = [
        sum(loss for name, loss in theirs.items() if (name in of_classes) is is_of_classes)
        for is_of_classes in (True, False)
    ]
    torch.testing.assert_close(
        [losses.classification, losses.bbox_regression], expected, rtol=1e-4, atol=1e-5
    )


def test_an_image_is_what_it_is_in_a_batch_of_larger_ones() -> None:
    """By hand: of a map at stride 32, an image of 40 x 64 pixels has two rows of two cells."""
    images = ImageBatch(torch.zeros(1, 3, 96, 96, dtype=torch.uint8), ((40, 64),))
    cells = torch.tensor([[1.0, 2.0, 90.0], [3.0, 6.0, 90.0], [90.0, 90.0, 90.0]])
    assert embeddings(images, cells[None, None]).tolist() == [[3.0]]
    boxes = torch.tensor([[[-5.0, 10.0, 70.0, 50.0]]])
    assert clipped(boxes, images.sizes_hw).tolist() == [[[0.0, 10.0, 64.0, 40.0]]]


def test_the_backbones_batch_normalisation_is_frozen_if_it_is_pretrained() -> None:
    """As in torchvision: statistics of a few images would spoil those of ImageNet."""
    scratch, pretrained = (built(tiny("fcos", backbone=each)) for each in ("scratch", "file:any"))
    for detector, frozen in ((scratch, False), (pretrained, True)):
        kinds = {type(module).__name__ for module in detector.backbone_layers.modules()}
        assert ("FrozenBatchNorm2d" in kinds) is frozen
        assert ("BatchNorm2d" in kinds) is not frozen
    data = save_model(pretrained)
    assert save_model(load_model(data, tiny("fcos", backbone="file:any"))) == data


@pytest.mark.parametrize("model", FAMILIES)
def test_only_the_layers_with_outputs_for_each_class_are_the_head(model: str) -> None:
    """All else is taken from a detector of other classes: pyramid, towers, proposals."""
    other = build_detector(tiny(model), ("a", "b", "c"), seed=0).state_dict()
    detector = built(tiny(model))
    differ = {k for k, v in detector.state_dict().items() if v.shape != other[k].shape}
    assert set(detector.parts()["head"]) == differ
    assert detector.parts()["neck"]


@pytest.mark.parametrize("model", FAMILIES)
def test_torchvisions_older_files_have_other_names(model: str) -> None:
    """Torchvision itself reads a file of these names, and finds each of its tensors in it."""
    detector = built(tiny(model))
    old = {old_name(name): value for name, value in detector.network.state_dict().items()}
    known, ours = detector.known_names(), detector.state_dict()
    assert all(torch.equal(value, ours[known[name]]) for name, value in old.items())
    assert "backbone.fpn.inner_blocks.0.weight" in old
    detector.network.load_state_dict(old)
