"""Tar shards with WebDataset's names: `<id>.jpg`, and `<id>.json` if the image is labelled.

WebDataset takes everything after a name's first dot as its suffix. An id's dots are therefore
percent-encoded, and so are its percent signs.
"""

import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import unquote

from job.errors import BadDataError
from job.records.annotation import Annotation

# A large buffer: at each write to the file, this thread may lose its turn to others.
_BUFFER_BYTES = 1 << 20


class EncodedImage(NamedTuple):
    """An image as its file."""

    id: str
    suffix: str
    """The file's, such as `.jpg`."""
    data: bytes


def member_name(image_id: str, suffix: str) -> str:
    """Return the name in a tar file of one file of an image.

    Args:
        image_id: The image's id.
        suffix: Such as `.jpg`.
    """
    return image_id.replace("%", "%25").replace(".", "%2E") + suffix


def split_member(name: str) -> tuple[str, str]:
    """Return the id and the suffix of a name in a tar file: the inverse of `member_name`."""
    stem, dot, suffix = name.rpartition(".")
    return unquote(stem), dot + suffix


class ShardWriter:
    """Writes a tar file whose bytes depend only on its content: it has no times, users or modes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.num_images = 0
        self._file = path.open("wb", buffering=_BUFFER_BYTES)
        self._tar = tarfile.TarFile(fileobj=self._file, mode="w", format=tarfile.PAX_FORMAT)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if kind is None:
            self.close()
        self.abandon()

    def close(self) -> None:
        """Finish the tar file."""
        self._tar.close()
        self._file.close()

    def abandon(self) -> None:
        """Close the file, finished or not."""
        self._file.close()

    @property
    def num_bytes(self) -> int:
        """The bytes written so far."""
        return self._tar.offset

    def add(self, image: EncodedImage, annotation: Annotation | None = None) -> int:
        """Append an image and, if it is labelled, its annotation.

        Args:
            image: Written as `<id>` and its suffix.
            annotation: Written as `<id>.json` after the image.

        Returns:
            The byte in the tar file at which the image's own bytes begin.
        """
        offset = self._add(member_name(image.id, image.suffix), image.data)
        if annotation is not None:
            self._add(member_name(image.id, ".json"), annotation.to_json())
        self.num_images += 1
        return offset

    def _add(self, name: str, data: bytes) -> int:
        member = tarfile.TarInfo(name)
        member.size = len(data)
        self._tar.addfile(member, BytesIO(data))
        num_blocks = -(-len(data) // tarfile.BLOCKSIZE)
        return self._tar.offset - num_blocks * tarfile.BLOCKSIZE


@dataclass(frozen=True)
class LabelledImage:
    """A labelled image in a local tar file."""

    id: str
    path: Path
    """The tar file."""
    suffix: str
    offset: int
    """The byte in the tar file at which the image's own bytes begin."""
    size: int
    """The number of its bytes."""
    annotation: Annotation

    def read(self) -> EncodedImage:
        """Return the image as its file; safe in any process and thread."""
        data = read_range(self.path, self.offset, self.size)
        return EncodedImage(self.id, self.suffix, data)


def with_labels(
    images: Iterable[LabelledImage], labels: Mapping[str, Annotation]
) -> list[LabelledImage]:
    """Return images with other labels: those that are given for their ids."""
    return [replace(image, annotation=labels.get(image.id, image.annotation)) for image in images]


def read_range(path: Path, offset: int, size: int) -> bytes:
    """Return `size` bytes of a file, from byte `offset` on."""
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)


def read_labelled(path: Path) -> list[LabelledImage]:
    """Return the images of a tar file of labelled images, in its order, without their bytes.

    Raises:
        BadDataError: It is not a tar file, or not one of pairs of an image and its JSON.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            return list(_pairs(path, tar))
    except (tarfile.TarError, ValueError, KeyError) as error:
        message = f"{path}: not a shard of labelled images: {error}"
        raise BadDataError(message) from error


def _pairs(path: Path, tar: tarfile.TarFile) -> Iterator[LabelledImage]:
    """Yield each image of a tar file with the JSON that follows it."""
    members = iter(tar)
    for image in members:
        image_id, suffix = split_member(image.name)
        label = next(members, None)
        if label is None or split_member(label.name) != (image_id, ".json"):
            message = f"{image.name} is not followed by its .json"
            raise ValueError(message)
        text = read_range(path, label.offset_data, label.size)
        annotation = Annotation.from_json(text)
        yield LabelledImage(image_id, path, suffix, image.offset_data, image.size, annotation)
