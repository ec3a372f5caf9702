# ruff: noqa: N803, N815 - shape suffixes
"""What training and inference ask of a detector, and how one is built, saved and loaded.

Shapes: B = images, A = anchors, C = foreground classes, K = C + 1 with background as class 0,
S = side of the square image that the network sees, in pixels.
"""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict, cast

import torch
from torch import Tensor, nn

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture, architecture_of
from job.detection.detectors.serialization import pack, unpack
from job.detection.seeding import seeded
from job.errors import BadDataError

Part = Literal["backbone", "neck", "head"]
"""A part of a detector. The neck is what lies between backbone and head."""
PARTS: tuple[Part, ...] = ("backbone", "neck", "head")


class Target(TypedDict):
    """What one image shows, in pixels of the square that the network sees."""

    boxes: Tensor
    """float32 (boxes, 4), corners."""
    labels: Tensor
    """int64 (boxes,): the class's index + 1, since 0 is background."""


@dataclass(frozen=True)
class RawOutput:
    """What the network says about a batch, before suppression."""

    logits_BAK: Tensor
    """Of a softmax over background and the classes."""
    boxes_BA4: Tensor
    """Corners in pixels of the square, clipped to it."""
    maps: list[Tensor]
    """The feature maps that the heads see, finest first, each (B, channels, rows, columns)."""


class Detector(nn.Module):
    """A detector that knows its classes, its input size and its normalisation."""

    mean: Tensor
    std: Tensor

    def __init__(
        self, architecture: type[Architecture], config: DetectorConfig, classes: Sequence[str]
    ) -> None:
        super().__init__()
        self.architecture = architecture
        self.classes = tuple(classes)
        self.size = config.size
        self.description: dict[str, Any] = _wanted(config) | {"classes": list(classes)}
        self.pretrained: frozenset[Part] = frozenset()
        """The parts that came from pretrained weights. Training may have changed them since."""
        self.origins: dict[Part, str] = {}
        """Where the weights of each part of a new detector come from, in words."""
        for name, values in (("mean", architecture.mean), ("std", architecture.std)):
            value = 255 * torch.tensor(values).view(1, 3, 1, 1)
            self.register_buffer(name, value, persistent=False)

    @property
    def device(self) -> torch.device:
        """The device that holds the weights."""
        return self.mean.device

    @property
    def fill(self) -> Tensor:
        """The mean colour, uint8 (3,), on the CPU: it fills what lies beyond an image's edge."""
        return self.mean.view(3).round().to("cpu", torch.uint8)

    @property
    @abstractmethod
    def backbone_layers(self) -> nn.Module:
        """The backbone in the layout of torchvision's classifier, for loading weights."""

    @property
    @abstractmethod
    def embedding_length(self) -> int:
        """The number of channels of the map that the embedding is made of."""

    def is_of_head(self, name: str) -> bool:  # noqa: ARG002 - this detector knows no better
        """Whether a tensor outside of the backbone depends on the classes, by its name.

        A detector that does not say so has no neck: all of these do.
        """
        return True

    def parts(self) -> dict[Part, list[str]]:
        """Return the names of all tensors by the part that they belong to. No part is empty."""
        backbone = set(self._backbone_names().values())
        result: dict[Part, list[str]] = {part: [] for part in PARTS}
        for name in self.state_dict():
            outside: Part = "head" if self.is_of_head(name) else "neck"
            result["backbone" if name in backbone else outside].append(name)
        return {part: names for part, names in result.items() if names}

    def pretrained_names(self) -> frozenset[str]:
        """Return the names of all tensors that came from pretrained weights."""
        parts = self.parts()
        return frozenset(name for part in self.pretrained for name in parts[part])

    def remember_pretrained(self, parts: Iterable[Part]) -> None:
        """Say that these parts came from pretrained weights, also in the file of the model."""
        self.pretrained = frozenset(parts)
        self.description["pretrained"] = sorted(parts)

    def known_names(self) -> dict[str, str]:
        """Return the names of tensors in files of weights -> their names here.

        They are those that `save_model` writes, and of the backbone those of torchvision's
        classifier, whole or its feature layers alone.
        """
        backbone = self._backbone_names()
        whole = {f"features.{theirs}": name for theirs, name in backbone.items()}
        return backbone | whole | {name: name for name in self.state_dict()}

    def _backbone_names(self) -> dict[str, str]:
        """Return the names of tensors in `backbone_layers` -> their names in the detector."""
        names = {id(each): name for name, each in self.state_dict(keep_vars=True).items()}
        layers = self.backbone_layers.state_dict(keep_vars=True)
        return {theirs: names[id(each)] for theirs, each in layers.items()}

    def freeze(self, part: Literal["stages", "backbone"]) -> None:
        """Let training change neither the weights nor the running statistics of the backbone.

        It holds until the detector is set to train again.

        Args:
            part: `stages`: only its early layers, of which the architecture says how many there
                are. `backbone`: all of it.
        """
        layers = [*self.backbone_layers.children()]
        for layer in layers[: self.architecture.num_early_layers] if part == "stages" else layers:
            layer.requires_grad_(requires_grad=False).eval()

    @abstractmethod
    def losses(self, images_BCHW: Tensor, targets: list[Target]) -> dict[str, Tensor]:
        """Return the losses of a batch, `classification` and `bbox_regression`, as scalars.

        Each is a sum over the images divided by `num_matched`, or by 1 if that is 0.

        Args:
            images_BCHW: uint8 (B, 3, S, S).
            targets: What each image shows; an image may show nothing.
        """

    @abstractmethod
    def num_matched(self, targets: list[Target]) -> Tensor:
        """Return how many anchors are matched to a box, as a scalar: what divides the losses."""

    @abstractmethod
    def forward_raw(self, images_BCHW: Tensor) -> RawOutput:
        """Return logits, decoded boxes and feature maps of uint8 images (B, 3, S, S)."""


