"""The images that a command names."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from job.data.decoding import SUFFIXES
from job.errors import UsageError
from job.storage.files import file_errors


@dataclass(frozen=True)
class ImageFile:
    """A file that should be an image."""

    name: str
    """By which results name it: its path below the folder that was named, or the file's name."""
    path: Path


def find_images(places: Sequence[Path]) -> list[ImageFile]:
    """Return the images that some places hold, each once, in the order of places and of names.

    Args:
        places: Files, whatever their suffix, and folders, with all of their subfolders.

    Raises:
        UsageError: A place is not there, or holds no image; or two images have one name.
        ConfigError: Nobody may look there.
    """
    found: dict[Path, ImageFile] = {}
    for place in places:
        with file_errors(place):
            of_place = list(_images_in(place))
        if not of_place:
            message = f"{place}: holds no image ({', '.join(SUFFIXES)}); name another folder"
            raise UsageError(message)
        for image in of_place:
            found.setdefault(image.path.resolve(), image)
    _refuse_twins(list(found.values()))
    return list(found.values())


def _images_in(place: Path) -> Iterator[ImageFile]:
    if not place.exists():
        message = f"{place}: no such file or folder; name images, or folders of them"
        raise UsageError(message)
    if not place.is_dir():
        yield ImageFile(place.name, place)
        return
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place)
        is_hidden = any(part.startswith(".") for part in name.parts)
        if path.suffix.lower() in SUFFIXES and not is_hidden and path.is_file():
            yield ImageFile(name.as_posix(), path)


def _refuse_twins(images: Sequence[ImageFile]) -> None:
    """Refuse two images of one name: nobody could tell their results apart."""
    first: dict[str, Path] = {}
    for image in images:
        if image.name in first:
            message = (
                f"{first[image.name]} and {image.path} would both be called {image.name}: name the "
                "folder that holds both"
            )
            raise UsageError(message)
        first[image.name] = image.path
