"""COCO: a folder of images and a JSON file of instances for each split."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from functools import cached_property, partial
from pathlib import PurePosixPath
from typing import Any, ClassVar, Self

from pydantic import model_validator

from job.data.formats.base import (
    LoadedSample,
    Sample,
    SourceBox,
    check_id,
    fingerprint,
)
from job.data.formats.coco_json import key_of, name_of, parse_instances, read_categories
from job.data.formats.coco_recognition import recognise_coco
from job.data.formats.file_source import FileSource, Place
from job.data.formats.files import SourceFiles
from job.data.formats.recognition import Contents, Recognised
from job.data.formats.values import ROTATED, declared_side, enclose_rotated, rotation_degrees
from job.errors import BadDataError, UsageError
from job.keys import Split

XYWH = 1
"""Detectron2's number for boxes of top-left corner, width and height in pixels."""


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
    def _splits(self) -> dict[Split, "Instances"]:
        parts: dict[Split, Instances] = {
            "pool": self._read(self.pool_images, self.pool_annotations, self.pool_prefix)
        }
        if self.test_images is not None and self.test_annotations is not None:
            parts["test"] = self._read(self.test_images, self.test_annotations, self.test_prefix)
        used = set().union(*(part.used for part in parts.values()))
        for part in parts.values():
            part.read_categories(used)
        return parts

    def _read(self, images: str, annotations: str, prefix: str | None) -> "Instances":
        folder, (files, name) = self.files(images), self.file(annotations)
        if not folder.exists():
            message = f"{folder.where()}: no such folder"
            raise UsageError(message)
        data = files.read(name, "annotations")
        return Instances(folder, files.where(name), data, prefix or "")

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
        return len(self._splits[split].images) if split in self._splits else 0

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the images in the order of the JSON file, then annotations of no known image."""
        return self._splits[split].samples() if split in self._splits else iter(())


class Instances:
    """One JSON file, parsed, and the folder of its images."""

    def __init__(self, folder: SourceFiles, path: str, data: bytes, prefix: str) -> None:
        """Parse a file.

        Args:
            folder: Where its images are.
            path: The file, for messages.
            data: What it holds.
            prefix: Put before each image's id.

        Raises:
            BadDataError: It is not a file of instances.
        """
        self.folder, self.path, self.prefix = folder, path, prefix
        self._digest = fingerprint([data])
        content = parse_instances(path, data)
        self.images = content["images"]
        self._annotations: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        for annotation in content["annotations"]:
            self._annotations[key_of(annotation.get("image_id"))].append(annotation)
        self.used = {key_of(annotation.get("category_id")) for annotation in content["annotations"]}
        """The ids of categories that have annotations."""
        self._categories = content["categories"]
        self.categories: dict[object, str] = {}
        """The name of each category by its id, after `read_categories`."""

    def read_categories(self, used: set[object]) -> None:
        """Read the categories' names.

        Args:
            used: The ids of categories that have annotations in either file. An unused category
                with the name of a used one is left out, such as the root of Roboflow's exports.
        """
        names = {name_of(entry) for entry in self._categories if key_of(entry.get("id")) in used}
        self.categories = read_categories(
            self.path,
            [
                entry
                for entry in self._categories
                if key_of(entry.get("id")) in used or name_of(entry) not in names
            ],
        )

    def digest(self) -> str:
        """Return the digest of the JSON file and of the images' sizes in bytes."""
        names = (str(image.get("file_name")) for image in self.images)
        return fingerprint([self._digest, *map(self.folder.size, names)])

    def samples(self) -> Iterator[Sample]:
        """Yield the images, then a broken sample for each annotation of an unlisted image."""
        seen = set()
        for number, image in enumerate(self.images):
            key, name = key_of(image.get("id")), image.get("file_name")
            where = f"{self.path}: images[{number}]"
            if not isinstance(name, str) or "id" not in image:
                yield Sample.broken(where, "an image needs an id and a file_name")
            elif key in seen:
                yield Sample.broken(where, f"the image id {image['id']} occurs twice")
            else:
                image_id = self.prefix + _stem(name)
                yield Sample(image_id, partial(self._load, image, image_id, where))
            seen.add(key)
        for key, annotations in self._annotations.items():
            if key not in seen:
                for annotation in annotations:
                    reason = f"image_id {annotation.get('image_id')!r} is not the id of an image"
                    yield Sample.broken(f"{self.path}: annotation {annotation.get('id')}", reason)

    def _load(self, image: dict[str, Any], image_id: str, where: str) -> LoadedSample:
        """Read an image, and take its boxes from what was parsed."""
        check_id(image_id, where)
        name: str = image["file_name"]
        data = self.folder.read(name, "image")
        boxes, unreadable, is_rotated = [], [], False
        for annotation in self._annotations.get(key_of(image["id"]), ()):
            try:
                boxes.append(self._read_box(annotation))
                is_rotated |= bool(_rotation(annotation, "") % 360)
            except BadDataError as error:
                unreadable.append(str(error))
        return LoadedSample(
            data=data,
            suffix=PurePosixPath(name).suffix,
            image_file=self.folder.where(name),
            annotation_file=self.path,
            boxes=tuple(boxes),
            unreadable=tuple(unreadable),
            declared_wh=_declared_size(image, where),
            remarks=(ROTATED,) * is_rotated,
        )

    def _read_box(self, annotation: dict[str, Any]) -> SourceBox:
        """Return an annotation's box, for which COCO gives top-left corner, width and height."""
        where = f"annotation {annotation.get('id')}"
        label = self.categories.get(key_of(annotation.get("category_id")))
        if label is None:
            message = f"{where}: category_id {annotation.get('category_id')!r} is not a category"
            raise BadDataError(message)
        box = annotation.get("bbox")
        if not isinstance(box, list) or len(box) != 4 or not all(map(_is_number, box)):  # noqa: PLR2004 - x, y, width, height
            message = f"{where} {label!r}: bbox {box!r} is not four numbers"
            raise BadDataError(message)
        if annotation.get("bbox_mode", XYWH) != XYWH:
            message = (
                f"{where} {label!r}: bbox_mode {annotation['bbox_mode']!r}: a bbox must be the "
                "top-left corner, width and height in pixels"
            )
            raise BadDataError(message)
        crowd = annotation.get("iscrowd", 0)
        if crowd not in (0, 1):
            message = f"{where} {label!r}: iscrowd {crowd!r} is neither 0 nor 1"
            raise BadDataError(message)
        x, y, width, height = (float(number) for number in box)
        rotation = _rotation(annotation, f"{where} {label!r}")
        corners_xyxy = (x, y, x + width, y + height)
        if rotation % 360:
            corners_xyxy = enclose_rotated(corners_xyxy, rotation)
        told = f", rotation {rotation:g}" if rotation % 360 else ""
        return SourceBox(
            corners_xyxy=corners_xyxy,
            label=label,
            where=f"{where} {label!r} (bbox {box}{told})",
            crowd=bool(crowd),
        )


def _rotation(annotation: dict[str, Any], where: str) -> float:
    return rotation_degrees(annotation.get("rotation"), where)


def _declared_size(image: dict[str, Any], where: str) -> tuple[float, float]:
    try:
        width, height = (declared_side(image.get(name), name) for name in ("width", "height"))
    except BadDataError as error:
        message = f"{where}: {error}"
        raise BadDataError(message) from error
    return width, height


def _stem(file_name: str) -> str:
    """Return a file's name without its suffix, with its folders."""
    path = PurePosixPath(file_name)
    return str(path.with_suffix("")) if path.suffix else file_name


def _is_number(value: object) -> bool:
    """Return whether a value is a number that a float can hold; NaN and infinity are."""
    return isinstance(value, float) or (type(value) is int and abs(value) < 2**53)


def _merge(parts: Collection[Instances]) -> dict[Any, str]:
    """Return the categories of all files."""
    merged = {key: name for part in parts for key, name in part.categories.items()}
    agree = all(merged[key] == name for part in parts for key, name in part.categories.items())
    if not agree or len(set(merged.values())) != len(merged):
        where = " and ".join(part.path for part in parts)
        message = f"{where}: their categories disagree in ids and names"
        raise BadDataError(message)
    return merged