def build_detector(config: DetectorConfig, classes: Sequence[str], seed: int) -> Detector:
    """Return a detector with weights drawn from `seed`, on the CPU.

    Args:
        config: Which one; `backbone` is only checked (see `weights.load_backbone`).
        classes: The foreground classes, in the order of the outputs.
        seed: The weights are a function of it; torch's global stream stays as it was.

    Raises:
        ConfigError: There is no such detector, or it does not take a setting.
    """
    architecture = architecture_of(config)
    with seeded([seed]):
        return cast("Detector", architecture.build(config, classes))


def save_model(detector: Detector) -> bytes:
    """Return the weights with the detector's description, as safetensors."""
    return pack(detector.state_dict(), detector.description)


def load_model(data: bytes, config: DetectorConfig) -> Detector:
    """Return the detector that `save_model` wrote, on the CPU and set to infer.

    Raises:
        BadDataError: The bytes are damaged, or hold another detector than the configuration's.
    """
    try:
        weights, description = unpack(data)
    except BadDataError as error:
        message = f"model: {error}"
        raise BadDataError(message) from error
    _refuse_other(description, config)
    detector = build_detector(config, description["classes"], seed=0)
    try:
        detector.load_state_dict(weights)
    except RuntimeError as error:
        message = f"model: its weights do not fit {config.model}: was it written by this version?"
        raise BadDataError(message) from error
    if config.weights:
        detector.remember_pretrained(description.get("pretrained", ()))
    elif config.backbone != "scratch":
        detector.pretrained = frozenset({"backbone"})
    return detector.eval()


def _wanted(config: DetectorConfig) -> dict[str, Any]:
    return {"model": config.model, "size": config.size, "width": config.width}


def _refuse_other(description: dict[str, Any], config: DetectorConfig) -> None:
    """Compare what a file says it holds with what the configuration wants."""
    wanted = _wanted(config)
    found = {key: description.get(key) for key in wanted}
    if found != wanted:
        message = f"model: holds {_words(found)}, but the configuration says {_words(wanted)}"
        raise BadDataError(message)


def _words(description: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in description.items())
