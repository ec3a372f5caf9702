"""The contract of the layouts that labels are exported in."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple

from job.data.shards import LabelledImage

Subset = Literal["labelled", "test"]
"""The labelled images of the pool, or the test set."""

FOLDERS: Mapping[Subset, str] = {"labelled": "train", "test": "val"}
"""What COCO and YOLO call them."""


class Box(NamedTuple):
    """A box of an image."""

    corners_xyxy: tuple[float, ...]
    label: str
    difficult: bool
    crowd: bool


class LabelFormat(ABC):
    """A data set in the layout that other tools read, made image by image.

    It names files and makes their content; whoever calls it writes them. Boxes and sizes are those
    of the upright image.
    """

    difficult: ClassVar[str] = ""
    """What becomes of boxes that are marked difficult, if the layout has no such mark."""
    crowd: ClassVar[str] = ""
    """What becomes of crowd regions, if the layout has none."""

    def __init__(self, classes: Sequence[str], title: str) -> None:
        """Begin a data set.

        Args:
            classes: In the order in which a detector numbers them.
            title: Where the labels come from, in words.
        """
        self.classes = tuple(classes)
        self.title = title

    def image_file(self, subset: Subset, image: LabelledImage) -> str:
        """Return the name of an image's file."""
        return f"images/{FOLDERS[subset]}/{image.id}{image.suffix}"

    @abstractmethod
    def add(self, subset: Subset, image: LabelledImage) -> Mapping[str, bytes]:
        """Add an image, and return the files that belong beside it.

        Raises:
            BadDataError: The layout cannot name the image.
        """

    @abstractmethod
    def last_files(self) -> Mapping[str, bytes]:
        """Return the files that make the data set complete."""


def boxes_of(image: LabelledImage) -> list[Box]:
    """Return the boxes of an image, in their order."""
    of = image.annotation
    rows = zip(of.boxes_xyxy.tolist(), of.labels, of.difficult, of.crowd, strict=True)
    return [Box(*row) for row in rows]
