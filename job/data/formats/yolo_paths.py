"""Paths of YOLO data sets, which were often written on another machine."""

import posixpath
from collections.abc import Callable, Iterator

from job.data.formats.files import SourceFiles
from job.errors import BadDataError

IMAGE_FOLDERS = ("images", "JPEGImages")
"""Folders whose labels are in a folder `labels` beside them: Ultralytics knows the first, and
Darknet both."""


def slashes(path: str) -> str:
    r"""Return a path with slashes, without blanks around it; Windows has `images\a.jpg`."""
    return path.strip().replace("\\", "/")


def normal(path: str) -> str:
    """Return a path without `.` and needless slashes; empty for that of the folder itself."""
    plain = posixpath.normpath(path)
    return "" if plain == "." else plain


def find(path: str, exists: Callable[[str], bool]) -> str | None:
    """Return where a path lies: as it is written, or else the longest ending of it that exists.

    `../train/images`, `/content/set/train/images` and `set/train/images` are all found as
    `train/images`. Ultralytics drops the dots, too.

    Args:
        path: With slashes.
        exists: Whether there is such a file, or such a folder.
    """
    return next((each for each in _places(path) if exists(each)), None)


def _places(path: str) -> Iterator[str]:
    plain = normal(path)
    yield plain
    parts = [part for part in plain.split("/") if part not in {"", ".."}]
    for num_dropped in range(len(parts)):
        ending = "/".join(parts[num_dropped:])
        if ending != plain:
            yield ending


def folder_below(files: SourceFiles, path: str) -> SourceFiles:
    """Return a folder by its path, which may be that of the files themselves."""
    plain = normal(path)
    return files.below(plain) if plain else files


def is_folder(files: SourceFiles, path: str) -> bool:
    """Return whether there is a folder at a path."""
    try:
        return folder_below(files, path).exists()
    except BadDataError:  # dots, of which no key of a bucket can consist
        return False


def label_names(image: str) -> Iterator[str]:
    """Yield where the labels of an image may be: below `labels` instead of `images`, or beside it.

    In Ultralytics, it is the last `/images/` of a path that becomes `/labels/`.
    """
    folder, stem = posixpath.split(posixpath.splitext(image)[0])
    for name in IMAGE_FOLDERS:
        labels = labels_folder(folder, name)
        if labels is not None:
            yield posixpath.join(labels, f"{stem}.txt")
    yield posixpath.join(folder, f"{stem}.txt")


def labels_folder(folder: str, images: str = IMAGE_FOLDERS[0]) -> str | None:
    """Return the folder of the labels of a folder of images, if its path has `images`."""
    before, found, after = f"/{folder}/".rpartition(f"/{images}/")
    return f"{before}/labels/{after}"[1:].removesuffix("/") if found else None
