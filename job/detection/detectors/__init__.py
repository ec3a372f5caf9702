"""The detectors and their weights. A detector is one file here, and one line in `registry`.

`__all__` is the API of detectors in other packages.
"""

from typing import TYPE_CHECKING, Any

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture
from job.detection.detectors.registry import DETECTORS
from job.detection.detectors.ssd300_vgg16 import Ssd300Vgg16
from job.detection.detectors.ssdlite_mobilenet_v2 import SsdliteMobilenetV2

if TYPE_CHECKING:
    from job.detection.detectors.base import Detector

__all__ = [
    "DETECTORS",
    "Architecture",
    "Detector",
    "DetectorConfig",
    "Ssd300Vgg16",
    "SsdliteMobilenetV2",
]


def __getattr__(name: str) -> Any:
    if name == "Detector":
        from job.detection.detectors.base import Detector  # noqa: PLC0415 - it loads torch

        return Detector
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
