# ruff: noqa: N806 - shape suffixes
"""Running and training a detector on drawn images, as the stages do it.

Shapes: D = detections.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import count
from typing import Any, TypedDict

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from job.config.schema import EvaluateConfig, ScoreConfig
from job.config.train import TrainConfig
from job.detection.detectors.base import Detector, Target
from job.detection.detectors.raw_output import ImageBatch
from job.detection.inference.network_input import resized
from job.detection.inference.post_processing import Predictions, detect
from job.detection.inference.predict import Engine, map_predictions, record_images
from job.detection.metrics.detections import Detections
from job.detection.seeding import seeded
from job.detection.training.augmentation import training_sample
from job.detection.training.context import TrainingContext
from job.detection.training.loop import fit
from job.errors import StopRequested
from job.records.annotation import Annotation
from job.records.arrays import offsets
from job.records.score_record import ScoreRecord
from job.testing.drawn_images import CLASSES, DrawnImages

_CPU = torch.device("cpu")


class Found(TypedDict):
    """The detections in one image, in the form of torchvision's detectors."""

    boxes: Tensor
    """(D, 4): corners in pixels of the canvas."""
    labels: Tensor
    """(D,): the class's index + 1."""
    scores: Tensor
    """(D,)"""


def batch_of(detector: Detector, images: DrawnImages) -> ImageBatch:
    """Return images as the network sees them."""
    transform = resized(detector)
    return ImageBatch.of([transform(each).pixels for each in images.files()], detector.fill)


def targets_of(detector: Detector, images: DrawnImages) -> list[Target]:
    """Return what the images of `batch_of` show."""
    class_index = {name: index for index, name in enumerate(CLASSES)}
    return [
        training_sample(
            *images[number],
            class_index,
            input_size=detector.input_size,
            fill=detector.fill,
            augmentation="none",
            seed=[0],
        )[1]
        for number in range(len(images))
    ]


def predictions_of(detector: Detector, images: DrawnImages) -> Predictions:
    """Return what a detector says of images, all in one batch."""
    (seen,) = map_predictions(
        lambda seen: seen,
        detector,
        resized(detector),
        [images.files()],
        Engine(_CPU, len(images)),
    )
    return seen


def threshold_for(seen: Predictions) -> float:
    """Return the score that few pairs of a box and a class have: a dozen an image, not suppressed.

    If there are many, some are as good as equal, and rounding decides which comes first.
    """
    everything = EvaluateConfig(score_threshold=1e-6, nms_iou=1.0, max_detections=10_000)
    scores = np.sort(detect(seen, everything).scores)
    fewest = min(12 * len(seen.ids), len(scores) - 1)
    return float(scores[-fewest - 1 :][:2].mean())


def record_of(detector: Detector, images: DrawnImages) -> ScoreRecord:
    """Return the score record of images, with features of boxes, in batches of two."""
    threshold = threshold_for(predictions_of(detector, images))
    config = ScoreConfig(score_threshold=threshold, box_features=True)
    (record,) = record_images(detector, [images.files()], config, Engine(_CPU, 2))
    return record


def outspoken(detector: Detector) -> Detector:
    """Return the detector so that its scores differ from each other: of a new one they are alike.

    The weights of its head are larger, and batch normalisation knows what it normalises.
    """
    head = {*detector.parts()["head"]}
    norms = [each for each in detector.modules() if isinstance(each, _BatchNorm)]
    momenta = [each.momentum for each in norms]
    images = DrawnImages.draw(8)
    batch, targets = batch_of(detector, images), targets_of(detector, images)
    with seeded([0]), torch.no_grad():
        for name, weight in detector.named_parameters():
            if name in head and weight.ndim > 1 and weight.requires_grad:
                nn.init.kaiming_normal_(weight)
        for each in norms:
            each.momentum = 1.0
        detector.train().losses(batch, targets)
    for each, momentum in zip(norms, momenta, strict=True):
        each.momentum = momentum
    return detector.eval()


def still(detector: Detector) -> Detector:
    """Return the detector set to train, but for layers in which images depend on each other."""
    detector.train()
    for module in detector.modules():
        if isinstance(module, (_BatchNorm, _DropoutNd)):
            module.eval()
    return detector


def train(  # noqa: PLR0913 - those with defaults are for a training that is killed
    detector: Detector,
    images: DrawnImages,
    settings: Mapping[str, Any],
    steps: int,
    *,
    workers: int = 0,
    stop_after: int | None = None,
    resume: bytes | None = None,
) -> list[bytes]:
    """Train a detector in place, four images a step, and return its checkpoints.

    Args:
        detector: It is changed.
        images: What it is trained on.
        settings: Of the section `train`.
        steps: So many in all.
        workers: Processes that read the images.
        stop_after: Stop after so many steps, as at SIGTERM.
        resume: A checkpoint.
    """
    defaults = {"batch_size": 4, "optimizer": "adamw", "learning_rate": 0.001, "warmup_steps": 0}
    config = TrainConfig.model_validate({**defaults, "augmentation": "flip", **settings})
    asked, checkpoints = count(), list[bytes]()
    context = TrainingContext(detector, images, config, steps, (0, 0), _CPU, workers)
    with suppress(StopRequested):
        fit(
            context,
            save_checkpoint=checkpoints.append,
            stop=lambda: next(asked) == stop_after,
            checkpoint=resume,
        )
    return checkpoints


def joined(found: Sequence[Found], seen: Predictions) -> Detections:
    """Return detections in pixels of the images, from those in pixels of canvases.

    Boxes that lie outside of their image have no area once they are clipped. Some libraries keep
    them, and al-voc does not.
    """
    has_area = [(each["boxes"][:, 2:] > each["boxes"][:, :2]).all(1) for each in found]
    boxes, labels, scores = (
        [each[name][kept] for each, kept in zip(found, has_area, strict=True)]
        for name in ("boxes", "labels", "scores")
    )
    return Detections(
        ids=tuple(seen.ids),
        offsets=offsets([len(each) for each in scores]),
        boxes_xyxy=seen.original_boxes(boxes),
        labels=torch.cat(labels).numpy() - 1,
        scores=torch.cat(scores).numpy(),
    )


def every_other(detections: Detections, images: DrawnImages) -> dict[str, Annotation]:
    """Return annotations by which every other detection is right: its box, a tenth to the right."""
    result = {}
    for row, image_id in enumerate(detections.ids):
        begin, end = detections.offsets[row : row + 2].tolist()
        mine = slice(begin, end, 2)
        boxes_D4 = detections.boxes_xyxy[mine].copy()
        boxes_D4[:, ::2] += (boxes_D4[:, 2:3] - boxes_D4[:, :1]) / 10
        labels = tuple(CLASSES[label] for label in detections.labels[mine])
        no = (False,) * len(labels)
        result[image_id] = Annotation(*images.images[row].size, boxes_D4, labels, no, no)
    return result
