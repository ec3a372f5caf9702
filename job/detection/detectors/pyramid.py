# ruff: noqa: N803 - shape suffixes
"""Torchvision's detectors on a feature pyramid: what RetinaNet, FCOS and Faster R-CNN share.

Shapes: B = images, E = length of an embedding, H, W, Y and X = sides of images and maps.

Reference: Lin et al. 2017, Feature Pyramid Networks, arXiv 1612.03144.
"""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torchvision import models
from torchvision.models._utils import IntermediateLayerGetter
from torchvision.models.detection._utils import retrieve_out_channels
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import FrozenBatchNorm2d
from torchvision.ops.feature_pyramid_network import ExtraFPNBlock

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Detector
from job.detection.detectors.networks import PyramidArchitecture
from job.detection.detectors.raw_output import ImageBatch
from job.detection.detectors.scoring import Scoring

_STRIDE = 32
"""Of the backbone's last map. As in torchvision, the sides of a batch are its multiples."""
_OLD_NAMES: tuple[tuple[str, str | Callable[[re.Match[str]], str]], ...] = (
    (r"((?:inner|layer)_blocks\.\d+)\.0\.", r"\1."),
    (r"(rpn\.head\.conv)\.0\.0\.", r"\1."),
    # RetinaNet's towers: layers without weights were counted, too.
    (r"(_head\.conv)\.(\d+)\.0\.", lambda found: f"{found[1]}.{2 * int(found[2])}."),
)
"""Patterns of names of tensors, and what takes their place in files of torchvision before 0.13."""


class PyramidDetector(Detector):
    """A backbone, a feature pyramid, and what sees it, as torchvision puts them together."""

    architecture: PyramidArchitecture
    network: Any
    """Torchvision's detector, which has no types."""

    def __init__(
        self,
        architecture: PyramidArchitecture,
        config: DetectorConfig,
        classes: Sequence[str],
        scoring: Scoring,
        network: nn.Module,
    ) -> None:
        """Build it around torchvision's detector.

        Args:
            architecture: Its kind, with its settings.
            config: Its settings that all detectors have.
            classes: The foreground classes.
            scoring: How its outputs become scores.
            network: It has an output for background, and one for each class.
        """
        super().__init__(architecture, config, classes, scoring)
        self.network = network

    @property
    def backbone_layers(self) -> nn.Module:
        """The backbone in the layout of torchvision's classifier."""
        layers: nn.Module = self.network.backbone.body
        return layers

    @property
    def embedding_length(self) -> int:
        """The number of channels of the backbone's last map."""
        length: int = self.network.backbone.fpn.inner_blocks[-1][0].in_channels
        return length

    def is_of_head(self, name: str) -> bool:
        """Whether a tensor is of the layers that have outputs for each class."""
        return name.startswith(f"network.{self.architecture.outputs_of_classes}.")

    def known_names(self) -> dict[str, str]:
        """Return the names of tensors in files of weights, also of torchvision's own detector."""
        theirs = {name.removeprefix("network."): name for name in self.state_dict()}
        return (
            {old_name(name): ours for name, ours in theirs.items()} | theirs | super().known_names()
        )

    def forward(self, images_BCHW: Tensor) -> tuple[dict[str, Tensor], Tensor]:
        """Return the pyramid's maps in float32, finest first, and the backbone's last map."""
        images = self.normalised(images_BCHW)
        right, bottom = -images.shape[3] % _STRIDE, -images.shape[2] % _STRIDE
        stages = self.network.backbone.body(pad(images, (0, right, 0, bottom)))
        maps = self.network.backbone.fpn(stages)
        # Boxes are computed in the maps' type, and they need more than half precision has.
        return {name: each.float() for name, each in maps.items()}, [*stages.values()][-1].float()


def old_name(name: str) -> str:
    """Return the name of a tensor in files of torchvision before 0.13."""
    for pattern, replacement in _OLD_NAMES:
        name = re.sub(pattern, replacement, name)
    return name


def image_list(images: ImageBatch) -> ImageList:
    """Return a batch as torchvision's parts take it behind the backbone: they ask for its sizes."""
    height, width = (side + -side % _STRIDE for side in images.pixels_BCHW.shape[2:])
    return ImageList(images.pixels_BCHW.new_empty(0, height, width), list(images.sizes_hw))


def clipped(boxes: Tensor, sizes_hw: Sequence[tuple[int, int]]) -> Tensor:
    """Return boxes (B, ..., 4) clipped to their images."""
    limits = torch.tensor([(width, height) * 2 for height, width in sizes_hw], device=boxes.device)
    return boxes.clamp(min=0).minimum(limits.view(-1, *[1] * (boxes.ndim - 2), 4))


def embeddings(images: ImageBatch, last_BEYX: Tensor) -> Tensor:
    """Return the mean of the backbone's last map over each image: (B, E)."""
    parts = zip(last_BEYX, images.sizes_hw, strict=True)
    return torch.stack(
        [
            map_EYX[:, : -(-height // _STRIDE), : -(-width // _STRIDE)].mean((1, 2))
            for map_EYX, (height, width) in parts
        ]
    )


def backbone(
    architecture: PyramidArchitecture,
    config: DetectorConfig,
    stages: Sequence[str],
    extra: ExtraFPNBlock,
    pyramid_norm: type[nn.Module] | None = None,
) -> BackboneWithFPN:
    """Return a backbone with a feature pyramid.

    Args:
        architecture: Its network and the pyramid's channels.
        config: Its width; a model is loaded with the configuration that it was trained with.
        stages: The layers whose outputs the pyramid is made of.
        extra: What makes the coarser maps.
        pyramid_norm: The normalisation of the pyramid's own layers, if they have one.
    """
    norm: Callable[..., nn.Module] = nn.BatchNorm2d
    if architecture.is_frozen(config):
        is_old = config.weights == "hub" and architecture.network == "resnet50"
        norm = partial(FrozenBatchNorm2d, eps=architecture.hub_eps if is_old else 1e-5)
    if architecture.network == "resnet50":
        layers = models.resnet50(weights=None, norm_layer=norm)
    else:
        build = getattr(models, architecture.network)
        layers = build(weights=None, width_mult=config.width, norm_layer=norm).features
    names = {stage: str(number) for number, stage in enumerate(stages)}
    lengths = retrieve_out_channels(IntermediateLayerGetter(layers, names), (64, 64))
    return BackboneWithFPN(layers, names, lengths, architecture.channels, extra, pyramid_norm)
