"""Data formats by name: each is one class that reads a data set elsewhere for `al-job ingest`.

`__all__` is the API of formats in other packages: they are entry points of the group
`al_voc.formats`. Nothing outside
`job.data.ingest` may depend on a particular format, except for drawn data sets.
"""

from job.data.formats.base import (
    LoadedSample,
    Sample,
    Source,
    SourceBox,
    check_id,
    fingerprint,
)
from job.data.formats.file_source import FileSource, Place
from job.data.formats.files import SourceFiles
from job.data.formats.recognition import Contents, Recognised
from job.keys import Split
from job.runtime.plugins import Registry

__all__ = [
    "FORMATS",
    "Contents",
    "FileSource",
    "LoadedSample",
    "Place",
    "Recognised",
    "Sample",
    "Source",
    "SourceBox",
    "SourceFiles",
    "Split",
    "check_id",
    "fingerprint",
]

FORMATS = Registry(
    "data format",
    "al_voc.formats",
    {
        "coco": "job.data.formats.coco:CocoSource",
        "images": "job.data.formats.images:ImagesSource",
        "roboflow": "job.data.formats.roboflow:RoboflowSource",
        "synthetic": "job.data.formats.synthetic:SyntheticSource",
        "voc": "job.data.formats.voc:VocSource",
        "yolo": "job.data.formats.yolo:YoloSource",
    },
)
