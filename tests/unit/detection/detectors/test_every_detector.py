"""Torchvision's detectors keep the rules of all: each family in one small kind, and in others."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torchvision.models.detection.image_list import ImageList

from job.detection.detectors import DETECTORS, Detector, ImageBatch
from job.testing import DetectorContract, EvaluateConfig, Found

SMALL = {"size": 64, "width": 0.25, "backbone": "scratch"}
PYRAMID = {**SMALL, "network": "mobilenet_v3_large", "channels": 32}


class AsItIs(nn.Module):
    """Takes the place of the transform of torchvision's detectors: gives what ours see."""

    def __init__(self, detector: Detector, batch: ImageBatch, multiple: int) -> None:
        super().__init__()
        pixels = detector.normalised(batch.pixels_BCHW)
        right, bottom = (-side % multiple for side in reversed(pixels.shape[2:]))
        self.images = ImageList(pad(pixels, (0, right, 0, bottom)), [*batch.sizes_hw])

    def forward(self, images: list[Tensor], targets: None) -> tuple[ImageList, None]:
        assert len(images) == len(self.images.image_sizes)
        return self.images, targets

    def postprocess(self, found: list[Found], *_: object) -> list[Found]:
        return found


class OfTorchvision(DetectorContract):
    """A detector whose network is torchvision's: it detects by itself, in the same images."""

    multiple: ClassVar[int] = 1
    """The sides of a batch are multiples of this."""

    def reference(
        self, detector: Detector, batch: ImageBatch, config: EvaluateConfig
    ) -> Sequence[Found]:
        network: Any = getattr(detector, "ssd", None) or detector.network
        network.transform = AsItIs(detector, batch, self.multiple)
        settings: Any = getattr(network, "roi_heads", network)
        settings.score_thresh, settings.nms_thresh = config.score_threshold, config.nms_iou
        settings.detections_per_img = config.max_detections
        found: list[Found] = network.eval()([*batch.pixels_BCHW.float()])
        return [without_class_0(each) for each in found]


def without_class_0(found: Found) -> Found:
    """Without what torchvision's RetinaNet and FCOS never train, and still give as a class."""
    kept = found["labels"] > 0
    return {
        "boxes": found["boxes"][kept],
        "labels": found["labels"][kept],
        "scores": found["scores"][kept],
    }


class TestSsdlite(OfTorchvision):
    """SSDLite with MobileNetV2."""

    settings: ClassVar[Mapping[str, Any]] = SMALL


@pytest.mark.detectors
class TestSsdliteOfMobilenetV3(OfTorchvision):
    """SSDLite with MobileNetV3."""

    settings: ClassVar[Mapping[str, Any]] = {**SMALL, "model": "ssdlite_mobilenet_v3"}
    training: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.005}
    steps: ClassVar[int] = 40


@pytest.mark.detectors
class TestSsdVgg16(OfTorchvision):
    """SSD300 with VGG16."""

    settings: ClassVar[Mapping[str, Any]] = {
        "model": "ssd_vgg16",
        "size": 300,
        "backbone": "scratch",
    }
    training: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.0001}
    steps: ClassVar[int] = 10


class TestRetinaNet(OfTorchvision):
    """RetinaNet on a MobileNetV3."""

    settings: ClassVar[Mapping[str, Any]] = {**PYRAMID, "model": "retinanet", "smallest_anchor": 16}
    multiple: ClassVar[int] = 32


class TestFcos(OfTorchvision):
    """FCOS on a MobileNetV3."""

    settings: ClassVar[Mapping[str, Any]] = {**PYRAMID, "model": "fcos", "channels": 64}
    multiple: ClassVar[int] = 32


class TestFasterRcnn(OfTorchvision):
    """Faster R-CNN on a MobileNetV3."""

    settings: ClassVar[Mapping[str, Any]] = {
        **PYRAMID,
        "model": "faster_rcnn",
        "smallest_anchor": 16,
    }
    multiple: ClassVar[int] = 32
    losses_add_up: ClassVar[bool] = False


@pytest.mark.detectors
class TestImprovedRetinaNet(TestRetinaNet):
    """RetinaNet with normalisation in its towers."""

    settings: ClassVar[Mapping[str, Any]] = {**TestRetinaNet.settings, "version": 2, "channels": 64}


@pytest.mark.detectors
class TestImprovedFasterRcnn(TestFasterRcnn):
    """Faster R-CNN with normalisation in its head."""

    settings: ClassVar[Mapping[str, Any]] = {**TestFasterRcnn.settings, "version": 2}


@pytest.mark.detectors
class TestRetinaNetOfResnet50(TestRetinaNet):
    """RetinaNet on a ResNet-50, of full width."""

    settings: ClassVar[Mapping[str, Any]] = {
        "model": "retinanet",
        "network": "resnet50",
        "size": 64,
        "backbone": "scratch",
        "smallest_anchor": 16,
    }
    steps: ClassVar[int] = 10


def test_every_detector_of_the_package_is_here() -> None:
    """One that joins the registry has to keep the rules, here or in a test module of its own."""
    elsewhere = {"transformers"}
    here = {each.settings.get("model", "ssdlite_mobilenet_v2") for each in every_class()}
    assert here | elsewhere >= set(DETECTORS.built_in)


def every_class(of: type[DetectorContract] = DetectorContract) -> list[type[DetectorContract]]:
    """The classes of this kind that have settings."""
    below = [each for kind in of.__subclasses__() for each in every_class(kind)]
    return [*([of] if hasattr(of, "settings") else []), *below]


torch.set_num_threads(1)
