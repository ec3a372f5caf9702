"""Detectors by name."""

from job.runtime.plugins import Registry

DETECTORS = Registry(
    "detector.model",
    "al_voc.detectors",
    {
        "ssd_vgg16": "job.detection.detectors.ssd300_vgg16:Ssd300Vgg16",
        "ssdlite_mobilenet_v2": "job.detection.detectors.ssdlite_mobilenet_v2:SsdliteMobilenetV2",
        "transformers": "job.detection.detectors.hugging_face:Transformers",
    },
)
"""Architectures by the name that `detector.model` gives."""
