"""Pascal VOC: a flat folder, or a devkit with a folder for each year."""

from collections.abc import Iterator
from functools import cached_property, partial
from itertools import chain
from pathlib import PurePosixPath
from typing import ClassVar, Literal

from pydantic import Field

from job.data.decoding import SUFFIXES
from job.data.formats.base import REMOTE_THREADS, LoadedSample, Sample, check_id, fingerprint
from job.data.formats.file_source import FileSource, Place, is_url
from job.data.formats.recognition import Contents, Recognised
from job.data.formats.voc_download import download_voc
from job.data.formats.voc_folder import VocFolder
from job.data.formats.voc_lists import ImageList, ListedImage
from job.data.formats.voc_recognition import recognise_voc
from job.data.formats.voc_splits import parse_splits
from job.data.formats.voc_xml import VocAnnotation, read_annotation
from job.errors import BadDataError, MissingObjectError, UsageError
from job.keys import Split
from job.runtime.parallel import in_threads
from job.runtime.paths import user_path

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

    @classmethod
    def recognise(cls, contents: Contents) -> Iterator[Recognised]:
        """Yield how to ingest a folder that looks like this format."""
        return recognise_voc(contents)

    def prepare(self) -> None:
        """Download the archives, if that is asked for."""
        if self.download and is_url(self.root):
            message = f"--download: {self.root} is a URL; download to a folder, and copy it there"
            raise UsageError(message)
        if self.download:
            download_voc(user_path(self.root), *self._names.values())

    @property
    def classes(self) -> None:
        """None: VOC's files do not list the classes."""

    @cached_property
    def _lists(self) -> dict[Split, list[ImageList]]:
        """The lists of each split, in `ImageSets/Main`."""
        names = {split: parse_splits(text) for split, text in self._names.items()}
        years = {name.year for each in names.values() for name in each}
        root = self.files(self.root)
        folders = {year: VocFolder(root, year) for year in years}
        return {
            split: [ImageList(folders[name.year], name.name) for name in each]
            for split, each in names.items()
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
                chain.from_iterable(self._identities(chain(*lists)))
            )
        for name in ("missing_annotation", "pixels_from"):
            if getattr(self, name) != type(self).model_fields[name].default:
                result[name] = getattr(self, name)
        return result

    def _identities(self, images: Iterator[ListedImage]) -> Iterator[tuple[str, int, bytes]]:
        """Yield what tells each image from others."""
        if not self.is_remote:
            return map(_identity, images)
        return in_threads(_identity, images, REMOTE_THREADS, 2 * REMOTE_THREADS)

    def num_images(self, split: Split) -> int:
        """Return the number of ids in the split's lists."""
        return sum(map(len, self._lists.get(split, [])))

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the images in the order of the lists."""
        for image in chain(*self._lists.get(split, [])):
            yield Sample(image.id, partial(self._load, image))

    def _load(self, image: ListedImage) -> LoadedSample:
        """Read an image and its XML file."""
        check_id(image.id, image.where)
        folder = image.of.folder
        images = folder.images
        name, is_ambiguous = folder.find_image(image.id)
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
            annotation_file=folder.annotations.where(image.annotation),
            boxes=annotation.boxes,
            unreadable=annotation.unreadable,
            declared_wh=annotation.declared_wh,
            remarks=annotation.remarks + (SEVERAL_FILES,) * is_ambiguous,
        )

    def _read_annotation(self, image: ListedImage) -> VocAnnotation:
        files, name = image.of.folder.annotations, image.annotation
        try:
            data = files.read(name, "annotation")
        except MissingObjectError as error:
            if self.missing_annotation == "empty":
                return VocAnnotation(remarks=(NO_ANNOTATION,))
            message = f"{error}; --missing-annotation empty takes its image as one without objects"
            raise BadDataError(message) from error
        return read_annotation(data, files.where(name), self.pixels_from)


def _identity(image: ListedImage) -> tuple[str, int, bytes]:
    """Return what tells an image from others: its id, its size in bytes and its XML file."""
    folder = image.of.folder
    try:
        xml = folder.annotations.read(image.annotation)
    except BadDataError:  # reported when its turn comes
        xml = b""
    return image.id, folder.images.size(folder.find_image(image.id)[0]), xml
