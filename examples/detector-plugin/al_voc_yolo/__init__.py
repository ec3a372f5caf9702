"""YOLO of the package ultralytics as a detector of al-voc: what is known before it is built.

PyTorch and ultralytics are imported when the detector is built: `al-job init` and the driver read
this module too, and have not the time for them.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from job.detection.detectors import Architecture, DetectorConfig, Fit

if TYPE_CHECKING:
    from al_voc_yolo.network import YoloDetector


class Yolo(Architecture):
    """YOLOv8, YOLO11 or YOLO12, as ultralytics builds it from its own configuration."""

    network: Literal[
        "yolov8n", "yolov8s", "yolov8m", "yolo11n", "yolo11s", "yolo11m",
        "yolo12n", "yolo12s", "yolo12m",
    ] = "yolo11n"  # fmt: skip
    """Version and scale: `n` (nano), `s` (small) or `m` (medium)."""

    widths: ClassVar[tuple[float, ...]] = (1.0,)
    mean = (0.0, 0.0, 0.0)
    std = (1.0, 1.0, 1.0)
    num_early_layers = 5  # those at strides 2, 4 and 8

    def input_size(self, config: DetectorConfig) -> Fit:
        """Return the rule that the longer side has `size` pixels: the package's letterbox."""
        return Fit(config.size, config.size)

    def build(
        self, config: DetectorConfig, classes: Sequence[str], made_of: Mapping[str, Any] | None
    ) -> "YoloDetector":
        """Return a detector with random weights."""
        from al_voc_yolo.network import YoloDetector  # noqa: PLC0415 - it loads torch

        return YoloDetector(self, config, classes, made_of)
