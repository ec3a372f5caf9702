"""The detector keeps the rules of all detectors of al-voc."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torchvision.ops import clip_boxes_to_image
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
        """Return what the package's own suppression finds, clipped at last as the package does."""
        decoded, _ = detector(batch.pixels_BCHW)
        found = non_max_suppression(
            decoded,
            conf_thres=config.score_threshold,
            iou_thres=config.nms_iou,
            multi_label=True,
            max_det=config.max_detections,
        )
        return [
            Found(
                boxes=clip_boxes_to_image(each[:, :4], size_hw),
                labels=each[:, 5].long() + 1,
                scores=each[:, 4],
            )
            for each, size_hw in zip(found, batch.sizes_hw, strict=True)
        ]
