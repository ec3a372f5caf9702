"""The detectors and their weights. A detector is one file here, and one line in `registry`.

`__all__` is the API of detectors in other packages.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import Architecture
from job.detection.detectors.registry import DETECTORS
from job.detection.detectors.scoring import Scoring
from job.detection.detectors.ssd300_vgg16 import Ssd300Vgg16
from job.detection.detectors.ssdlite_mobilenet_v2 import SsdliteMobilenetV2
from job.detection.input_size import Fit, InputSize, Square

if TYPE_CHECKING:
    from job.detection.detectors.base import Detector, Losses, Target
    from job.detection.detectors.raw_output import (
        CandidateFeatures,
        ImageBatch,
        MapFeatures,
        RawOutput,
        RowFeatures,
    )

__all__ = [
    "DETECTORS",
    "Architecture",
    "CandidateFeatures",
    "Detector",
    "DetectorConfig",
    "Fit",
    "ImageBatch",
    "InputSize",
    "Losses",
    "MapFeatures",
    "RawOutput",
    "RowFeatures",
    "Scoring",
    "Square",
    "Ssd300Vgg16",
    "SsdliteMobilenetV2",
    "Target",
]

_WITH_TORCH = {
    "CandidateFeatures": "raw_output",
    "Detector": "base",
    "ImageBatch": "raw_output",
    "Losses": "base",
    "MapFeatures": "raw_output",
    "RawOutput": "raw_output",
    "RowFeatures": "raw_output",
    "Target": "base",
}
"""Names whose modules load torch, which takes seconds, so they are imported when asked for."""


def __getattr__(name: str) -> Any:
    if module := _WITH_TORCH.get(name):
        return getattr(import_module(f"{__name__}.{module}"), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
