"""Pascal VOC: a flat folder, or a devkit with a folder for each year."""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cached_property, partial
from itertools import chain
from pathlib import PurePosixPath
from threading import Lock
from typing import ClassVar, Literal

from pydantic import Field

from job.data.decoding import SUFFIXES
from job.data.formats.base import LoadedSample, Sample, check_id, fingerprint
from job.data.formats.files import FileSource, Place
from job.data.formats.voc_download import download_voc
from job.data.formats.voc_lists import ImageList, ListedImage
from job.data.formats.voc_splits import parse_splits
from job.data.formats.voc_xml import VocAnnotation, read_annotation
from job.errors import BadDataError, MissingObjectError
from job.keys import Split
from job.runtime.paths import user_path

NO_IMAGE_SUFFIXES = (".xml", ".json", ".txt", ".csv")
"""Suffixes of files that tools write beside images."""

NO_ANNOTATION = "have no XML file and were taken as images without objects"
SEVERAL_FILES = "are there with several suffixes, of which the first of {} was taken".format(
    ", ".join(SUFFIXES)
)


class VocSource(FileSource):
    """A data set in Pascal VOC's layout."""

    kind: ClassVar[str] = "voc"

    root: Place
    """Folder with JPEGImages, Annotations and ImageSets; for years, with VOC2012 or VOCdevkit."""
    pool: str
    """Lists in ImageSets/Main, such as train, or 2007/trainval+2012/trainval."""
    test: str | None = None
    """Lists in ImageSets/Main, such as test, or 2007/test; unset: no test set."""
    download: bool = False
    """Download VOC's archives of the named years, and unpack them below --root."""
    missing_annotation: Literal["refuse", "empty"] = "refuse"
    """What an image without an XML file is: refuse, or empty, which has no objects."""
    pixels_from: int = Field(1, ge=0, le=1)
    """The number of the first pixel: 1, or 0 for CVAT, datumaro and Label Studio."""

    def prepare(self) -> None:
        """Download the archives, if that is asked for."""
        if self.download:
            download_voc(user_path(self.root), *self._names.values())

    @property
    def classes(self) -> None:
        """None: VOC's files do not list the classes."""

    @cached_property
    def _lists(self) -> dict[Split, list[ImageList]]:
        """The lists of each split, in `ImageSets/Main`."""
        root = self.files(self.root)
        return {
            split: [ImageList(root, name) for name in parse_splits(text)]
            for split, text in self._names.items()
        }

    @property
    def _names(self) -> dict[Split, str]:
        names: dict[Split, str] = {"pool": self.pool}
        return names if self.test is None else names | {"test": self.test}

    @property
    def has_test(self) -> bool:
        """Whether lists of a test set are named."""
        return self.test is not None

    def identity(self) -> dict[str, str | int]:
        """Return each split's name, and the digest of its ids, XML files and images' sizes.

        Raises:
            UsageError: There is no such root, year or list.
            BadDataError: A list cannot be read.
        """
        result: dict[str, str | int] = {}
        for split, lists in self._lists.items():
            result[split] = self._names[split]
            result[f"{split}_digest"] = fingerprint(
                part for image in chain(*lists) for part in self._identity(image)
            )
        for name in ("missing_annotation", "pixels_from"):
            if getattr(self, name) != type(self).model_fields[name].default:
                result[name] = getattr(self, name)
        return result

    def _identity(self, image: ListedImage) -> tuple[str, int, bytes]:
        """Return what tells an image from others: its id, its size in bytes and its XML file."""
        try:
            xml = image.of.annotations.read(image.annotation)
        except BadDataError:  # reported when its turn comes
            xml = b""
        return image.id, image.of.images.size(self._images.find(image)[0]), xml

    def num_images(self, split: Split) -> int:
        """Return the number of ids in the split's lists."""
        return sum(map(len, self._lists.get(split, [])))

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the images in the order of the lists."""
        for image in chain(*self._lists.get(split, [])):
            yield Sample(image.id, partial(self._load, image))

    @cached_property
    def _images(self) -> "ImageFiles":
        return ImageFiles()

    def _load(self, image: ListedImage) -> LoadedSample:
        """Read an image and its XML file."""
        check_id(image.id, image.where)
        images = image.of.images
        name, is_ambiguous = self._images.find(image)
        if image.id.lower().endswith(SUFFIXES) and not images.has(name):
            message = (
                f"{images.where(name)}: no such image; ids in a list have no suffix, but that of "
                f"{image.where} is {image.id!r}"
            )
            raise BadDataError(message)
        data = images.read(name, f"image, nor one with another suffix; {image.where} names it")
        annotation = self._read_annotation(image)
        return LoadedSample(
            data=data,
            suffix=PurePosixPath(name).suffix,
            image_file=images.where(name),
            annotation_file=image.of.annotations.where(image.annotation),
            boxes=annotation.boxes,
            unreadable=annotation.unreadable,
            declared_wh=annotation.declared_wh,
            remarks=annotation.remarks + (SEVERAL_FILES,) * is_ambiguous,
        )

    def _read_annotation(self, image: ListedImage) -> VocAnnotation:
        files, name = image.of.annotations, image.annotation
        try:
            data = files.read(name, "annotation")
        except MissingObjectError as error:
            if self.missing_annotation == "empty":
                return VocAnnotation(remarks=(NO_ANNOTATION,))
            message = f"{error}; --missing-annotation empty takes its image as one without objects"
            raise BadDataError(message) from error
        return read_annotation(data, files.where(name), self.pixels_from)


class ImageFiles:
    """Finds the files of images, by one listing of each folder of images."""

    def __init__(self) -> None:
        self._listings: dict[str, list[str]] = {}
        self._lock = Lock()

    def find(self, image: ListedImage) -> tuple[str, bool]:
        """Return the name of an image's file, and whether other files could be meant, too.

        If there is none, it is the name that VOC would give it, or a file with the same stem that
        is not of a format that can be read.
        """
        suffixes = list(self._suffixes(image))
        known = sorted(
            (suffix for suffix in suffixes if suffix.lower() in SUFFIXES),
            key=lambda suffix: (SUFFIXES.index(suffix.lower()), suffix.isupper(), suffix),
        )
        unknown = [suffix for suffix in suffixes if suffix.lower() not in NO_IMAGE_SUFFIXES]
        suffix = (known or unknown or SUFFIXES)[0]
        return f"{image.id}{suffix}", len(known) > 1

    def _suffixes(self, image: ListedImage) -> Iterator[str]:
        """Yield the suffixes of the files that have an image's id as their stem, sorted."""
        folder = image.of.images.where()
        with self._lock:
            if folder not in self._listings:
                self._listings[folder] = list(image.of.images.names())
            names = self._listings[folder]
        for number in range(bisect_left(names, f"{image.id}."), len(names)):
            if not names[number].startswith(f"{image.id}."):
                return
            suffix = names[number][len(image.id) :]
            if suffix.rfind(".") == 0 and "/" not in suffix:
                yield suffix
