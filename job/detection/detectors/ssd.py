# ruff: noqa: N803, N806, N815 - shape suffixes
"""The detectors: SSDLite with MobileNetV2 and SSD300 with VGG16, from torchvision's parts.

Shapes: B = images, A = anchors, C = foreground classes, K = C + 1 with background as class 0,
S = side of the square image that the network sees, in pixels.

References:
    SSD: Liu et al. 2016, arXiv 1512.02325. SSDLite: Sandler et al. 2018, arXiv 1801.04381, section
    6.2: the first map is the expansion of the block at stride 16, the second the last layer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypedDict

import torch
from torch import Tensor, nn
from torchvision.models import mobilenet_v2
from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.ssd import SSD, SSDFeatureExtractorVGG
from torchvision.models.detection.ssdlite import SSDLiteFeatureExtractorMobileNet, SSDLiteHead
from torchvision.models.vgg import cfgs, make_layers
from torchvision.ops import box_iou, clip_boxes_to_image

from job.config.experiment import DetectorConfig
from job.detection.detectors.serialization import pack, unpack
from job.detection.seeding import seeded
from job.errors import BadDataError

# Index of MobileNetV2's first block at stride 32; its expansion is the last map at stride 16.
_STRIDE_32_BLOCK = 14


class Target(TypedDict):
    """What one image shows, in pixels of the square that the network sees."""

    boxes: Tensor
    """float32 (boxes, 4), corners."""
    labels: Tensor
    """int64 (boxes,): the class's index + 1, since 0 is background."""


@dataclass(frozen=True)
class RawOutput:
    """What the network says about a batch, before any choice is made."""

    logits_BAK: Tensor
    boxes_BA4: Tensor
    """Corners in pixels of the square, clipped to it."""
    maps: list[Tensor]
    """The feature maps that the heads see, finest first, each (B, channels, rows, columns)."""


@dataclass(frozen=True)
class _Parts:
    """What differs between the two detectors."""

    ssd: SSD
    layers: nn.Sequential
    """The backbone in torchvision's own layout, sharing its weights with `ssd`."""
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    stride_16_map: int


class Detector(nn.Module):
    """A single-shot detector that knows its classes, its input size and its normalisation."""

    mean: Tensor
    std: Tensor
    anchors_A4: Tensor

    def __init__(self, parts: _Parts, config: DetectorConfig, classes: Sequence[str]) -> None:
        super().__init__()
        self.classes = tuple(classes)
        self.size = config.size
        self.description: dict[str, Any] = {
            "model": config.model,
            "size": config.size,
            "width": config.width,
            "classes": list(classes),
        }
        self.ssd = parts.ssd
        self.stride_16_map = parts.stride_16_map
        # In a list, so that the shared weights are registered once.
        self._layers = [parts.layers]
        for name, values in (("mean", parts.mean), ("std", parts.std)):
            value = 255 * torch.tensor(values).view(1, 3, 1, 1)
            self.register_buffer(name, value, persistent=False)
        anchors, self.map_channels = self._probe()
        self.register_buffer("anchors_A4", anchors, persistent=False)

    @property
    def backbone_layers(self) -> nn.Sequential:
        """The backbone in the layout of torchvision's classifier, for loading weights."""
        return self._layers[0]

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.mean.device

    @property
    def fill(self) -> Tensor:
        """The mean colour, uint8 (3,), on the CPU: what lies beyond an image's edge."""
        return self.mean.view(3).round().to("cpu", torch.uint8)

    def freeze_backbone(self) -> None:
        """Let training change neither the backbone's weights nor its running statistics.

        It holds until the detector is set to train again.
        """
        self.backbone_layers.requires_grad_(requires_grad=False).eval()

    def losses(self, images_BCHW: Tensor, targets: list[Target]) -> dict[str, Tensor]:
        """Return SSD's losses, `classification` and `bbox_regression`, as scalars.

        Args:
            images_BCHW: uint8 (B, 3, S, S).
            targets: What each image shows; an image may show nothing.
        """
        outputs, _ = self(images_BCHW)
        matched = [self.match(target["boxes"]) for target in targets]
        anchors = [self.anchors_A4] * len(targets)
        losses: dict[str, Tensor] = self.ssd.compute_loss(targets, outputs, anchors, matched)
        return losses

    def forward_raw(self, images_BCHW: Tensor) -> RawOutput:
        """Return logits, decoded boxes and feature maps of uint8 images (B, 3, S, S)."""
        outputs, maps = self(images_BCHW)
        # Whatever the network computed in, boxes and probabilities are float32.
        codes_BA4, logits_BAK = outputs["bbox_regression"].float(), outputs["cls_logits"].float()
        batch = len(codes_BA4)
        boxes = self.ssd.box_coder.decode_single(
            codes_BA4.reshape(-1, 4), self.anchors_A4.repeat(batch, 1)
        )
        boxes_BA4 = clip_boxes_to_image(boxes, (self.size, self.size)).view(batch, -1, 4)
        return RawOutput(logits_BAK, boxes_BA4, maps)

    def forward(self, images_BCHW: Tensor) -> tuple[dict[str, Tensor], list[Tensor]]:
        """Return the heads' outputs, as torchvision names them, and the feature maps.

        All that the network computes, and what `compile_network` compiles.
        """
        images = (images_BCHW - self.mean).div_(self.std)
        images = images.contiguous(memory_format=torch.channels_last)
        maps = list(self.ssd.backbone(images).values())
        return self.ssd.head(maps), maps

    def match(self, boxes: Tensor) -> Tensor:
        """Return for each anchor the index of its box, or -1: int64 (A,)."""
        if not len(boxes):
            return torch.full((len(self.anchors_A4),), -1, device=boxes.device)
        matched: Tensor = self.ssd.proposal_matcher(box_iou(boxes, self.anchors_A4))
        return matched

    @torch.no_grad()
    def _probe(self) -> tuple[Tensor, list[int]]:
        """The anchors and the maps' channels, as one empty image shows them."""
        self.eval()
        image = torch.zeros(1, 3, self.size, self.size)
        maps = list(self.ssd.backbone(image).values())
        images = ImageList(image, [(self.size, self.size)])
        return self.ssd.anchor_generator(images, maps)[0], [each.shape[1] for each in maps]


