"""Pascal VOC: a flat folder, or a devkit with a folder for each year."""

import re
import sys
from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple

from pydantic import Field

from job.data.decoding import SUFFIXES
from job.data.formats.base import (
    LoadedSample,
    Sample,
    Source,
    check_id,
    fingerprint,
    num_bytes,
    read_file,
)
from job.data.formats.voc_download import download_voc
from job.data.formats.voc_splits import SplitName, parse_splits
from job.data.formats.voc_xml import VocAnnotation, read_annotation
from job.errors import BadDataError, UsageError
from job.keys import Split

NO_IMAGE_SUFFIXES = (".xml", ".json", ".txt", ".csv")
"""Suffixes of files that tools write beside images."""

NO_ANNOTATION = "have no XML file and were taken as images without objects"
SEVERAL_FILES = "are there with several suffixes, of which the first of {} was taken".format(
    ", ".join(SUFFIXES)
)


class ListedImage(NamedTuple):
    """A line of a list of images."""

    folder: Path
    """Holds `JPEGImages` and `Annotations`."""
    id: str
    path: Path
    """The list."""
    line: int
    """Counted from 1."""

    @property
    def where(self) -> str:
        """The list and the line, for messages."""
        return f"{self.path}, line {self.line}"

    @property
    def annotation(self) -> Path:
        """The image's XML file."""
        return _annotation_path(self.folder, self.id)


class VocSource(Source):
    """A data set in Pascal VOC's layout."""

    kind: ClassVar[str] = "voc"

    root: Path
    """Folder with JPEGImages, Annotations and ImageSets; for years, with VOC2012 or VOCdevkit."""
    pool: str
    """Lists in ImageSets/Main, such as train, or 2007/trainval+2012/trainval."""
    test: str
    """Lists in ImageSets/Main, such as test, or 2007/test."""
    download: bool = False
    """Download VOC's archives of the named years, and unpack them below --root."""
    missing_annotation: Literal["refuse", "empty"] = "refuse"
    """What an image without an XML file is: refuse, or empty, which has no objects."""
    pixels_from: int = Field(1, ge=0, le=1)
    """The number of the first pixel: 1, or 0 for CVAT, datumaro and Label Studio."""

    def prepare(self) -> None:
        """Download the archives, if that is asked for."""
        if self.download:
            download_voc(self.root, self.pool, self.test)

    @property
    def classes(self) -> None:
        """None: VOC's files do not list the classes."""

    @cached_property
    def _entries(self) -> dict[Split, list[ListedImage]]:
        """The images of each split, by the lists in `ImageSets/Main`."""
        return {
            split: [entry for name in parse_splits(text) for entry in _read_list(self.root, name)]
            for split, text in self._names.items()
        }

    @property
    def _names(self) -> dict[Split, str]:
        return {"pool": self.pool, "test": self.test}

    def identity(self) -> dict[str, str | int]:
        """Return each split's name, and the digest of its ids, XML files and images' sizes.

        Raises:
            UsageError: There is no such root, year or list.
            BadDataError: A list cannot be read.
        """
        result: dict[str, str | int] = {}
        for split, entries in self._entries.items():
            result[split] = self._names[split]
            result[f"{split}_digest"] = fingerprint(
                part for image in entries for part in self._identity(image)
            )
        for name in ("missing_annotation", "pixels_from"):
            if getattr(self, name) != type(self).model_fields[name].default:
                result[name] = getattr(self, name)
        return result

    def _identity(self, image: ListedImage) -> tuple[str, int, bytes]:
        """Return what tells an image from others: its id, its size in bytes and its XML file."""
        try:
            xml = image.annotation.read_bytes()
        except (OSError, ValueError):  # reported when its turn comes
            xml = b""
        return image.id, num_bytes(self._files.find(image)[0]), xml

    def num_images(self, split: Split) -> int:
        """Return the number of ids in the split's lists."""
        return len(self._entries[split])

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the images in the order of the lists."""
        for image in self._entries[split]:
            yield Sample(image.id, partial(self._load, image))

    @cached_property
    def _files(self) -> "ImageFiles":
        return ImageFiles()

    def _load(self, image: ListedImage) -> LoadedSample:
        """Read an image and its XML file."""
        check_id(image.id, image.where)
        path, is_ambiguous = self._files.find(image)
        if image.id.lower().endswith(SUFFIXES) and not _is_file(path):
            message = (
                f"{path}: no such image; ids in a list have no suffix, but that of {image.where} "
                f"is {image.id!r}"
            )
            raise BadDataError(message)
        data = read_file(path, f"image, nor one with another suffix; {image.where} names it")
        annotation = self._read_annotation(image)
        return LoadedSample(
            data=data,
            suffix=path.suffix,
            image_file=str(path),
            annotation_file=str(image.annotation),
            boxes=annotation.boxes,
            unreadable=annotation.unreadable,
            declared_wh=annotation.declared_wh,
            remarks=annotation.remarks + (SEVERAL_FILES,) * is_ambiguous,
        )

    def _read_annotation(self, image: ListedImage) -> VocAnnotation:
        if not _is_file(image.annotation):
            if self.missing_annotation == "empty":
                return VocAnnotation(remarks=(NO_ANNOTATION,))
            message = (
                f"{image.annotation}: no such annotation; --missing-annotation empty takes its "
                "image as one without objects"
            )
            raise BadDataError(message)
        return read_annotation(image.annotation, self.pixels_from)


class ImageFiles:
    """Finds the files of images, by listings of their folders."""

    def __init__(self) -> None:
        self._listings: dict[Path, dict[str, tuple[str, ...]]] = {}

    def find(self, image: ListedImage) -> tuple[Path, bool]:
        """Return an image's file, and whether other files could be meant, too.

        If there is none, it is the name that VOC would give it, or a file with the same stem that
        is not of a format that can be read.
        """
        folder, _, stem = image.id.rpartition("/")
        parent = image.folder / "JPEGImages" / folder
        if parent not in self._listings:
            self._listings[parent] = _suffixes_by_stem(parent)
        suffixes = self._listings[parent].get(stem, ())
        known = sorted(
            (suffix for suffix in suffixes if suffix.lower() in SUFFIXES),
            key=lambda suffix: (SUFFIXES.index(suffix.lower()), suffix.isupper(), suffix),
        )
        unknown = sorted(suffix for suffix in suffixes if suffix.lower() not in NO_IMAGE_SUFFIXES)
        suffix = (known or unknown or SUFFIXES)[0]
        return parent / f"{stem}{suffix}", len(known) > 1


def _suffixes_by_stem(folder: Path) -> dict[str, tuple[str, ...]]:
    """Return the suffixes that each stem of a folder's files is there with."""
    result: dict[str, tuple[str, ...]] = {}
    try:
        names = [path.name for path in folder.iterdir()]
    except (OSError, ValueError):  # reported when an image is read
        return result
    for name in names:
        stem, dot, suffix = name.rpartition(".")
        if dot:
            result[stem] = (*result.get(stem, ()), sys.intern(f".{suffix}"))
    return result


