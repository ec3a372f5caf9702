# ruff: noqa: N803 - shape suffixes
"""What training and inference ask of a detector, and how one is built, saved and loaded.

Shapes: B = images, A = candidates of an image (anchors, proposals or queries), C = foreground
classes, E = length of an image embedding, H and W = the canvas on which images lie, in pixels.
"""

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple, TypedDict, cast

import torch
from torch import Tensor, nn

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture, architecture_of, with_settings
from job.detection.detectors.raw_output import ImageBatch, RawOutput
from job.detection.detectors.scoring import Scoring
from job.detection.detectors.serialization import pack, unpack
from job.detection.seeding import seeded
from job.errors import BadDataError

Part = Literal["backbone", "neck", "head"]
"""A part of a detector. The neck is what lies between backbone and head."""
PARTS: tuple[Part, ...] = ("backbone", "neck", "head")


class Target(TypedDict):
    """What one image shows, in pixels of the canvas."""

    boxes: Tensor
    """float32 (boxes, 4), corners."""
    labels: Tensor
    """int64 (boxes,): the class's index + 1, since 0 is background."""


class Losses(NamedTuple):
    """The losses of a batch, as scalars. A family that has more of them adds them up to these."""

    classification: Tensor
    """Of classes, and of what is an object at all."""
    bbox_regression: Tensor
    """Of where the objects are."""
    weight: Tensor | float
    """How many things both are a mean over, such as matched anchors, boxes or images; less than 1
    counts as 1. Processes that train together weigh the losses of their parts of a batch with
    it."""

    @property
    def total(self) -> Tensor:
        """What training makes small: their sum."""
        return self.classification + self.bbox_regression


class Detector(nn.Module):
    """A detector that knows its classes, its input size and its normalisation."""

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        architecture: Architecture,
        config: DetectorConfig,
        classes: Sequence[str],
        scoring: Scoring,
        made_of: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what it is; a subclass adds its layers.

        Args:
            architecture: Its kind, with its settings.
            config: Its size, and where its weights come from.
            classes: The foreground classes.
            scoring: How its outputs become scores.
            made_of: What `Architecture.build` needs in order to build it again, as JSON.
        """
        super().__init__()
        self.architecture = architecture
        self.classes = tuple(classes)
        self.size = config.size
        self.input_size = architecture.input_size(config)
        self.scoring = scoring
        self.description: dict[str, Any] = _wanted(config, architecture) | {"classes": [*classes]}
        if made_of:
            self.description["made_of"] = dict(made_of)
        self.pretrained: frozenset[Part] = frozenset()
        """The parts that came from pretrained weights. Training may have changed them since."""
        self.origins: dict[Part, str] = {}
        """Where the weights of each part of a new detector come from, in words."""
        self.normalise_by(architecture.mean, architecture.std)

    def normalise_by(self, mean: Sequence[float], std: Sequence[float]) -> None:
        """Set the mean and the standard deviation of the values in [0, 1] that are expected."""
        for name, values in (("mean", mean), ("std", std)):
            value = 255 * torch.tensor(values).view(1, 3, 1, 1)
            self.register_buffer(name, value, persistent=False)

    def normalised(self, images_BCHW: Tensor) -> Tensor:
        """Return uint8 images as the network expects them: float32, in channels-last order."""
        images = (images_BCHW - self.mean).div_(self.std)
        return images.contiguous(memory_format=torch.channels_last)

    @property
    def device(self) -> torch.device:
        """The device that holds the weights."""
        return self.mean.device

    @property
    def fill(self) -> Tensor:
        """The mean colour, uint8 (3,), on the CPU: it fills what lies beyond an image's edge."""
        return self.mean.view(3).round().to("cpu", torch.uint8)

    @property
    def licence(self) -> str:
        """The licence of the weights that the hub has for it, in words; empty: it is not known."""
        return self.architecture.licence

    @property
    @abstractmethod
    def backbone_layers(self) -> nn.Module:
        """The backbone in the layout of torchvision's classifier, for loading weights."""

    @property
    @abstractmethod
    def embedding_length(self) -> int:
        """The length of an image's embedding."""

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

    def load_from_hub(self) -> dict[Part, str]:
        """Take pretrained weights that only this kind of detector can read.

        Returns:
            Where each part that was taken comes from, in words; empty if there are none such, and
            the backbone's are those that `Architecture.hub_weights` names.

        Raises:
            ConfigError: They are not there, or do not fit.
            TemporaryError: They cannot be reached.
        """
        return {}

    @abstractmethod
    def losses(self, images: ImageBatch, targets: list[Target]) -> Losses:
        """Return the losses of a batch.

        What it draws from torch's global generator is a function of the training's seed and step.

        Args:
            images: The batch.
            targets: What each image shows; an image may show nothing.
        """

    @abstractmethod
    def forward_raw(self, images: ImageBatch) -> RawOutput:
        """Return what the network says about a batch, before suppression."""


def build_detector(
    config: DetectorConfig,
    classes: Sequence[str],
    seed: int,
    made_of: Mapping[str, Any] | None = None,
) -> Detector:
    """Return a detector with weights drawn from `seed`, on the CPU.

    Args:
        config: Which one; `backbone` is only checked (see `weights.load_backbone`).
        classes: The foreground classes, in the order of the outputs.
        seed: The weights are a function of it; torch's global stream stays as it was.
        made_of: What the file of a model says that its detector is made of; None for a new one.

    Raises:
        ConfigError: There is no such detector, or it does not take a setting.
    """
    architecture = architecture_of(config)
    with seeded([seed]):
        return cast("Detector", architecture.build(config, classes, made_of))


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
    made_of = description.get("made_of")
    detector = build_detector(config, description["classes"], seed=0, made_of=made_of)
    try:
        detector.load_state_dict(weights)
    except RuntimeError as error:
        message = f"model: its weights do not fit {config.model}: was it written by this version?"
        raise BadDataError(message) from error
    if config.weights or "pretrained" in description:
        detector.remember_pretrained(description.get("pretrained", ()))
    elif config.backbone != "scratch":
        detector.pretrained = frozenset({"backbone"})
    return detector.eval()


def _wanted(config: DetectorConfig, architecture: Architecture) -> dict[str, Any]:
    common = {"model": config.model, "size": config.size, "width": config.width}
    return common | architecture.model_dump(mode="json")


def _refuse_other(description: dict[str, Any], config: DetectorConfig) -> None:
    """Compare what a file says it holds with what the configuration wants."""
    wanted = _wanted(config, with_settings(config))
    found = {key: description.get(key) for key in wanted}
    if found != wanted:
        message = f"model: holds {_words(found)}, but the configuration says {_words(wanted)}"
        raise BadDataError(message)


def _words(description: dict[str, Any]) -> str:
    return ", ".join(f"{key} {value}" for key, value in description.items())
