"""Whether a folder has COCO's JSON files, and which of them are pool and test."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from job.data.formats.coco_json import LISTS, slim
from job.data.formats.json_stream import read_entries
from job.data.formats.recognition import NO_TEST_SET, Contents, Recognised
from job.errors import BadDataError

ROBOFLOW = "_annotations.coco.json"
"""The name in exports of Roboflow, which is a format of its own."""

MAX_BYTES = 100_000_000
"""A larger file is judged by its name."""
MAX_FILES = 20
FOLDERS = ("annotation", "label")
NUM_CHECKED = 20
"""So many images of a file have to be in a folder."""

POOL_WORDS = ("train", "pool", "trainval")
TEST_WORDS = ("val", "valid", "validation", "test")
"""The first one that is there is the test set."""


@dataclass(frozen=True)
class JsonFile:
    """A JSON file of instances and the folder of its images."""

    name: str
    images: str | None
    """None: it was not found."""

    @property
    def words(self) -> set[str]:
        """The words of its name."""
        return _words(self.name)


def recognise_coco(contents: Contents) -> Iterator[Recognised]:
    """Yield the options for JSON files of instances, in the folder or in its `annotations`."""
    names = [
        name
        for name in contents.names
        if name.endswith(".json") and _is_place(name) and not name.endswith(ROBOFLOW)
    ]
    found = [file for name in names[:MAX_FILES] if (file := _read(contents, name))]
    if any("instances" in file.words for file in found):  # beside captions and keypoints
        found = [file for file in found if "instances" in file.words]
    if found:
        yield _recognised(contents, found)


def _is_place(name: str) -> bool:
    """Return whether a file is directly in the folder, or in one such as `annotations`."""
    folder = posixpath.dirname(name)
    return not folder or ("/" not in folder and any(word in folder.lower() for word in FOLDERS))


def _recognised(contents: Contents, found: list[JsonFile]) -> Recognised:
    pool = _with_word(found, POOL_WORDS) or found[0]
    test = _with_word([file for file in found if file != pool], TEST_WORDS)
    options, missing = {}, []
    for split, file in (("pool", pool), ("test", test)):
        if file:
            options[f"{split}_images"] = "FOLDER"
            if file.images is None:
                missing.append(file.name)
            else:
                options[f"{split}_images"] = contents.files.where(file.images)
            options[f"{split}_annotations"] = contents.files.where(file.name)
    names = ", ".join(file.name for file in found)
    return Recognised(
        f"JSON files of instances: {names}{'' if test else NO_TEST_SET}",
        options,
        f"name the folder of the images of {' and '.join(missing)}" if missing else "",
    )


def _with_word(found: list[JsonFile], words: tuple[str, ...]) -> JsonFile | None:
    """Return the first file whose name has the first possible of some words."""
    return next((file for word in words for file in found if word in file.words), None)


def _read(contents: Contents, name: str) -> JsonFile | None:
    """Return a file of instances; None if it is not one."""
    if contents.files.size(name) > MAX_BYTES:
        stem = posixpath.splitext(posixpath.basename(name))[0]
        folder = next((each for each in contents.folders() if each in stem), None)
        return JsonFile(name, folder) if folder else None
    try:
        with contents.files.open(name) as file:
            entries = list(read_entries(file.read, name, LISTS, slim))
    except BadDataError:
        return None
    images = [entry for key, entry in entries if key == "images"]
    files = [str(image.get("file_name")) for image in images[:NUM_CHECKED]]
    return JsonFile(name, _folder_of(contents, files, name)) if files else None


def _folder_of(contents: Contents, files: list[str], annotations: str) -> str | None:
    """Return the folder that has all of some images.

    If several have, it is the one whose name is most like that of the annotations.
    """
    ending = f"/{files[0]}"
    folders = [
        found.removesuffix(ending).removeprefix("/")
        for found in (f"/{name}" for name in contents.names)
        if found.endswith(ending)
    ]
    complete = [
        folder
        for folder in folders
        if all(contents.has(posixpath.join(folder, file)) for file in files)
    ]
    return max(complete, key=lambda folder: len(_words(folder) & _words(annotations)), default=None)


def _words(name: str) -> set[str]:
    """Return the words of a name, such as `train` of `instances_train2017.json`."""
    return set(re.findall("[a-z]+", name.lower()))