def build_detector(config: DetectorConfig, classes: Sequence[str], seed: int) -> Detector:
    """Return a detector with weights drawn from `seed`, on the CPU.

    Args:
        config: Which one; `backbone` is not looked at (see `load_backbone`).
        classes: The foreground classes, in the order of the outputs.
        seed: Where the weights come from; the global stream is left as it was.
    """
    make = {"ssdlite_mobilenet_v2": _ssdlite_mobilenet_v2, "ssd_vgg16": _ssd_vgg16}[config.model]
    with seeded([seed]):
        return Detector(make(config, len(classes) + 1), config, classes)


def _ssdlite_mobilenet_v2(config: DetectorConfig, num_outputs: int) -> _Parts:
    """The parts of SSDLite, as torchvision's for MobileNetV3 puts them together."""
    norm = partial(nn.BatchNorm2d, eps=0.001, momentum=0.03)
    layers = mobilenet_v2(weights=None, width_mult=config.width).features
    # torchvision's extractor is written for MobileNetV3, whose blocks call their layers `block`.
    split = layers[_STRIDE_32_BLOCK]
    split.block = split.conv
    extractor = SSDLiteFeatureExtractorMobileNet(
        layers, _STRIDE_32_BLOCK, norm, width_mult=config.width
    )
    del split.block
    anchors = DefaultBoxGenerator([[2, 3]] * 6, min_ratio=0.2, max_ratio=0.95)
    channels = _channels(extractor, config.size)
    head = SSDLiteHead(channels, anchors.num_anchors_per_location(), num_outputs, norm)
    return _Parts(
        ssd=SSD(extractor, anchors, (config.size, config.size), num_outputs, head=head),
        layers=layers,
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
        stride_16_map=0,
    )


def _ssd_vgg16(config: DetectorConfig, num_outputs: int) -> _Parts:
    """The parts of torchvision's `ssd300_vgg16`, without the classifier it throws away."""
    layers = make_layers(cfgs["D"])
    anchors = DefaultBoxGenerator(
        [[2], [2, 3], [2, 3], [2, 3], [2], [2]],
        scales=[0.07, 0.15, 0.33, 0.51, 0.69, 0.87, 1.05],
        steps=[8, 16, 32, 64, 100, 300],
    )
    extractor = SSDFeatureExtractorVGG(layers, highres=False)
    return _Parts(
        ssd=SSD(extractor, anchors, (config.size, config.size), num_outputs),
        layers=layers,
        mean=(0.48235, 0.45882, 0.40784),
        std=(1 / 255, 1 / 255, 1 / 255),
        stride_16_map=1,
    )


@torch.no_grad()
def _channels(extractor: nn.Module, size: int) -> list[int]:
    """How many channels each feature map has."""
    maps = extractor.eval()(torch.zeros(1, 3, size, size))
    return [each.shape[1] for each in maps.values()]


def save_model(detector: Detector) -> bytes:
    """Return the weights with the detector's description, as safetensors."""
    return pack(detector.state_dict(), detector.description)


def load_model(source: bytes | Path, config: DetectorConfig) -> Detector:
    """Return the detector that `save_model` wrote, on the CPU and set to infer.

    Raises:
        BadDataError: The file is damaged, or holds another detector than the configuration's.
    """
    name = str(source) if isinstance(source, Path) else "model"
    data = source.read_bytes() if isinstance(source, Path) else source
    try:
        weights, description = unpack(data)
    except BadDataError as error:
        message = f"{name}: {error}"
        raise BadDataError(message) from error
    _refuse_other(name, description, config)
    detector = build_detector(config, description["classes"], seed=0)
    try:
        detector.load_state_dict(weights)
    except RuntimeError as error:
        message = f"{name}: its weights do not fit {config.model}: was it written by this version?"
        raise BadDataError(message) from error
    return detector.eval()


def _refuse_other(name: str, description: dict[str, Any], config: DetectorConfig) -> None:
    """Compare what a file says it holds with what the configuration wants."""
    wanted = {"model": config.model, "size": config.size, "width": config.width}
    found = {key: description.get(key) for key in wanted}
    if found != wanted:
        message = f"{name}: holds {_words(found)}, but the configuration says {_words(wanted)}"
        raise BadDataError(message)


def _words(description: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in description.items())
