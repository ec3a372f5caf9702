"""Pascal VOC's lists of images."""

import re
from array import array
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import NamedTuple

from job.data.formats.files import SourceFiles, decode
from job.data.formats.voc_folder import VocFolder
from job.errors import UsageError


class ListedImage(NamedTuple):
    """A line of a list of images."""

    of: "ImageList"
    id: str
    line: int
    """Counted from 1."""

    @property
    def where(self) -> str:
        """The list and the line, for messages."""
        return f"{self.of.path}, line {self.line}"

    @property
    def annotation(self) -> str:
        """The name of the image's XML file in the folder of annotations."""
        return f"{self.id}.xml"


class ImageList:
    """A list of images, which may have a million lines."""

    def __init__(self, folder: VocFolder, name: str) -> None:
        """Read a list.

        Args:
            folder: Where it lies, and the images and annotations, too.
            name: The list's name.

        Raises:
            UsageError: There is no such list, or it is the list of one class.
            BadDataError: It cannot be read.
        """
        self.folder = folder
        self.path = folder.lists.where(f"{name}.txt")
        lines = _read_lines(folder.lists, f"{name}.txt")
        self._ids = [line for line in lines if line]
        self._lines = array("q", (number for number, line in enumerate(lines, start=1) if line))
        if self._is_of_one_class():
            message = (
                f"{self.path}: this is the list of one class: each line is an id with -1, 0 or 1; "
                "name a list of images instead, which has only ids"
            )
            raise UsageError(message)

    def __len__(self) -> int:
        return len(self._ids)

    def __iter__(self) -> Iterator[ListedImage]:
        return (
            ListedImage(self, image_id, line)
            for image_id, line in zip(self._ids, self._lines, strict=True)
        )

    def _is_of_one_class(self) -> bool:
        """Return whether lines are such as `000005 -1`, and not ids that end in a number."""
        flagged = bool(self._ids) and all(
            re.fullmatch(r"\S.*\s(-1|0|1)", each) for each in self._ids
        )
        return flagged and not any(self.folder.annotations.has(each.annotation) for each in self)


def _read_lines(lists: SourceFiles, name: str) -> list[str]:
    """Return a list's lines without blanks around them."""
    path = lists.where(name)
    if not lists.has(name):
        known = (PurePosixPath(each) for each in lists.names() if "/" not in each)
        names = ", ".join(sorted(each.stem for each in known if each.suffix == ".txt")) or "none"
        message = f"{path}: no such list of images; {lists.where()} has: {names}"
        raise UsageError(message)
    text = decode(lists.read(name, "list of images"), path)
    return [line.strip() for line in text.splitlines()]
