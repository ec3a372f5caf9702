"""Detectors as their own libraries run them: reading, scoring and training."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import torch
from PIL import Image
from torch import Tensor
from torchvision.ops import box_convert
from torchvision.transforms import v2
from torchvision.transforms.v2.functional import to_pil_image

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Detector
from job.detection.detectors.ssd import SsdDetector

THRESHOLD, MAX_DETECTIONS = 0.05, 100
"""What is kept, as in the score record by default."""


class Library(Protocol):
    """A loop of a library: what its workers do, and what happens to their batches."""

    network: Any
    """The library's own network."""

    def read(self, paths: Sequence[Path]) -> Any:
        """Return a batch of images, from their files."""

    def detect(self, batch: Any) -> Any:
        """Return what is found in a batch."""

    def collate(self, samples: Sequence[tuple[Tensor, dict[str, Tensor]]]) -> Any:
        """Return a batch to train on, from images of 0 to 1 and their targets."""

    def loss(self, batch: Any) -> Tensor:
        """Return the loss of a batch."""


def library_of(detector: Detector, config: DetectorConfig, device: str) -> Library:
    """Return the loop of the library that a detector is from."""
    if config.model == "transformers":
        return Transformers(detector, str((config.model_extra or {})["name"]), device)
    return Torchvision(detector, device)


class Torchvision:
    """The reference loops of torchvision."""

    _to_tensor = v2.Compose([v2.ToImage(), v2.ToDtype(torch.float32, scale=True)])

    def __init__(self, detector: Detector, device: str) -> None:
        self._device = device
        self.network: Any = (
            detector.ssd if isinstance(detector, SsdDetector) else getattr(detector, "network")  # noqa: B009
        ).to(device)
        for part in (self.network, getattr(self.network, "roi_heads", None)):
            for name, value in (
                ("score_thresh", THRESHOLD),
                ("detections_per_img", MAX_DETECTIONS),
            ):
                if hasattr(part, name):
                    setattr(part, name, value)

    def read(self, paths: Sequence[Path]) -> list[Tensor]:
        """Return images as tensors."""
        return [self._to_tensor(Image.open(path).convert("RGB")) for path in paths]

    def detect(self, batch: list[Tensor]) -> Any:
        """Resize, run the network, and choose boxes: all in `model(images)`."""
        return self.network([each.to(self._device) for each in batch])

    def collate(self, samples: Sequence[tuple[Tensor, dict[str, Tensor]]]) -> Any:
        """Return images beside targets."""
        return tuple(zip(*samples, strict=True))

    def loss(self, batch: Any) -> Tensor:
        """Return the sum of all losses."""
        images, targets = batch
        losses = self.network(
            [each.to(self._device) for each in images],
            [{name: each.to(self._device) for name, each in of.items()} for of in targets],
        )
        return torch.stack([*losses.values()]).sum()


class Transformers:
    """The loops of the examples of Hugging Face transformers."""

    def __init__(self, detector: Detector, name: str, device: str) -> None:
        from transformers import AutoImageProcessor  # noqa: PLC0415 - it takes seconds

        self._device = device
        self.network: Any = getattr(detector, "network").to(device)  # noqa: B009
        self._processor = AutoImageProcessor.from_pretrained(name)

    def read(self, paths: Sequence[Path]) -> Any:
        """Return what the processor makes of images, and their sizes."""
        images = [Image.open(path).convert("RGB") for path in paths]
        sizes = [(each.height, each.width) for each in images]
        return self._processor(images=images, return_tensors="pt"), sizes

    def detect(self, batch: Any) -> Any:
        """Run the network, and let the processor choose boxes."""
        inputs, sizes = batch
        outputs = self.network(**inputs.to(self._device))
        return self._processor.post_process_object_detection(
            outputs, threshold=THRESHOLD, target_sizes=sizes
        )

    def collate(self, samples: Sequence[tuple[Tensor, dict[str, Tensor]]]) -> Any:
        """Return what the processor makes of images, and labels as the networks want them."""
        images = [to_pil_image(image) for image, _ in samples]
        labels = [
            {
                "class_labels": of["labels"] - 1,
                "boxes": box_convert(
                    torch.as_tensor(of["boxes"])
                    / torch.tensor([image.width, image.height, image.width, image.height]),
                    "xyxy",
                    "cxcywh",
                ),
            }
            for image, (_, of) in zip(images, samples, strict=True)
        ]
        return self._processor(images=images, return_tensors="pt"), labels

    def loss(self, batch: Any) -> Tensor:
        """Return the network's own loss."""
        inputs, labels = batch
        on_device = [{name: each.to(self._device) for name, each in of.items()} for of in labels]
        loss: Tensor = self.network(**inputs.to(self._device), labels=on_device).loss
        return loss
