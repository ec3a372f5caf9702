"""Images without annotations: a pool to be labelled, with or without a labelled test set."""

import posixpath
from collections.abc import Iterator
from functools import cached_property, partial
from typing import ClassVar, Self

from pydantic import Field, model_validator

from job.data.formats.base import LoadedSample, Sample, Source, check_id, fingerprint
from job.data.formats.class_names import named_classes
from job.data.formats.file_source import FileSource, Place
from job.data.formats.files import SourceFiles, decode, is_image
from job.data.formats.recognition import Contents, Recognised
from job.errors import BadDataError, UsageError
from job.keys import Split


class ImagesSource(FileSource):
    """A pool of images without annotations, which are to be labelled."""

    kind: ClassVar[str] = "images"

    pool: Place
    """Folder of the images with all folders below it, or a .txt file of their names."""
    class_names: str | None = Field(None, alias="classes")
    """Classes to be labelled, in order: such as car,bus, or a .txt or .names file of lines."""
    test: Source | None = None
    """Test set: another format with its options, such as 'voc --root DIR --pool test'."""
    pool_prefix: str | None = None
    """Put before each id, such as pool/, if names occur in the test set, too."""

    @model_validator(mode="after")
    def _check_test(self) -> Self:
        if self.test and not (self.test.has_test or self.test.annotates_pool):
            message = "--test: its images need annotations"
            raise ValueError(message)
        return self

    @classmethod
    def recognise(cls, contents: Contents) -> Iterator[Recognised]:
        """Yield how to ingest a folder of images, for which nothing else is found."""
        num_images = sum(map(is_image, contents.names))
        if num_images:
            yield Recognised(
                f"{num_images:,} images without annotations",
                {"pool": contents.files.where(), "classes": "NAMES"},
                "replace NAMES by the classes to be labelled, such as car,bus",
                is_last_resort=True,
            )

    def prepare(self) -> None:
        """Prepare the source of the test set."""
        if self.test:
            self.test.prepare()

    @property
    def is_remote(self) -> bool:
        """Whether a part of the images is in a bucket."""
        return super().is_remote or (self.test is not None and self.test.is_remote)

    @property
    def has_test(self) -> bool:
        """Whether a test set is named."""
        return self.test is not None

    @property
    def annotates_pool(self) -> bool:
        """No: the images are to be labelled."""
        return False

    @cached_property
    def classes(self) -> tuple[str, ...] | None:
        """The classes that are named, or else those of the test set.

        Raises:
            UsageError: A name is missing, or occurs twice.
            BadDataError: The file of classes cannot be read.
        """
        if self.class_names is not None:
            return named_classes(self.class_names, "--classes", self.file)
        return self.test.classes if self.test else None

    @cached_property
    def _images(self) -> tuple[SourceFiles, list[str]]:
        """The images' folder and their names there."""
        if self.pool.endswith(".txt"):
            return _read_list(*self.file(self.pool))
        files = self.files(self.pool)
        if not files.exists():
            message = f"{files.where()}: no such folder"
            raise UsageError(message)
        return files, [name for name in files.names() if is_image(name)]

    def identity(self) -> dict[str, str | int]:
        """Return the digest of the images' names and sizes, the classes, and the test's identity.

        Raises:
            UsageError: There is no such folder.
            BadDataError: A list or a file of classes cannot be read.
        """
        files, names = self._images
        parts = (part for name in names for part in (name, files.size(name)))
        result: dict[str, str | int] = {"pool_digest": fingerprint(parts)}
        if self.class_names is not None:
            result["classes"] = ",".join(self.classes or ())
        if self.pool_prefix:
            result["pool_prefix"] = self.pool_prefix
        if self.test:
            result["test"] = self.test.kind
            result |= {f"test_{key}": value for key, value in self.test.identity().items()}
        return result

    def num_images(self, split: Split) -> int:
        """Return the number of images of the folder or list, or that of the test set."""
        if split == "pool":
            return len(self._images[1])
        return self.test.num_images(_split_of(self.test)) if self.test else 0

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the images, in code point order or in the list's order."""
        if split == "test":
            return self.test.samples(_split_of(self.test)) if self.test else iter(())
        return map(self._sample, self._images[1])

    def _sample(self, name: str) -> Sample:
        image_id = (self.pool_prefix or "") + posixpath.splitext(name)[0]
        return Sample(image_id, partial(self._load, name))

    def _load(self, name: str) -> LoadedSample:
        files = self._images[0]
        where = files.where(name)
        check_id(name, where)
        suffix = posixpath.splitext(name)[1]
        return LoadedSample(files.read(name, "image"), suffix, where, where, ())


def _read_list(files: SourceFiles, name: str) -> tuple[SourceFiles, list[str]]:
    """Return the images that a list names, by paths below a folder that holds all of them.

    The lines are paths, from the list's folder on. If one of them leads out of it, the folder is
    the deepest one that holds all images.
    """
    where = files.where(name)
    lines = decode(files.read(name, "list of images"), where).splitlines()
    names = []
    for number, line in enumerate(lines, start=1):
        if "://" in line:
            message = (
                f"{where}, line {number}: {line!r} is not a path; put the list into the bucket"
            )
            raise BadDataError(message)
        if line.strip():
            names.append(posixpath.normpath(line.strip()))
    if not any(each.startswith(("/", "../")) for each in names):
        return files, names
    try:
        folder = posixpath.commonpath([posixpath.dirname(each) for each in names])
    except ValueError as error:
        message = f"{where}: some paths begin with a slash and some do not; write all in one way"
        raise BadDataError(message) from error
    above = f"{folder.rstrip('/')}/" if folder else ""
    return files.below(folder), [each.removeprefix(above) for each in names]


def _split_of(test: Source) -> Split:
    """Return which images of another source the test set is: its own, or all if it has none."""
    return "test" if test.has_test else "pool"
