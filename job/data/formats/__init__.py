"""Data formats by name: each is one class that reads a data set elsewhere for `al-job ingest`.

A format of another package is an entry point of the group `al_voc.formats`. Nothing outside
`job.data.ingest` may depend on a particular format, except for drawn data sets.
"""

from job.runtime.plugins import Registry

FORMATS = Registry(
    "data format",
    "al_voc.formats",
    {
        "coco": "job.data.formats.coco:CocoSource",
        "synthetic": "job.data.formats.synthetic:SyntheticSource",
        "voc": "job.data.formats.voc:VocSource",
    },
)
