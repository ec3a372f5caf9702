"""COCO: a folder of images and a JSON file of instances for each split."""

from collections.abc import Collection, Iterator
from functools import cached_property
from typing import Any, ClassVar, Self

from pydantic import model_validator

from job.data.formats.base import Sample
from job.data.formats.coco_instances import Instances
from job.data.formats.coco_recognition import recognise_coco
from job.data.formats.file_source import FileSource, Place
from job.data.formats.recognition import Contents, Recognised
from job.errors import BadDataError, UsageError
from job.keys import Split


class CocoSource(FileSource):
    """A data set in COCO's layout."""

    kind: ClassVar[str] = "coco"

    pool_images: Place
    """Folder of the pool's images."""
    pool_annotations: Place
    """JSON file of the pool's instances."""
    test_images: Place | None = None
    """Folder of the test images; unset: no test set."""
    test_annotations: Place | None = None
    """JSON file of the test instances."""
    pool_prefix: str | None = None
    """Put before each id of the pool, such as pool/, if names occur in both splits."""
    test_prefix: str | None = None
    """Put before each id of the test set, such as test/."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.test_images is None) != (self.test_annotations is None):
            message = "--test-images, --test-annotations: give both, or neither"
            raise ValueError(message)
        return self

    @property
    def has_test(self) -> bool:
        """Whether test images are named."""
        return self.test_images is not None

    @classmethod
    def recognise(cls, contents: Contents) -> Iterator[Recognised]:
        """Yield how to ingest a folder that looks like this format."""
        return recognise_coco(contents)

    @cached_property
    def _splits(self) -> dict[Split, Instances]:
        parts: dict[Split, Instances] = {
            "pool": self._read(self.pool_images, self.pool_annotations, self.pool_prefix)
        }
        if self.test_images is not None and self.test_annotations is not None:
            parts["test"] = self._read(self.test_images, self.test_annotations, self.test_prefix)
        used = set().union(*(part.used for part in parts.values()))
        for part in parts.values():
            part.read_categories(used)
        return parts

    def _read(self, images: str, annotations: str, prefix: str | None) -> Instances:
        folder, (files, name) = self.files(images), self.file(annotations)
        if not folder.exists():
            message = f"{folder.where()}: no such folder"
            raise UsageError(message)
        with files.open(name, "annotations") as file:
            return Instances(folder, files.where(name), file, prefix or "")

    @property
    def classes(self) -> tuple[str, ...]:
        """All categories, in the order of their ids.

        Raises:
            BadDataError: A category has two ids, or an id two names.
        """
        categories = _merge(self._splits.values())
        return tuple(categories[number] for number in sorted(categories))

    def identity(self) -> dict[str, str | int]:
        """Return each split's digest of its JSON file and its images' sizes in bytes.

        Raises:
            UsageError: A folder is missing.
            BadDataError: A JSON file is missing, malformed, or not a file of instances.
        """
        _merge(self._splits.values())
        digests: dict[str, str | int] = {
            f"{split}_digest": part.digest() for split, part in self._splits.items()
        }
        prefixes = {f"{split}_prefix": part.prefix for split, part in self._splits.items()}
        return digests | {name: prefix for name, prefix in prefixes.items() if prefix}

    def num_images(self, split: Split) -> int:
        """Return the number of images in the split's JSON file."""
        return self._splits[split].num_images if split in self._splits else 0

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the images in the order of the JSON file, then annotations of no known image."""
        return self._splits[split].samples() if split in self._splits else iter(())


def _merge(parts: Collection[Instances]) -> dict[Any, str]:
    """Return the categories of all files."""
    merged = {key: name for part in parts for key, name in part.categories.items()}
    agree = all(merged[key] == name for part in parts for key, name in part.categories.items())
    if not agree or len(set(merged.values())) != len(merged):
        where = " and ".join(part.path for part in parts)
        message = f"{where}: their categories disagree in ids and names"
        raise BadDataError(message)
    return merged
