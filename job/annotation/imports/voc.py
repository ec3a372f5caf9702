"""Pascal VOC: an XML file for each image that shows an object."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from job.annotation.answers import Answer
from job.annotation.imports.found import Found, drawn, whole
from job.data.formats.files import SourceFiles, decode, is_image
from job.data.formats.values import ROTATED
from job.data.formats.voc_xml import VocAnnotation, read_annotation
from job.errors import UsageError

PIXELS_FROM = (
    "Pascal VOC does not say how it counts pixels: give --pixels-from 0 if CVAT, Label Studio or "
    "datumaro wrote it, or --pixels-from 1 if it is as Pascal VOC counts"
)


def read_voc(files: SourceFiles, names: Sequence[str], pixels_from: int | None) -> Iterator[Found]:
    """Yield the images that have an XML file, and then those that are listed without one.

    Raises:
        UsageError: It is not said how pixels are counted.
        BadDataError: A file cannot be read.
    """
    if pixels_from is None:
        message = f"{files.where()}: {PIXELS_FROM}"
        raise UsageError(message)
    seen = set()
    for name in names:
        if name.endswith(".xml"):
            where = files.where(name)
            seen.add(_stem(name))
            answer = _answer(read_annotation(files.read(name), where, pixels_from))
            is_silent = not (answer.boxes or answer.problems)
            yield Found(name.removesuffix(".xml"), where, answer, is_silent=is_silent)
    for name, where in _listed(files, names):
        if _stem(name) not in seen:
            seen.add(_stem(name))
            yield Found(name, where, Answer(image_id=""), is_silent=True)


def _answer(annotation: VocAnnotation) -> Answer:
    rotated = ("a rotated box",) if ROTATED in annotation.remarks else ()
    return Answer(
        image_id="",
        boxes=drawn(annotation.boxes),
        size_wh=whole(*(annotation.declared_wh or (0, 0))),
        problems=(*annotation.unreadable, *rotated),
    )


def _listed(files: SourceFiles, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the images of the lists, and those that are there, with where that is."""
    for name in names:
        if "ImageSets/" in name and name.endswith(".txt"):
            where = files.where(name)
            for line in decode(files.read(name), where).splitlines():
                if line.strip():
                    yield line.split()[0], where
        elif is_image(name):
            yield name, files.where(name)


def _stem(name: str) -> str:
    path = PurePosixPath(name)
    return path.stem if is_image(name) or path.suffix == ".xml" else path.name
