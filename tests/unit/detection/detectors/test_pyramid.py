"""RetinaNet, FCOS and Faster R-CNN against torchvision's own forward of the same network."""

from pathlib import Path
from typing import Any, cast

import pytest
import torch
from torch import Tensor
from torchvision.models import get_model
from torchvision.models.detection import backbone_utils
from torchvision.ops import FrozenBatchNorm2d

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Target, build_detector, load_model, save_model
from job.detection.detectors.pyramid import PyramidDetector, clipped, embeddings, old_name
from job.detection.detectors.raw_output import ImageBatch
from job.detection.detectors.weights import load_backbone
from job.errors import ConfigError

CLASSES = ("disc", "square")
FAMILIES = ("retinanet", "fcos", "faster_rcnn")
SIZE_HW = (64, 80)
"""Of the images: the batch is 96 pixels wide, since 80 is not a multiple of 32."""


def tiny(model: str, **changes: Any) -> DetectorConfig:
    own = {"channels": 64} if model == "fcos" else {"channels": 32, "smallest_anchor": 16}
    return DetectorConfig.model_validate(
        {
            "model": model,
            "size": 64,
            "width": 0.25,
            "backbone": "scratch",
            "network": "mobilenet_v3_large",
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


@pytest.mark.parametrize(
    ("model", "changes"),
    [
        *((model, {}) for model in FAMILIES),
        *((model, {"version": 2, "channels": 64}) for model in ("retinanet", "faster_rcnn")),
    ],
)
def test_losses_are_torchvisions(model: str, changes: dict[str, Any]) -> None:
    """Each loss is the sum of torchvision's own of that kind, for the same images and draws."""
    detector = built(tiny(model, **changes)).train()
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


@pytest.mark.parametrize("model", FAMILIES)
def test_boxes_and_losses_are_float32_under_autocast(model: str) -> None:
    """Half precision has eight bits of a coordinate: too few for boxes in pixels."""
    detector = built(tiny(model))
    images, targets = drawn(2)
    with torch.inference_mode():
        exact = detector.eval().forward_raw(images)
    with torch.autocast("cpu", torch.bfloat16):
        with torch.inference_mode():
            rough = detector.forward_raw(images)
        losses = detector.train().losses(images, targets)
    tensors = rough.boxes, rough.logits_BAC, rough.embeddings_BE, *losses[:2]
    assert {each.dtype for each in tensors} == {torch.float32}
    if model != "faster_rcnn":  # whose proposals are in another order then
        torch.testing.assert_close(rough.boxes, exact.boxes, rtol=0, atol=1.0)


@pytest.mark.detectors
@pytest.mark.parametrize(
    ("network", "extractor"),
    [("mobilenet_v3_large", "_mobilenet_extractor"), ("resnet50", "_resnet_fpn_extractor")],
)
def test_the_early_stages_are_those_that_torchvision_keeps(network: str, extractor: str) -> None:
    """Its detectors train three stages of a pretrained backbone by default."""
    theirs = get_model(network, weights=None, norm_layer=FrozenBatchNorm2d)
    arguments = (True, 3) if network == "mobilenet_v3_large" else (3,)
    expected = getattr(backbone_utils, extractor)(theirs, *arguments).body
    detector = built(tiny("faster_rcnn", network=network, width=1.0, backbone="file:any"))
    detector.freeze("stages")
    ours, others = (
        {name for name, weight in layers.named_parameters() if not weight.requires_grad}
        for layers in (detector.backbone_layers, expected)
    )
    assert ours == others


def test_an_image_is_what_it_is_in_a_batch_of_larger_ones() -> None:
    """By hand: of a map at stride 32, an image of 40 x 64 pixels has two rows of two cells."""
    images = ImageBatch(torch.zeros(1, 3, 96, 96, dtype=torch.uint8), ((40, 64),))
    cells = torch.tensor([[1.0, 2.0, 90.0], [3.0, 6.0, 90.0], [90.0, 90.0, 90.0]])
    assert embeddings(images, cells[None, None]).tolist() == [[3.0]]
    boxes = torch.tensor([[[-5.0, 10.0, 70.0, 50.0]]])
    assert clipped(boxes, images.sizes_hw).tolist() == [[[0.0, 10.0, 64.0, 40.0]]]


def test_too_few_channels_for_group_normalisation_are_refused() -> None:
    """A map of one cell would have groups of one value, which cannot be normalised."""
    for model, changes in (("fcos", {}), ("retinanet", {"version": 2})):
        with pytest.raises(ConfigError, match=r"channels: .*64"):
            built(tiny(model, **changes | {"channels": 32}))


def test_the_backbones_batch_normalisation_is_frozen_if_it_is_pretrained() -> None:
    """As in torchvision: statistics of a few images would spoil those of ImageNet."""
    scratch, pretrained = (built(tiny("fcos", backbone=each)) for each in ("scratch", "file:any"))
    for detector, frozen in ((scratch, False), (pretrained, True)):
        kinds = {type(module).__name__ for module in detector.backbone_layers.modules()}
        assert ("FrozenBatchNorm2d" in kinds) is frozen
        assert ("BatchNorm2d" in kinds) is not frozen
    data = save_model(pretrained)
    assert save_model(load_model(data, tiny("fcos", backbone="file:any"))) == data


@pytest.mark.detectors
@pytest.mark.parametrize(
    ("model", "weights", "eps"),
    [
        ("retinanet", "hub", 0.0),
        ("retinanet", "file:any", 1e-5),
        ("faster_rcnn", "hub", 0.0),
        ("fcos", "hub", 1e-5),
    ],
)
def test_old_detectors_of_the_hub_add_nothing_to_variances(
    model: str, weights: str, eps: float
) -> None:
    """As torchvision does when it loads its own RetinaNet and Faster R-CNN with ResNet-50."""
    whole = {"network": "resnet50", "width": 1.0, "channels": 256, "weights": weights}
    detector = built(tiny(model, **whole))
    norms = [each for each in detector.modules() if isinstance(each, FrozenBatchNorm2d)]
    assert len(norms) == 53
    assert {each.eps for each in norms} == {eps}


@pytest.mark.detectors
@pytest.mark.parametrize("network", ["mobilenet_v2", "mobilenet_v3_large", "resnet50"])
def test_the_backbone_is_that_of_torchvisions_classifier(network: str, tmp_path: Path) -> None:
    """A file of the classifier has each tensor of the backbone, with batch normalisation or not."""
    path = tmp_path / "classifier.pt"
    changes = {"network": network, "width": 1.0}
    torch.save(get_model(network, weights=None).state_dict(), path)
    for backbone in ("scratch", "file:any"):
        detector = built(tiny("retinanet", backbone=backbone, **changes))
        load_backbone(detector, path)
        classifier = torch.load(path, weights_only=True)
        names = detector.known_names()
        state = detector.state_dict()
        taken = {names[k] for k, v in classifier.items() if k in names and v.ndim}
        assert taken == {k for k in detector.parts()["backbone"] if state[k].ndim}
        assert all(torch.equal(state[names[k]], v) for k, v in classifier.items() if k in names)


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
