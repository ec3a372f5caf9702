"""COCO's file of instances with the folder of its images: the file may be larger than memory."""

import hashlib
import os
from array import array
from collections.abc import Iterator
from functools import partial
from itertools import chain
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import numpy as np

from job.data.formats.base import LoadedSample, Sample, check_id, fingerprint
from job.data.formats.coco_boxes import read_box
from job.data.formats.coco_json import (
    LARGE,
    LISTS,
    KeyNumbers,
    key_of,
    name_of,
    read_categories,
    slim,
)
from job.data.formats.coco_packing import (
    pack_annotation,
    pack_image,
    unpack_annotation,
    unpack_image,
)
from job.data.formats.files import SourceFiles
from job.data.formats.json_stream import read_entries
from job.data.formats.packed_rows import PackedRows, RowsByKey
from job.data.formats.values import ROTATED, declared_side
from job.errors import BadDataError
from job.runtime.names import given


class Instances:
    """One JSON file, packed, and the folder of its images."""

    def __init__(self, folder: SourceFiles, path: str, file: BinaryIO, prefix: str) -> None:
        """Read a file.

        Args:
            folder: Where its images are.
            path: The file, for messages.
            file: The file, opened.
            prefix: Put before each image's id.

        Raises:
            BadDataError: It is not a file of instances.
        """
        self.folder, self.path, self.prefix = folder, path, prefix
        self.used: set[object] = set()
        """The ids of categories that have annotations."""
        self.categories: dict[object, str] = {}
        """The name of each category by its id, after `read_categories`."""
        self._categories: list[dict[str, Any]] = []
        self._images, self._annotations = PackedRows(), PackedRows()
        read = HashedReader(file)
        self._read(read)
        self._digest = read.digest()

    def _read(self, read: "HashedReader") -> None:
        keys = KeyNumbers()
        image_keys, keys_of_annotations = array("q"), array("q")
        for name, entry in read_entries(read, self.path, LISTS, slim):
            if name == "images":
                self._images.append(pack_image(entry))
                image_keys.append(keys.of(entry.get("id")))
            elif name == "annotations":
                self._annotations.append(pack_annotation(entry))
                keys_of_annotations.append(keys.of(entry.get("image_id")))
                self.used.add(key_of(entry.get("category_id")))
            else:
                self._categories.append(entry)
        self._image_keys = np.array(image_keys)
        self._groups = RowsByKey(np.frombuffer(keys_of_annotations, dtype=np.int64))

    @property
    def num_images(self) -> int:
        """The number of images that the file lists."""
        return len(self._images)

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
        names = (str(unpack_image(row).get("file_name")) for row in self._images)
        return fingerprint(chain([self._digest], map(self.folder.size, names)))

    def samples(self) -> Iterator[Sample]:
        """Yield the images, then a broken sample for each annotation of an unlisted image."""
        known, first = np.unique(self._image_keys, return_index=True)
        is_first = np.zeros(len(self._images), dtype=bool)
        is_first[first] = True
        for number, row in enumerate(self._images):
            image = unpack_image(row)
            name = image.get("file_name")
            where = f"{self.path}: images[{number}]"
            if not isinstance(name, str) or "id" not in image:
                yield Sample.broken(where, "an image needs an id and a file_name")
            elif not is_first[number]:
                yield Sample.broken(where, f"the image id {image['id']} occurs twice")
            else:
                image_id = self.prefix + _stem(name)
                yield Sample(image_id, partial(self._load, number, image_id))
        for key, place in self._groups.rows_of_others(known):
            annotation = unpack_annotation(self._annotations[place])
            whose = annotation.get("image_id", key if key < LARGE else None)
            reason = f"image_id {given(whose)} is not the id of an image"
            yield Sample.broken(f"{self.path}: annotation {annotation.get('id')}", reason)

    def _load(self, number: int, image_id: str) -> LoadedSample:
        """Read an image, and take its boxes from what was read of the file."""
        image, where = unpack_image(self._images[number]), f"{self.path}: images[{number}]"
        check_id(image_id, where)
        name: str = image["file_name"]
        data = self.folder.read(name, "image")
        boxes, unreadable, is_rotated = [], [], False
        for row in self._groups.rows(int(self._image_keys[number])):
            annotation = unpack_annotation(self._annotations[row])
            try:
                box, rotation = read_box(annotation, self.categories)
                boxes.append(box)
                is_rotated |= bool(rotation)
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


class HashedReader:
    """Reads a file, and knows the fingerprint of its bytes when all of them have been read."""

    def __init__(self, file: BinaryIO) -> None:
        """Begin at the beginning of a file."""
        self._file = file
        num_bytes = os.fstat(file.fileno()).st_size
        self._total = hashlib.sha256(b"%d:" % num_bytes)  # as `fingerprint` does

    def __call__(self, num_bytes: int) -> bytes:
        """Return the next bytes."""
        data = self._file.read(num_bytes)
        self._total.update(data)
        return data

    def digest(self) -> str:
        """Return what `fingerprint` says of the file."""
        return self._total.hexdigest()


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
