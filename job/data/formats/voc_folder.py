"""A folder of Pascal VOC's layout, and the files of its images."""

from bisect import bisect_left
from collections.abc import Iterator
from threading import Lock

from job.data.decoding import SUFFIXES
from job.data.formats.files import SourceFiles
from job.errors import UsageError

NO_IMAGE_SUFFIXES = (".xml", ".json", ".txt", ".csv")
"""Suffixes of files that tools write beside images."""


class VocFolder:
    """A folder that holds `ImageSets`, `JPEGImages` and `Annotations`."""

    def __init__(self, root: SourceFiles, year: str | None) -> None:
        """Find the folder.

        Args:
            root: The folder itself, or that of a devkit with years.
            year: Of the devkit.

        Raises:
            UsageError: There is no such folder or year.
        """
        folder = _find_folder(root, year)
        self.lists = folder.below("ImageSets/Main")
        self.annotations = folder.below("Annotations")
        self.images = folder.below("JPEGImages")
        self._lock = Lock()
        self._names: list[str] | None = None

    def find_image(self, image_id: str) -> tuple[str, bool]:
        """Return the name of an image's file, and whether other files could be meant, too.

        If there is none, it is the name that VOC would give it, or a file with the same stem that
        is not of a format that can be read.
        """
        suffixes = list(self._suffixes(image_id))
        known = sorted(
            (suffix for suffix in suffixes if suffix.lower() in SUFFIXES),
            key=lambda suffix: (SUFFIXES.index(suffix.lower()), suffix.isupper(), suffix),
        )
        unknown = [suffix for suffix in suffixes if suffix.lower() not in NO_IMAGE_SUFFIXES]
        suffix = (known or unknown or SUFFIXES)[0]
        return f"{image_id}{suffix}", len(known) > 1

    def _suffixes(self, image_id: str) -> Iterator[str]:
        """Yield the suffixes of the files that have an image's id as their stem, sorted."""
        with self._lock:
            if self._names is None:
                self._names = list(self.images.names())
        names, stem = self._names, f"{image_id}."
        for number in range(bisect_left(names, stem), len(names)):
            if not names[number].startswith(stem):
                return
            suffix = names[number][len(image_id) :]
            if suffix.rfind(".") == 0 and "/" not in suffix:
                yield suffix


def _find_folder(root: SourceFiles, year: str | None) -> SourceFiles:
    where = root.where()
    if not root.exists():
        message = f"{where}: no such folder"
        raise UsageError(message)
    if year is None:
        if not root.below("ImageSets").exists():
            message = (
                f"{where}: has no folder ImageSets; put a list of images into ImageSets/Main, such "
                "as train.txt, or name YEAR/SPLIT if this is a devkit with years"
            )
            raise UsageError(message)
        return root
    # The archive of 2011 unpacks to TrainVal/.
    for parent in ("", "VOCdevkit/", "TrainVal/VOCdevkit/"):
        place = root.below(f"{parent}VOC{year}")
        if place.exists():
            return place
    message = f"{where}: has neither VOC{year} nor VOCdevkit/VOC{year}; --download fetches them"
    raise UsageError(message)
