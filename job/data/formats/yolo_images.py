"""The images of a YOLO data set: those in folders, or those that lists name."""

import posixpath
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import partial

from job.data.decoding import SUFFIXES
from job.data.formats.files import SourceFiles, decode, is_image
from job.data.formats.yolo_paths import (
    find,
    folder_below,
    is_folder,
    labels_folder,
    normal,
    slashes,
)
from job.errors import BadDataError, UsageError

NO_LABELS = "classes.txt"
"""LabelImg writes the names of classes beside the labels."""


NUM_TRIED = 100
"""So many lines of a list are tried to find out where its paths begin."""


@dataclass(frozen=True)
class ImageSet:
    """The images of one split."""

    folder: str
    """The deepest folder that holds all of its folders of images; ids are paths below it."""
    names: tuple[str, ...]
    """The image files, in order."""
    stray_labels: tuple[str, ...] = ()
    """Label files that no image belongs to."""
    is_moved: bool = False
    """Whether images were found elsewhere than the description says."""

    def id_of(self, name: str) -> str:
        """Return the id of an image."""
        below = name.removeprefix(f"{self.folder}/") if self.folder else name
        return posixpath.splitext(below)[0]


NO_IMAGES = ImageSet("", ())


def read_image_set(
    files: SourceFiles, entries: Sequence[str], *, base: str, are_lists: bool
) -> ImageSet:
    """Find the images of a split.

    Args:
        files: The data set's folder.
        entries: Folders or lists, as the description writes them.
        base: The folder that lines of lists begin at.
        are_lists: Whether all of them are lists. If not, lists end in `.txt`.

    Raises:
        UsageError: There is no such folder or list.
        BadDataError: A list is not text, or there are no images.
    """
    parts = [
        _read_list(files, entry, base)
        if are_lists or entry.endswith(".txt")
        else _read_folder(files, entry)
        for entry in entries
    ]
    whole = ImageSet(
        _common_folder([part.folder for part in parts]),
        tuple(name for part in parts for name in part.names),
        tuple(name for part in parts for name in part.stray_labels),
        any(part.is_moved for part in parts),
    )
    if not whole.names:
        message = (
            f"{files.where(whole.folder)}: no images, whose names end in {', '.join(SUFFIXES)}"
        )
        raise BadDataError(message)
    return whole


def _read_folder(files: SourceFiles, entry: str) -> ImageSet:
    folder = find(entry, partial(is_folder, files))
    if folder is None:
        message = (
            f"{files.where(entry)}: no such folder of images, also below {files.where()}; put "
            "them there, or name the folder above it with --root"
        )
        raise UsageError(message)
    names = (posixpath.join(folder, name) for name in folder_below(files, folder).names())
    images = tuple(filter(is_image, names))
    stray = _stray_labels(files, folder, images)
    return ImageSet(folder, images, stray, is_moved=folder != normal(entry))


def _stray_labels(files: SourceFiles, folder: str, images: Sequence[str]) -> tuple[str, ...]:
    """Return the files in the folder of labels that belong to none of the images."""
    labels = labels_folder(folder)
    if labels is None:
        return ()
    stems = {posixpath.splitext(name.removeprefix(f"{folder}/"))[0] for name in images}
    return tuple(
        posixpath.join(labels, name)
        for name in files.below(labels).names()
        if name.endswith(".txt") and name.removesuffix(".txt") not in stems and name != NO_LABELS
    )


def _read_list(files: SourceFiles, entry: str, base: str) -> ImageSet:
    """Read a list: a path to an image on each line."""
    path = find(entry, files.has)
    if path is None:
        message = f"{files.where(entry)}: no such list of images; --root names its folder"
        raise UsageError(message)
    text = decode(files.read(path, "list of images"), files.where(path))
    lines = [line for line in map(slashes, text.splitlines()) if line]
    base, num_dropped = _place_of_lines(files, (base, "", posixpath.dirname(path)), lines)
    names = tuple(_name(line, base, num_dropped) for line in lines)
    return ImageSet(
        _common_folder({posixpath.dirname(name) for name in names}),
        names,
        is_moved=path != normal(entry) or num_dropped > 0,
    )


def _place_of_lines(
    files: SourceFiles, bases: Sequence[str], lines: Sequence[str]
) -> tuple[str, int]:
    """Return what to put before the lines of a list, and how many folders to drop from each.

    The first line whose image is found says it for all of them.

    Args:
        files: The data set's folder.
        bases: Folders to try. The last is that of the list: lines that begin with `./` begin there,
            in Ultralytics.
        lines: Paths with slashes.
    """
    for line in lines[:NUM_TRIED]:
        order = bases[::-1] if line.startswith("./") else bases
        for num_dropped in range(line.count("/") + 1):
            for base in order:
                if files.has(_name(line, base, num_dropped)):
                    return base, num_dropped
    return "", 0


def _name(line: str, base: str, num_dropped: int) -> str:
    """Return the file that a line of a list means."""
    ending = "/".join(line.split("/")[num_dropped:])
    return normal(posixpath.join(base, ending))


def _common_folder(folders: Collection[str]) -> str:
    """Return the deepest folder that holds all folders; empty: that of the data set."""
    try:
        return posixpath.commonpath(folders) if folders else ""
    except ValueError:  # absolute and relative ones
        return ""
