"""Annotators: who draws the boxes of the images that a round picks.

Holds the annotators by name. May import `job.data` and `job.records`; stages and replay ask here.
"""

from job.annotators.base import Annotator
from job.records.annotation import Annotation
from job.runtime.plugins import Registry

__all__ = ["ANNOTATORS", "Annotation", "Annotator", "find_annotator"]

ANNOTATORS = Registry(
    "annotation.annotator", "al_voc.annotators", {"oracle": "job.annotators.oracle:Oracle"}
)


def find_annotator(name: str) -> type[Annotator]:
    """Return the class of the annotator of that name.

    Raises:
        ConfigError: There is no such annotator.
    """
    return ANNOTATORS.load(name, Annotator)
