"""What ingest reads from: samples of two splits, each loaded only when its turn comes."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import NoReturn, Protocol

from job.errors import BadDataError
from job.keys import Split


@dataclass(frozen=True)
class SourceBox:
    """A box as the source has it, not checked yet."""

    corners_xyxy: tuple[float, float, float, float]
    """Pixels, counted from 0 at the image's left and upper edge; any float, not a number too."""
    label: str
    where: str
    """Which box it is, in the source's own words and numbers."""
    difficult: bool = False
    crowd: bool = False


@dataclass(frozen=True)
class Content:
    """What a source holds of one image, not checked yet."""

    data: bytes
    """The image file."""
    suffix: str
    """The image file's, such as `.jpg`."""
    image_file: str
    annotation_file: str
    boxes: tuple[SourceBox, ...]
    unreadable: tuple[str, ...] = ()
    """Why boxes are missing from `boxes`, one text each."""
    declared_wh: tuple[int, int] | None = None
    """The size that the annotation claims."""


@dataclass(frozen=True)
class Sample:
    """An image that a source names."""

    id: str
    load: Callable[[], Content]
    """Reads it; raises `BadDataError`, with the file, where that cannot be done."""

    @classmethod
    def broken(cls, where: str, reason: str) -> "Sample":
        """An entry of the source that names no image."""

        def load() -> NoReturn:
            message = f"{where}: {reason}"
            raise BadDataError(message)

        return cls("", load)


class Source(Protocol):
    """A data set elsewhere."""

    @property
    def kind(self) -> str:
        """Such as `voc`."""

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes in their order; None: those that occur, sorted."""

    def describe(self) -> dict[str, str | int]:
        """What it is, by its content and not by where it lies: the same again, the same data."""

    def num_images(self, split: Split) -> int:
        """How many samples a split has."""

    def samples(self, split: Split) -> Iterator[Sample]:
        """The samples of a split, in order."""


def read_file(path: Path, what: str) -> bytes:
    """Return a file's bytes.

    Raises:
        BadDataError: It is missing, or cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        message = f"{path}: no such {what}"
    except OSError as error:
        message = f"{path}: {(error.strerror or str(error)).lower()}"
    except ValueError as error:  # a name that no file can have
        message = f"{path}: {error}"
    raise BadDataError(message)


def check_id(image_id: str, where: str) -> str:
    """Return an id that is safe as a path below a folder, in a tar file and in a CSV file.

    Raises:
        BadDataError: It is empty, leads out of the folder, or has control characters.
    """
    path = PurePosixPath(image_id)
    reason = ""
    if path.is_absolute() or ".." in path.parts:
        reason = "leads out of the images' folder"
    elif not image_id.strip() or str(path) != image_id:
        reason = "is no name of an image"
    elif not is_text(image_id):
        reason = "has characters that no text has"
    if reason:
        message = f"{where}: {image_id!r} {reason}"
        raise BadDataError(message)
    return image_id


def is_text(text: str) -> bool:
    """Whether it has neither control characters nor halves of characters."""
    return not any(ord(letter) < ord(" ") or "\ud800" <= letter <= "\udfff" for letter in text)


def fingerprint(parts: Iterable[bytes | str | int]) -> str:
    """Return one SHA-256 for a sequence of texts, bytes and numbers."""
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode(errors="surrogatepass")
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()


def num_bytes(path: Path) -> int:
    """The size of a file, or -1 where there is none."""
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # a name that no file can have
        return -1
