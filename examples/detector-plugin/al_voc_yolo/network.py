# ruff: noqa: N803, N806 - shape suffixes
"""The network of ultralytics with its own loss, and its outputs as al-voc wants them.

Shapes: B = images, A = candidates of an image, C = classes, E = length of an image embedding.

The network's square has the side of `Fit`'s canvas, rounded up to the largest stride. Images lie in
its upper left corner, and the rest is grey: an image looks the same whatever is beside it.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torchvision.ops import box_convert

from al_voc_yolo.package import ROOT, DetectionModel, get_cfg, make_anchors, yaml_model_load
from job.detection.detectors import (
    Detector,
    DetectorConfig,
    ImageBatch,
    Losses,
    MapFeatures,
    RawOutput,
    Scoring,
    Target,
)

if TYPE_CHECKING:
    from al_voc_yolo import Yolo

_STRIDE = 32
"""Of the coarsest of the three maps that the head sees; the others have 8 and 16."""
_GREY = 114
"""What the package fills a letterbox with."""


class YoloDetector(Detector):
    """A network of ultralytics."""

    def __init__(
        self,
        architecture: "Yolo",
        config: DetectorConfig,
        classes: Sequence[str],
        made_of: Mapping[str, Any] | None,
    ) -> None:
        """Build it from the package's configuration, or from the one that a model was built from.

        Args:
            architecture: With the network's name.
            config: Its size.
            classes: The foreground classes.
            made_of: The configuration in the file of a model; None for a new detector.
        """
        parts = dict(made_of) if made_of else _configuration(architecture.network)
        scoring = Scoring("sigmoid")
        super().__init__(architecture, config, classes, scoring, made_of=parts)
        self.network = DetectionModel(parts, nc=len(classes), verbose=False)
        self.network.args = get_cfg()  # the weights of the losses
        self._side = -(-config.size // _STRIDE) * _STRIDE

    @property
    def fill(self) -> Tensor:
        """The colour of what lies beyond an image's edge."""
        return torch.full((3,), _GREY, dtype=torch.uint8)

    @property
    def backbone_layers(self) -> nn.Sequential:
        """The layers that the package's configuration calls backbone."""
        layers: nn.Sequential = self.network.model[: len(self.network.yaml["backbone"])]
        return layers

    def is_of_head(self, name: str) -> bool:
        """Whether a tensor is of the last layer, which gives boxes and classes."""
        return name.startswith(f"network.model.{len(self.network.model) - 1}.")

    def known_names(self) -> dict[str, str]:
        """Return the names of tensors in files of weights, also of the package's own."""
        theirs = {name.removeprefix("network."): name for name in self.state_dict()}
        return theirs | super().known_names()

    @property
    def embedding_length(self) -> int:
        """The number of channels of the coarsest map."""
        length: int = self.network.model[-1].cv2[-1][0].conv.in_channels
        return length

    def losses(self, images: ImageBatch, targets: list[Target]) -> Losses:
        """Return the package's losses: of classes, and of boxes with the distribution of edges.

        Its criterion is made anew at each step, since it keeps tensors on one device.
        """
        counts = torch.tensor([len(each["boxes"]) for each in targets], device=self.device)
        boxes = torch.cat([each["boxes"] for each in targets]) / self._side
        batch = {
            "batch_idx": torch.arange(len(targets), device=self.device).repeat_interleave(counts),
            "cls": torch.cat([each["labels"] for each in targets]) - 1,
            "bboxes": box_convert(boxes, "xyxy", "cxcywh"),
        }
        criterion, assigned = self.network.init_criterion(), list[Tensor]()
        # Its losses are a mean over the scores that it assigns to candidates.
        criterion.assigner.register_forward_hook(lambda *call: assigned.append(call[-1][2].sum()))
        sums, _ = criterion(self(images.pixels_BCHW), batch)
        # The package multiplies by the number of images, which is left to the learning rate here.
        box, classification, edges = sums / len(images)
        return Losses(classification, box + edges, weight=assigned[0])

    def forward_raw(self, images: ImageBatch) -> RawOutput:
        """Return the candidates of all three maps.

        Boxes are not clipped yet: the package does that after suppression, too.
        """
        _, raw = self(images.pixels_BCHW)
        maps = [each.float() for each in raw["feats"]]
        return RawOutput(
            boxes=self._boxes(raw["boxes"].float(), maps),
            logits_BAC=raw["scores"].mT.float(),
            embeddings_BE=_means(maps[2], images.sizes_hw),
            features=MapFeatures(maps[1], (self._side, self._side)),
        )

    def _boxes(self, edges: Tensor, maps: list[Tensor]) -> Tensor:
        """Return the boxes (B, A, 4), decoded by the package in float32.

        What it has decoded by itself may be in bfloat16, in which pixels have steps of 2.
        """
        head = self.network.model[-1]
        centres_A2, strides_A1 = make_anchors(maps, head.stride, 0.5)
        with torch.autocast(self.device.type, enabled=False):
            boxes_B4A = head.decode_bboxes(head.dfl(edges), centres_A2.mT[None]) * strides_A1.mT
        boxes_BA4: Tensor = box_convert(boxes_B4A.mT, "cxcywh", "xyxy")
        return boxes_BA4

    def forward(self, pixels_BCHW: Tensor) -> Any:
        """Return what the network says of uint8 images.

        This is all that it computes, and what is compiled. In training these are its raw outputs,
        otherwise also decoded boxes in pixels, with the scores: (B, 4 + C, A).
        """
        height, width = pixels_BCHW.shape[2:]
        square = pad(pixels_BCHW, (0, self._side - width, 0, self._side - height), value=_GREY)
        return self.network(self.normalised(square))


def _configuration(network: str) -> dict[str, Any]:
    """Return the package's configuration of a network, without the path of its file."""
    (path,) = (ROOT / "cfg/models").glob(f"*/{network[:-1]}.yaml")
    found: dict[str, Any] = yaml_model_load(path.with_name(f"{network}.yaml"))
    del found["yaml_file"]
    return found


def _means(map_BEYX: Tensor, sizes_hw: Sequence[tuple[int, int]]) -> Tensor:
    """Return the mean of a map over each image, without what lies beside it."""
    return torch.stack(
        [
            image[:, : -(-height // _STRIDE), : -(-width // _STRIDE)].mean((1, 2))
            for image, (height, width) in zip(map_BEYX, sizes_hw, strict=True)
        ]
    )
