"""A detector: SSDLite for weights whose inputs range from -1 to 1."""

from collections.abc import Mapping
from typing import ClassVar

from job.detection.detectors import SsdliteMobilenetV2


class HalfRange(SsdliteMobilenetV2):
    """SSDLite with MobileNetV2 that normalises as TensorFlow does."""

    sizes = (64, 300, 320)
    hub_weights: ClassVar[Mapping[float, str]] = {}
    mean = (0.5, 0.5, 0.5)
    std = (0.5, 0.5, 0.5)
