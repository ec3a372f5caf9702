"""The families of detectors that are measured, and images for them."""

import math
from pathlib import Path
from typing import Any

import torch
from scoring import fresh

from job.config.detector import DetectorConfig
from job.data.dataset import Dataset
from job.data.formats.synthetic import SyntheticSource
from job.data.ingest.ingest import ingest
from job.detection.detectors.base import Detector, build_detector
from job.detection.detectors.raw_output import ImageBatch
from job.detection.detectors.ssd import SsdDetector
from job.storage.local import LocalStore

SIZE = 320
OBJECTS, ANCHORS = 6, 10
"""A detector says something of so many objects of an image, with so many candidates each."""
MODELS: dict[str, dict[str, Any]] = {
    "ssdlite_mobilenet_v2": {},
    "ssdlite_mobilenet_v3": {},
    "retinanet": {"network": "mobilenet_v3_large"},
    "fcos": {"network": "mobilenet_v3_large"},
    "faster_rcnn": {"network": "mobilenet_v3_large"},
    "retinanet, resnet50": {"model": "retinanet", "network": "resnet50"},
    "rt_detr_r18": {"model": "transformers"},
}
"""What is measured, by name: the settings of the detector, whose model has that name by default."""


def settings_of(name: str, folder: Path) -> DetectorConfig:
    """Return the settings of a detector; of transformers, the model lies in the folder then."""
    settings = {"model": name, "size": SIZE, "backbone": "scratch"} | MODELS[name]
    if settings["model"] == "transformers":
        settings["name"] = str(folder / name)
        write_rt_detr(folder / name)
    return DetectorConfig(**settings)


def write_rt_detr(folder: Path) -> None:
    """Write the configuration of RT-DETR with a ResNet-18, and of its processor."""
    from transformers import (  # noqa: PLC0415 - it takes seconds
        RTDetrConfig,
        RTDetrImageProcessor,
        RTDetrResNetConfig,
    )

    backbone = RTDetrResNetConfig(
        depths=[2, 2, 2, 2],
        hidden_sizes=[64, 128, 256, 512],
        layer_type="basic",
        out_features=["stage2", "stage3", "stage4"],
    )
    config = RTDetrConfig(
        backbone_config=backbone,
        encoder_in_channels=[128, 256, 512],
        hidden_expansion=0.5,
        decoder_layers=3,
        architectures=["RTDetrForObjectDetection"],
    )
    config.save_pretrained(folder)
    side = {"height": SIZE, "width": SIZE}
    RTDetrImageProcessor(size=side, do_pad=False).save_pretrained(folder)


def speaking(config: DetectorConfig, classes: tuple[str, ...]) -> Detector:
    """Return a detector that is sure of a few candidates in an image, as a trained one is."""
    detector = build_detector(config, classes, seed=0).eval()
    if isinstance(detector, SsdDetector):
        return fresh(config, classes)
    if not detector.scoring.suppression:  # as many queries whatever they say
        return detector
    biases = [
        each
        for name, each in detector.named_parameters()
        if name.endswith(("cls_logits.bias", "cls_score.bias")) and ".rpn." not in name
    ]
    generator = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (2, 3, SIZE, SIZE), dtype=torch.uint8, generator=generator)
    with torch.no_grad():
        (bias,) = biases
        raw = detector.forward_raw(ImageBatch.filled(pixels))
        best = raw.logits_BAC.amax(-1)
        if raw.background_BA is not None:
            best = best - raw.background_BA
        least = best.flatten().topk(OBJECTS * ANCHORS * len(pixels)).values[-1]
        outputs = bias.view(-1, len(classes) + 1)
        outputs[:, 1:] += math.log(0.5) - least
        if raw.background_BA is None:
            outputs[:, 0] = -20.0  # of torchvision's output 0, which no object is of
    return detector


def draw(folder: Path, num_images: int) -> None:
    """Draw images to score, as files, and a data set whose test images are trained on."""
    source = SyntheticSource(num_pool=num_images, num_test=64, size=400)
    ingest(LocalStore(folder), source, "drawn", skip_bad=True)
    (folder / "images").mkdir()
    for image in Dataset.open(LocalStore(folder), "drawn").iter_images("pool"):
        (folder / "images" / f"{image.id.replace('/', '-')}.jpg").write_bytes(image.data)
