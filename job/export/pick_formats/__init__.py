"""The layouts in which picks are exported: each is one class, which makes the files of one tool."""

from typing import Literal, get_args

from job.export.pick_formats.base import PickFormat
from job.export.pick_formats.coco import CocoPicks
from job.export.pick_formats.cvat import CvatPicks
from job.export.pick_formats.kili import KiliPicks
from job.export.pick_formats.label_studio import LabelStudioPicks
from job.export.pick_formats.yolo import YoloPicks

__all__ = ["PICK_FORMATS", "PickFormat", "ToolName"]

ToolName = Literal["cvat", "coco", "labelstudio", "yolo", "kili"]

PICK_FORMATS: dict[ToolName, type[PickFormat]] = dict(
    zip(
        get_args(ToolName),
        (CvatPicks, CocoPicks, LabelStudioPicks, YoloPicks, KiliPicks),
        strict=True,
    )
)
