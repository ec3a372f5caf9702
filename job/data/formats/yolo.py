"""YOLO: images with a label file each, in Ultralytics' layout or in Darknet's."""

import posixpath
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property, partial
from itertools import chain
from pathlib import PurePosixPath
from typing import ClassVar, Literal

from job.data.formats.base import REMOTE_THREADS, LoadedSample, Sample, check_id, fingerprint
from job.data.formats.file_source import FileSource, Place
from job.data.formats.files import SourceFiles
from job.data.formats.recognition import Contents, Recognised
from job.data.formats.yolo_description import NO_TEST, SPLITS, Description, read_description
from job.data.formats.yolo_images import NO_IMAGES, ImageSet, read_image_set
from job.data.formats.yolo_labels import YoloLabels, read_labels
from job.data.formats.yolo_paths import is_folder, label_names
from job.data.formats.yolo_recognition import recognise_yolo
from job.errors import BadDataError, MissingObjectError, UsageError
from job.keys import Split
from job.runtime.names import unknown
from job.runtime.parallel import in_threads

NO_LABELS = (
    "have no label file, in labels instead of images or beside them, and were taken as images "
    "without objects"
)
MOVED = "were found below the data set's folder, and not where its description says"


class YoloSource(FileSource):
    """A data set in YOLO's layout: that of Ultralytics, or that of Darknet."""

    kind: ClassVar[str] = "yolo"

    data: Place
    """The data set's data.yaml (Ultralytics) or obj.data (Darknet)."""
    root: Place | None = None
    """Folder that its train and val are below; unset: the one that it names, or its own."""
    pool: str = "train"
    """The split that the pool is made of, or several, such as train+test."""
    test: str = "val"
    """The split that the test set is made of; valid is another word for val. none: no test set."""
    missing_annotation: Literal["refuse", "empty"] = "empty"
    """What an image without a label file is: empty, which has no objects, or refuse."""
    pool_prefix: str | None = None
    """Put before each id of the pool, such as pool/, if names occur in both splits."""
    test_prefix: str | None = None
    """Put before each id of the test set, such as test/."""

    @classmethod
    def recognise(cls, contents: Contents) -> Iterator[Recognised]:
        """Yield how to ingest a folder that looks like this format."""
        return recognise_yolo(contents)

    @cached_property
    def _description(self) -> Description:
        return self._describe()

    def _describe(self) -> Description:
        return read_description(*self.file(self.data))

    @cached_property
    def _folder(self) -> SourceFiles:
        """The folder that everything is below, or is looked for below."""
        return self.file(self.data)[0] if self.root is None else self.files(self.root)

    @cached_property
    def _path(self) -> str:
        """The folder below it that entries begin at, as the description writes it."""
        return self._description.path if self.root is None else ""

    @cached_property
    def _splits(self) -> dict[Split, ImageSet]:
        """The images of each split.

        Raises:
            UsageError: The description has no such split, or both are the same.
        """
        description = self._description
        entries = {
            split: [posixpath.join(self._path, entry) for entry in _entries(description, text)]
            for split, text in self._names.items()
            if text != NO_TEST
        }
        if same := set(entries["pool"]) & set(entries.get("test", ())):
            message = (
                f"{description.where}: pool and test are both made of {min(same)}, and a "
                f"test set needs images of its own; --test {NO_TEST} makes a data set without one"
            )
            raise UsageError(message)
        base = self._path if is_folder(self._folder, self._path) else ""
        read = partial(read_image_set, self._folder, base=base, are_lists=description.are_lists)
        return {split: read(each) for split, each in entries.items()}

    @property
    def _names(self) -> dict[Split, str]:
        return {"pool": self.pool, "test": self.test}

    @property
    def has_test(self) -> bool:
        """Whether a test set is named."""
        return self.test != NO_TEST

    @property
    def classes(self) -> tuple[str, ...]:
        """All classes, in the order of their numbers."""
        return self._description.classes

    def identity(self) -> dict[str, str | int]:
        """Return the digests of the classes, and of each split's ids, labels and images' sizes.

        Raises:
            UsageError: There is no such description, folder, split or list.
            BadDataError: One of them cannot be read.
        """
        shape = self._description.keypoint_shape or ()
        result: dict[str, str | int] = {
            "classes_digest": fingerprint([*self._description.classes, *shape])
        }
        for split, images in self._splits.items():
            result[f"{split}_digest"] = fingerprint(chain.from_iterable(self._identities(images)))
        if self.missing_annotation != "empty":
            result["missing_annotation"] = self.missing_annotation
        prefixes = {"pool_prefix": self.pool_prefix, "test_prefix": self.test_prefix}
        return result | {name: prefix for name, prefix in prefixes.items() if prefix}

    def _identities(self, images: ImageSet) -> Iterator[tuple[str, int, bytes]]:
        """Yield what tells each image from others."""
        identify, names = partial(self._identity, images), iter(images.names)
        if not self.is_remote:
            return map(identify, names)
        return in_threads(identify, names, REMOTE_THREADS, 2 * REMOTE_THREADS)

    def _identity(self, images: ImageSet, name: str) -> tuple[str, int, bytes]:
        """Return what tells an image from others: its id, its size in bytes and its label file."""
        try:
            _, labels = self._label_file(name)
        except BadDataError:  # reported when its turn comes
            labels = b""
        return images.id_of(name), self._folder.size(name), labels

    def num_images(self, split: Split) -> int:
        """Return the number of images, and of label files without an image."""
        images = self._splits.get(split, NO_IMAGES)
        return len(images.names) + len(images.stray_labels)

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the images in the order of the folders and lists, then stray label files."""
        images = self._splits.get(split, NO_IMAGES)
        prefix = (self.pool_prefix if split == "pool" else self.test_prefix) or ""
        for name in images.names:
            image_id = prefix + images.id_of(name)
            remarks = (MOVED,) * images.is_moved
            yield Sample(image_id, partial(self._load, name, image_id, remarks))
        for name in images.stray_labels:
            yield Sample.broken(self._folder.where(name), "there is no image of this name")

    def _load(self, name: str, image_id: str, remarks: tuple[str, ...]) -> LoadedSample:
        """Read an image and its label file."""
        where = self._folder.where(name)
        check_id(image_id, where)
        data = self._folder.read(name, "image")
        label_file, labels = self._read_labels(name)
        return LoadedSample(
            data=data,
            suffix=PurePosixPath(name).suffix,
            image_file=where,
            annotation_file=label_file,
            boxes=labels.boxes if labels else (),
            unreadable=labels.unreadable if labels else (),
            in_shares=True,
            remarks=remarks if labels else (*remarks, NO_LABELS),
        )

    def _read_labels(self, name: str) -> tuple[str, YoloLabels | None]:
        """Return the label file of an image, and its labels; None if there is no such file."""
        try:
            label_file, data = self._label_file(name)
        except MissingObjectError:
            if self.missing_annotation == "refuse":
                raise
            return "", None
        where = self._folder.where(label_file)
        shape = self._description.keypoint_shape
        return where, read_labels(data, where, self.classes, shape)

    def _label_file(self, name: str) -> tuple[str, bytes]:
        """Return the name of an image's label file, and its bytes.

        Raises:
            MissingObjectError: There is none.
            BadDataError: It cannot be read.
        """
        label_files = list(label_names(name))
        for label_file in label_files:
            with suppress(MissingObjectError):
                return label_file, self._folder.read(label_file)
        message = (
            f"{self._folder.where(label_files[0])}: no such label file; --missing-annotation empty "
            "takes its image as one without objects"
        )
        raise MissingObjectError(message)


def _entries(description: Description, text: str) -> tuple[str, ...]:
    """Return the folders and lists of the splits that an option names, such as `train+test`."""
    known = sorted(description.splits)
    entries: list[str] = []
    for part in text.split("+"):
        name = SPLITS.get(part.strip(), part.strip())
        if name not in description.splits:
            advice = unknown(part.strip(), known)
            message = (
                f"{description.where}: split {advice}; name them with --pool and --test "
                "(--test none: no test set)"
            )
            raise UsageError(message)
        entries += description.splits[name]
    return tuple(entries)
