"""The contract of data formats: samples of two splits, each loaded only when its turn comes."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar, NoReturn

from pydantic import BaseModel, ConfigDict

from job.errors import BadDataError
from job.keys import Split

if TYPE_CHECKING:
    from job.data.formats.recognition import Contents, Recognised

REMOTE_THREADS = 16
"""Maximum number of files that are read over a network at a time."""


@dataclass(frozen=True)
class SourceBox:
    """A box as the source has it, not validated yet."""

    corners_xyxy: tuple[float, float, float, float]
    """In pixels from the image's top-left corner, or in shares of its width and height, see
    `LoadedSample.in_shares`; not validated yet, so NaN and infinity are possible."""
    label: str
    """The box's class: one of the source's `classes`, if the source lists them."""
    where: str
    """Which box it is, in the source's own words and numbers."""
    difficult: bool = False
    crowd: bool = False


@dataclass(frozen=True)
class LoadedSample:
    """What a source holds of one image, not validated yet."""

    data: bytes
    """The image file."""
    suffix: str
    """The image file's, such as `.jpg`."""
    image_file: str
    annotation_file: str
    boxes: tuple[SourceBox, ...]
    unreadable: tuple[str, ...] = ()
    """Why boxes are missing from `boxes`, one text each."""
    declared_wh: tuple[float, float] | None = None
    """The width and height that the annotation declares, in pixels; 0 for one that it does not."""
    in_shares: bool = False
    """Whether the corners of boxes are shares of the upright image's width and height, from 0 to 1,
    and not pixels."""
    remarks: tuple[str, ...] = ()
    """What was accepted and may be a mistake. Each ends a sentence that begins with `3 images`, and
    is the same for all images that it holds for."""


@dataclass(frozen=True)
class Sample:
    """An image that a source names."""

    id: str
    """Unique in both splits together. It may be used as a path below a folder: see `check_id`,
    which ingest applies to each."""
    load: Callable[[], LoadedSample]
    """Reads the image; raises `BadDataError`, with the file, if that cannot be done."""
    group: str | None = None
    """The group of images that it belongs to, such as the frames of one video; None: no group."""

    @classmethod
    def broken(cls, where: str, reason: str) -> "Sample":
        """Return an entry of the source that does not name an image."""

        def load() -> NoReturn:
            message = f"{where}: {reason}"
            raise BadDataError(message)

        return cls("", load)


class Source(BaseModel, ABC):
    """A data set elsewhere.

    The fields of a subclass are the options of its command `al-job ingest`, with their docstrings
    as help texts. The subclass's own docstring is the command's help. Making a source is cheap and
    reads nothing; its methods raise `UsageError` or `BadDataError` if the source cannot be read.
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        use_attribute_docstrings=True,
        ignored_types=(cached_property,),
    )

    kind: ClassVar[str]
    """The format's name, as in `FORMATS`."""
    may_be_bad: ClassVar[bool] = True
    """Whether images or boxes can be bad. If not, the command has no option `--skip-bad`."""

    @classmethod
    def recognise(cls, contents: "Contents") -> Iterator["Recognised"]:  # noqa: ARG003 - for others
        """Yield how to ingest a folder that looks like this format; nothing if it does not.

        Args:
            contents: A folder of somebody's. Only small files of it are read.
        """
        return iter(())

    @property
    def has_groups(self) -> bool:
        """Whether its samples may have a `group` of their own."""
        return False

    @property
    def is_remote(self) -> bool:
        """Whether its files come over a network: then many of them are read at a time."""
        return False

    @property
    def has_test(self) -> bool:
        """Whether the source has a test set. If not, it has no samples of one."""
        return True

    @property
    def annotates_pool(self) -> bool:
        """Whether the images of the pool come with annotations, be they without boxes."""
        return True

    def prepare(self) -> None:
        """Do what the options ask for before the source is read, such as a download."""

    @property
    @abstractmethod
    def classes(self) -> tuple[str, ...] | None:
        """The classes in their order; None: those that occur, sorted."""

    @abstractmethod
    def identity(self) -> dict[str, str | int]:
        """Return what tells this source from others: its content, and not where it lies.

        Sources of equal identity make equal data sets.
        """

    @abstractmethod
    def num_images(self, split: Split) -> int:
        """Return the number of samples of a split."""

    @abstractmethod
    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the samples of a split, in order."""


def check_id(image_id: str, where: str) -> str:
    """Return an id that is safe as a path below a folder, in a tar file and in a CSV file.

    Raises:
        BadDataError: The id is empty, leads out of the folder, or has control characters.
    """
    path = PurePosixPath(image_id)
    reason = ""
    if path.is_absolute() or ".." in path.parts:
        reason = "leads out of the images' folder"
    elif not image_id.strip() or str(path) != image_id:
        reason = "is not the name of an image"
    elif not is_text(image_id):
        reason = "has control characters or lone surrogates"
    if reason:
        message = f"{where}: {image_id!r} {reason}"
        raise BadDataError(message)
    return image_id


def is_text(text: str) -> bool:
    """Return whether a text has no control characters and no lone surrogates."""
    return not any(ord(letter) < ord(" ") or "\ud800" <= letter <= "\udfff" for letter in text)


def fingerprint(parts: Iterable[bytes | str | int]) -> str:
    """Return one SHA-256 for a sequence of texts, bytes and numbers."""
    total = hashlib.sha256()
    for part in parts:
        data = part if isinstance(part, bytes) else str(part).encode(errors="surrogatepass")
        total.update(b"%d:" % len(data) + data)
    return total.hexdigest()
