"""Detectors by name."""

from job.runtime.plugins import Registry

DETECTORS = Registry(
    "detector.model",
    "al_voc.detectors",
    {
        "faster_rcnn": "job.detection.detectors.faster_rcnn:FasterRcnn",
        "fcos": "job.detection.detectors.fcos:Fcos",
        "retinanet": "job.detection.detectors.retinanet:RetinaNet",
        "ssd_vgg16": "job.detection.detectors.ssd300_vgg16:Ssd300Vgg16",
        "ssdlite_mobilenet_v2": "job.detection.detectors.ssdlite_mobilenet_v2:SsdliteMobilenetV2",
        "ssdlite_mobilenet_v3": "job.detection.detectors.ssdlite_mobilenet_v3:SsdliteMobilenetV3",
        "transformers": "job.detection.detectors.hugging_face:Transformers",
    },
)
"""Architectures by the name that `detector.model` gives."""
