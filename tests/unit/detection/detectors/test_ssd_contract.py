"""The two SSDs keep the rules of every detector."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

import torch

from job.config.schema import EvaluateConfig
from job.detection.detectors.base import Detector, ImageBatch
from job.detection.detectors.ssd import SsdDetector
from job.testing import DetectorContract
from job.testing.trying import Found


class TestSsdlite(DetectorContract):
    """SSDLite with a quarter of MobileNetV2."""

    settings: ClassVar[Mapping[str, Any]] = {"size": 64, "width": 0.25, "backbone": "scratch"}

    def reference(
        self, detector: Detector, batch: ImageBatch, config: EvaluateConfig
    ) -> Sequence[Found]:
        """Return what torchvision's SSD finds, from its own images to its own suppression."""
        ssd = cast("SsdDetector", detector).ssd.eval()
        ssd.score_thresh = config.score_threshold
        ssd.nms_thresh, ssd.detections_per_img = config.nms_iou, config.max_detections
        with torch.inference_mode():
            found: Sequence[Found] = ssd([image / 255 for image in batch.pixels_BCHW])
        return found