def _read_list(root: Path, split: SplitName) -> Iterator[ListedImage]:
    """Yield the images of a list."""
    folder = _find_folder(root, split.year)
    path = folder / "ImageSets" / "Main" / f"{split.name}.txt"
    if not path.is_file():
        names = ", ".join(sorted(entry.stem for entry in path.parent.glob("*.txt"))) or "none"
        message = f"{path}: no such list of images; {path.parent} has: {names}"
        raise UsageError(message)
    try:
        text = read_file(path, "list of images").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8: {error.reason} at byte {error.start}"
        raise BadDataError(message) from error
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1)]
    if _is_class_list(folder, [line for _, line in lines if line]):
        message = (
            f"{path}: this is the list of one class: each line is an id with -1, 0 or 1; "
            "name a list of images instead, which has only ids"
        )
        raise UsageError(message)
    return (ListedImage(folder, line, path, number) for number, line in lines if line)


def _is_class_list(folder: Path, lines: list[str]) -> bool:
    """Return whether lines are such as `000005 -1`, and not ids that end in a number."""
    flagged = bool(lines) and all(re.fullmatch(r"\S.*\s(-1|0|1)", line) for line in lines)
    return flagged and not any(_is_file(_annotation_path(folder, line)) for line in lines)


def _find_folder(root: Path, year: str | None) -> Path:
    """Return the folder that holds `ImageSets`, `JPEGImages` and `Annotations`."""
    if not root.is_dir():
        message = f"{root}: no such folder"
        raise UsageError(message)
    if year is None:
        if not (root / "ImageSets").is_dir():
            message = (
                f"{root}: has no folder ImageSets; put a list of images into ImageSets/Main, such "
                "as train.txt, or name YEAR/SPLIT if this is a devkit with years"
            )
            raise UsageError(message)
        return root
    # The archive of 2011 unpacks to TrainVal/.
    places = [root / parent / f"VOC{year}" for parent in ("", "VOCdevkit", "TrainVal/VOCdevkit")]
    for place in places:
        if place.is_dir():
            return place
    message = f"{root}: has neither VOC{year} nor VOCdevkit/VOC{year}; --download fetches them"
    raise UsageError(message)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for any file; reported when it is read
        return False


def _annotation_path(folder: Path, image_id: str) -> Path:
    return folder / "Annotations" / f"{image_id}.xml"
