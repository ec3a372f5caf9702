"""A data format: plain images, each with one box."""

from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, ClassVar

from PIL import Image

from job.data.formats import LoadedSample, Sample, Source, SourceBox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from job.data.formats import Split


class Shades(Source):
    """A data set of plain images."""

    kind: ClassVar[str] = "shades"

    num_shades: int = 2
    """Images of the pool."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes in their order."""
        return ("corner",)

    def identity(self) -> dict[str, str | int]:
        """Return what tells this source from others."""
        return {"num_shades": self.num_shades}

    def num_images(self, split: "Split") -> int:
        """Return the number of samples of a split."""
        return self.num_shades if split == "pool" else 1

    def samples(self, split: "Split") -> "Iterator[Sample]":
        """Yield the samples of a split, each loaded when its turn comes."""
        for number in range(self.num_images(split)):
            yield Sample(f"{split}-{number}", partial(self._load, split, number))

    def _load(self, split: "Split", number: int) -> LoadedSample:
        file = BytesIO()
        Image.new("L", (40, 30), 2 * number + (split == "test")).save(file, "PNG")
        box = SourceBox((0, 0, 20, 20), "corner", "1")
        return LoadedSample(file.getvalue(), ".png", "image", "annotation", (box,))
