"""The layouts in which labels are exported: each is one class, which turns images into files."""

from typing import Literal, get_args

from job.export.formats.base import LabelFormat, Subset
from job.export.formats.coco import CocoFormat
from job.export.formats.voc import VocFormat
from job.export.formats.yolo import YoloFormat

__all__ = ["FORMATS", "FormatName", "LabelFormat", "Subset"]

FormatName = Literal["coco", "voc", "yolo"]

FORMATS: dict[FormatName, type[LabelFormat]] = dict(
    zip(get_args(FormatName), (CocoFormat, VocFormat, YoloFormat), strict=True)
)
