# ruff: noqa: N806 - shape suffixes
"""The detector keeps the rules of all detectors of al-voc."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch
from torchvision.ops import box_convert, clip_boxes_to_image
from ultralytics.utils.nms import non_max_suppression

from job.detection.detectors import Detector, ImageBatch
from job.testing import DetectorContract, EvaluateConfig, Found


class TestYolo(DetectorContract):
    """The smallest YOLO11, with random weights."""

    settings: ClassVar[Mapping[str, Any]] = {"model": "yolo", "size": 64, "backbone": "scratch"}
    steps = 60  # its batch normalisation is slow

    def reference(
        self, detector: Detector, batch: ImageBatch, config: EvaluateConfig
    ) -> Sequence[Found]:
        """Return what the package's own suppression finds.

        It is given boxes that are clipped to the image. The package clips what it found instead.
        """
        decoded, _ = detector(batch.pixels_BCHW)
        corners_BA4 = box_convert(decoded[:, :4].mT, "cxcywh", "xyxy")
        clipped = [
            clip_boxes_to_image(boxes, size_hw)
            for boxes, size_hw in zip(corners_BA4, batch.sizes_hw, strict=True)
        ]
        clipped_BA4 = box_convert(torch.stack(clipped), "xyxy", "cxcywh")
        found = non_max_suppression(
            torch.cat([clipped_BA4.mT, decoded[:, 4:]], 1),
            conf_thres=config.score_threshold,
            iou_thres=config.nms_iou,
            multi_label=True,
            max_det=config.max_detections,
        )
        return [
            Found(boxes=each[:, :4], labels=each[:, 5].long() + 1, scores=each[:, 4])
            for each in found
        ]
