# ruff: noqa: N803, N806 - shape suffixes
"""A detector around a network of Hugging Face transformers: queries without suppression.

Shapes: B = images, Q = queries, C = classes, with an output for no object if there is one, F =
length of a query's vector, L = tokens, Y, X = rows and columns of a feature map.
"""

import inspect
import math
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.ops import box_convert

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture
from job.detection.detectors.base import Detector, Losses, Part, Target
from job.detection.detectors.hugging_face_files import Recipe, build_network, read_pretrained
from job.detection.detectors.raw_output import ImageBatch, RawOutput, RowFeatures
from job.detection.detectors.scoring import Scoring
from job.detection.input_size import Fit, InputSize, Square
from job.errors import ConfigError
from job.runtime import log

_CLASS_LOSSES = ("loss_ce", "loss_vfl", "loss_mal", "loss_focal", "loss_bce")
"""How the library's names of losses of the classes begin; all others are of boxes."""

_maps: ContextVar[list[Tensor] | None] = ContextVar("maps", default=None)
"""Where a call of a network keeps the last map of its backbone; each thread has its own."""


class HuggingFaceDetector(Detector):
    """A network of the library, with its own losses and its own way to scores."""

    def __init__(
        self,
        architecture: Architecture,
        config: DetectorConfig,
        classes: Sequence[str],
        recipe: Recipe,
    ) -> None:
        """Build the network with random weights.

        Args:
            architecture: What it is.
            config: Its settings.
            classes: The foreground classes.
            recipe: What it is made of.

        Raises:
            ConfigError: The library cannot build it, or it cannot be used.
        """
        self.is_softmax = recipe["activation"] == "softmax"
        scoring = Scoring(recipe["activation"], suppression=False, one_class_a_box=self.is_softmax)
        super().__init__(architecture, config, classes, scoring, dict(recipe))
        self.normalise_by(recipe["mean"], recipe["std"])
        self.recipe = recipe
        self.network: Any = build_network(recipe["config"], classes)
        arguments = inspect.signature(self.network.forward).parameters
        self._sees_mask = recipe["is_padded"] and "pixel_mask" in arguments
        self.input_size = self._rule()
        self._head = self._names_of_head()
        if self.backbone_layers is not self.network.base_model:
            self.backbone_layers.register_forward_hook(_keep_map)
        self._embedding_length = self._probe()

    @property
    def backbone_layers(self) -> nn.Module:
        """The backbone by the library's names; of one transformer from pixels on, all of that."""
        base = self.network.base_model
        found: nn.Module = getattr(base, "backbone", getattr(base, "conv_encoder", base))
        return found

    @property
    def embedding_length(self) -> int:
        """The number of channels of the backbone's last map."""
        return self._embedding_length

    def is_of_head(self, name: str) -> bool:
        """Whether a tensor's shape depends on the number of classes."""
        return name in self._head

    def known_names(self) -> dict[str, str]:
        """Return the names of tensors in files of weights, also by the library's own names."""
        theirs = {name.removeprefix("network."): name for name in self.state_dict()}
        return theirs | super().known_names()

    @property
    def licence(self) -> str:
        """The licence of the model's weights, as its card says."""
        return self.recipe["licence"]

    def load_from_hub(self) -> dict[Part, str]:
        """Take what `detector.name` has: the head only if its classes are those of this detector.

        Returns:
            Where each part that was taken comes from.

        Raises:
            ConfigError: It has no weights, or those of another network.
            TemporaryError: The hub cannot be reached.
        """
        name, commit = self.description["name"], self.recipe["commit"]
        weights, classes = read_pretrained(name, commit)
        parts = {part: each for part, each in self.parts().items() if part not in self.pretrained}
        if classes != list(self.classes):
            parts.pop("head", None)
        names = [each for of_part in parts.values() for each in of_part]
        found = {each: weights[each.removeprefix("network.")] for each in names}
        self.load_state_dict(found, strict=False)
        if self.size != self.recipe["size"]:
            advice = f"set detector.size: {self.recipe['size']}, as it was trained"
            log.get().warning("detector.other_size", size=self.size, advice=advice)
        return dict.fromkeys(parts, f"{name} at {commit}" if commit else name)

    def losses(self, images: ImageBatch, targets: list[Target]) -> Losses:
        """Return the losses of the library, as means over boxes; their total is its own."""
        num_boxes = sum(len(each["labels"]) for each in targets)
        try:
            outputs = self.network(**self._inputs(images), labels=self._labels(images, targets))
        except ValueError as error:
            if "boxes" not in str(error):
                raise
            # Boxes that are not finite: the library refuses them before there is a loss.
            nan = torch.full((), math.nan, device=self.device, requires_grad=True)
            return Losses(nan, nan, num_boxes)
        self._check(outputs.logits)
        weight = getattr(self.network.config, "class_loss_coefficient", 1.0)
        of_classes = [
            value * (weight if name.startswith("loss_ce") else 1.0)
            for name, value in outputs.loss_dict.items()
            if name.startswith(_CLASS_LOSSES)
        ]
        classification = torch.stack(of_classes).sum()
        return Losses(classification, outputs.loss - classification, num_boxes)

    def forward_raw(self, images: ImageBatch) -> RawOutput:
        """Return the queries' logits and boxes."""
        # Some networks keep tensors for later calls; training cannot use those of inference mode.
        with torch.inference_mode(mode=False), torch.no_grad():
            logits_BQC, boxes_BQ4, vectors_BQF, map_BFYX = self(**self._inputs(images))
        self._check(logits_BQC)
        logits_BQC = logits_BQC.float()
        sizes_B2 = torch.tensor(images.sizes_hw, dtype=torch.float32, device=self.device).flip(1)
        corners_BQ4 = box_convert(boxes_BQ4.float(), "cxcywh", "xyxy") * self._frames(images)
        limits_B14 = sizes_B2.repeat(1, 2)[:, None]
        return RawOutput(
            boxes=corners_BQ4.clamp(min=0).minimum(limits_B14),
            logits_BAC=logits_BQC[..., :-1] if self.is_softmax else logits_BQC,
            background_BA=logits_BQC[..., -1] if self.is_softmax else None,
            embeddings_BE=_mean_inside(map_BFYX.float(), images),
            features=RowFeatures(vectors_BQF.float()),
        )

    def forward(self, **inputs: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Return logits, boxes and vectors of the queries, and the map for the image's embedding.

        This is all that the network computes, and what `compile_network` compiles.
        """
        maps: list[Tensor] = []
        token = _maps.set(maps)
        try:
            outputs = self.network(**inputs)
        finally:
            _maps.reset(token)
        num_queries = outputs.logits.shape[1]
        vectors_BLF = outputs.last_hidden_state
        map_BFYX = maps[-1] if maps else self._map_of(vectors_BLF[:, :-num_queries], **inputs)
        return outputs.logits, outputs.pred_boxes, vectors_BLF[:, -num_queries:], map_BFYX

    def _map_of(self, tokens_BLF: Tensor, pixel_values: Tensor, **_: Tensor) -> Tensor:
        """Return the patches of a transformer that sees pixels and queries alike, as a map."""
        rows, columns = (side // self._patch for side in pixel_values.shape[2:])
        patches_BLF = tokens_BLF[:, -rows * columns :]  # what comes before is the class token
        return patches_BLF.transpose(1, 2).reshape(len(tokens_BLF), -1, rows, columns)

    def _inputs(self, images: ImageBatch) -> dict[str, Tensor]:
        """Return the arguments of the network."""
        pixels = self.normalised(images.pixels_BCHW)
        if not self._sees_mask:
            return {"pixel_values": pixels}
        sizes_B2 = torch.tensor(images.sizes_hw, device=self.device)
        rows_H, columns_W = (torch.arange(n, device=self.device) for n in pixels.shape[2:])
        mask_BHW = (rows_H < sizes_B2[:, :1])[:, :, None] & (columns_W < sizes_B2[:, 1:])[:, None]
        return {"pixel_values": pixels, "pixel_mask": mask_BHW.long()}

    def _frames(self, images: ImageBatch) -> Tensor:
        """Return what boxes of 0 to 1 are relative to: width, height, width, height, (B, 1, 4).

        A network that is told where the image is means the image. Any other means the canvas.
        """
        canvas = tuple(images.pixels_BCHW.shape[2:])
        frames = images.sizes_hw if self._sees_mask else [canvas] * len(images)
        frames_B2 = torch.tensor(frames, dtype=torch.float32, device=self.device).flip(1)
        return frames_B2.repeat(1, 2)[:, None]

    def _labels(self, images: ImageBatch, targets: list[Target]) -> list[dict[str, Tensor]]:
        """Return targets as the library wants them: boxes of 0 to 1 by centre and size."""
        return [
            {
                "class_labels": target["labels"] - 1,
                "boxes": box_convert(target["boxes"] / frame, "xyxy", "cxcywh"),
            }
            for target, frame in zip(targets, self._frames(images), strict=True)
        ]

    @property
    def _patch(self) -> int:
        """The side of a transformer's patches, in pixels: what is not a whole one is not seen."""
        found = self.recipe["config"].get("patch_size", 1)
        return int(found[0] if isinstance(found, list) else found)

    def _rule(self) -> InputSize:
        """Return how large an image is seen: as the processor does, with another side."""
        if self.recipe["sides"] is None:
            return Square(self.size)
        shorter, longer = self.recipe["sides"]
        return Fit(self.size, self.size * longer // shorter, self._patch)

    def _names_of_head(self) -> frozenset[str]:
        """Return the tensors whose shape is another one for one class more."""
        with torch.device("meta"):  # shapes without memory
            other = build_network(self.recipe["config"], [*self.classes, "one more"]).state_dict()
        found = self.network.state_dict()
        return frozenset(
            f"network.{name}" for name, each in found.items() if each.shape != other[name].shape
        )

    @torch.no_grad()
    def _probe(self) -> int:
        """Return the length of an embedding, as an empty image shows it.

        Raises:
            ConfigError: The network does not take images of this size.
        """
        width, height = self.input_size.canvas((self.size, self.size))
        image = ImageBatch.of([torch.zeros(3, height, width, dtype=torch.uint8)], self.fill)
        self.eval()
        try:
            raw = self.forward_raw(image)
        except (RuntimeError, IndexError, ValueError) as error:
            reason = str(error).splitlines()[0]
            message = (
                f"detector.size: {self.size}: {self.description['name']} does not take it "
                f"({reason}); it was made for {self.recipe['size']}"
            )
            raise ConfigError(message) from error
        return raw.embeddings_BE.shape[1]

    def _check(self, logits_BQC: Tensor) -> None:
        """Refuse a network whose outputs are not those of its processor's post-processing.

        Raises:
            ConfigError: It has another number of logits.
        """
        expected = len(self.classes) + self.is_softmax
        if logits_BQC.shape[-1] != expected:
            message = (
                f"detector.name: {self.description['name']}: a box has "
                f"{logits_BQC.shape[-1]} logits for {len(self.classes)} classes, and not the "
                f"{expected} of which its processor makes scores"
            )
            raise ConfigError(message)


def _keep_map(_module: nn.Module, _inputs: object, output: Any) -> None:
    """Keep the last map of a backbone, where somebody wants it."""
    found = _maps.get()
    if found is not None:
        found.append(_last_map(output))


def _last_map(output: Any) -> Tensor:
    """Return the coarsest map of what a backbone gives: a list of maps, perhaps with masks."""
    if isinstance(output, Tensor):
        return output
    return _last_map(output[-1] if isinstance(output, list) else output[0])


def _mean_inside(map_BFYX: Tensor, images: ImageBatch) -> Tensor:
    """Return the mean of each image's map, without what shows none of it: (B, F)."""
    canvas_hw, cells_yx = images.pixels_BCHW.shape[2:], map_BFYX.shape[2:]
    means = []
    for of_image, size_hw in zip(map_BFYX, images.sizes_hw, strict=True):
        sides = zip(size_hw, cells_yx, canvas_hw, strict=True)
        rows, columns = (-(-side * cells // limit) for side, cells, limit in sides)  # upwards
        means.append(of_image[:, :rows, :columns].mean((1, 2)))
    return torch.stack(means)
