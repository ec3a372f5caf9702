"""What a part of a source consists of, and what of it may be a mistake."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from job.data.ingest.validate import ValidImage

PERCENT = 100
LARGE_SIDE = 2 * PERCENT
MIN_LARGE = 10
"""If this many boxes in large images all lie within 100 pixels, they seem to be percentages."""


@dataclass
class Examples:
    """How many images something holds for, and the first of them."""

    num_images: int = 0
    first_id: str = ""

    def add(self, image_id: str) -> None:
        """Count an image."""
        self.first_id = self.first_id if self.num_images else image_id
        self.num_images += 1


@dataclass
class PartCounts:
    """What a part of a source consists of."""

    num_images: int = 0
    class_counts: Counter[str] = field(default_factory=Counter)
    """Boxes of each class, without crowd regions."""
    num_empty: int = 0
    """Annotated images without a box."""
    num_evaluated: int = 0
    """Boxes that evaluation looks for: neither difficult ones nor crowd regions."""
    num_difficult: int = 0
    num_crowd: int = 0
    num_clipped: int = 0
    """Boxes that overhung their image a little."""
    num_size_differs: int = 0
    """Images whose annotation claims another size."""
    labels: set[str] = field(default_factory=set)
    """Classes of boxes and crowd regions."""
    remarks: dict[str, Examples] = field(default_factory=dict)
    """What may be a mistake, with the images that it holds for."""
    num_large: int = 0
    """Boxes in images that are larger than `LARGE_SIDE` both ways."""
    reach: float = 0.0
    """The largest coordinate of these boxes."""
    duplicates: Examples = field(default_factory=Examples)
    """Images that the part holds already under another id, byte for byte."""
    same: Counter[str] = field(default_factory=Counter)
    """How many images were left out because the data set has them, by the reason."""
    groups: set[str] = field(default_factory=set)
    ungrouped: Examples = field(default_factory=Examples)
    """Images that are in no group."""

    @property
    def num_boxes(self) -> int:
        """The number of boxes, with difficult ones and without crowd regions."""
        return self.class_counts.total()

    def count(self, image: ValidImage, *, is_annotated: bool = True) -> None:
        """Add an image."""
        self.num_images += 1
        self.num_size_differs += image.size_differs
        for remark in image.remarks:
            self.remarks.setdefault(remark, Examples()).add(image.id)
        if image.group is None:
            self.ungrouped.add(image.id)
        else:
            self.groups.add(image.group)
        if is_annotated:
            self._count_boxes(image)

    def _count_boxes(self, image: ValidImage) -> None:
        annotation = image.annotation
        labels = zip(annotation.labels, annotation.crowd, strict=True)
        boxes = [label for label, crowd in labels if not crowd]
        self.class_counts.update(boxes)
        self.num_empty += not boxes
        flags = zip(annotation.difficult, annotation.crowd, strict=True)
        self.num_evaluated += sum(not difficult and not crowd for difficult, crowd in flags)
        self.num_difficult += sum(annotation.difficult)
        self.num_crowd += sum(annotation.crowd)
        self.num_clipped += image.num_clipped
        self.labels.update(annotation.labels)
        if annotation.labels and min(annotation.width, annotation.height) > LARGE_SIDE:
            self.num_large += len(annotation.labels)
            self.reach = max(self.reach, float(annotation.boxes_xyxy.max()))

    def warnings(self, *, has_groups: bool) -> Iterator[str]:
        """Yield what may be a mistake of the part.

        Args:
            has_groups: Whether the source has groups, so that an image should be in one.
        """
        if number := self.duplicates.num_images:
            yield f"{number} copies of images, such as {self.duplicates.first_id!r}"
        for reason, number in self.same.items():
            yield f"{number} images {reason}"
        if has_groups and (number := self.ungrouped.num_images):
            yield (
                f"{number} images are in no group, such as {self.ungrouped.first_id!r}; each is "
                "then a group of its own"
            )
        if self.num_size_differs:
            yield (
                f"{self.num_size_differs} images have another size than their annotation claims; "
                "their boxes were taken as pixels of the image"
            )
        yield from self.remark_lines()
        if self.num_large >= MIN_LARGE and self.reach <= PERCENT:
            yield (
                f"no box reaches beyond {PERCENT} pixels, though images are larger than "
                f"{LARGE_SIDE}; boxes must be in pixels, and not in percent"
            )

    def remark_lines(self) -> Iterator[str]:
        """Yield what was accepted of images, and how many it holds for."""
        for remark, of in sorted(self.remarks.items(), key=itemgetter(0)):
            yield f"{of.num_images} images {remark}, such as {of.first_id!r}"
