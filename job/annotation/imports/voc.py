"""Pascal VOC: an XML file for each image that shows an object."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from job.annotation.answers import Answer
from job.annotation.imports.found import Found, drawn, silent_or, size_of
from job.data.formats.files import SourceFiles, decode, is_image
from job.data.formats.values import ROTATED
from job.data.formats.voc_xml import VocAnnotation, read_annotation
from job.errors import UsageError

PIXELS_FROM = (
    "Pascal VOC does not say how it counts pixels: give --pixels-from 0 if CVAT, Label Studio, "
    "Kili or datumaro wrote it, or --pixels-from 1 if it is as Pascal VOC counts"
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
    annotated = set()
    for name in names:
        if name.endswith(".xml"):
            where, image_id = files.where(name), _id(name)
            answer = _answer(read_annotation(files.read(name), where, pixels_from))
            annotated.add(image_id)
            yield Found(image_id, where, answer, is_silent=silent_or(answer))
    for image_id, where in dict(_listed(files, names)).items():
        if image_id not in annotated:
            yield Found(image_id, where, Answer(image_id=""), is_silent=True)


def _answer(annotation: VocAnnotation) -> Answer:
    rotated = ("a rotated box",) if ROTATED in annotation.remarks else ()
    return Answer(
        image_id="",
        boxes=drawn(annotation.boxes),
        size_wh=size_of(annotation.declared_wh or (0, 0), ""),
        problems=(*annotation.unreadable, *rotated),
    )


def _listed(files: SourceFiles, names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the images of the lists, and those that are there, with where that is."""
    for name in names:
        where = files.where(name)
        if "ImageSets/" in name and name.endswith(".txt"):
            lines = decode(files.read(name), where).splitlines()
            yield from ((line.split()[0], where) for line in lines if line.strip())
        elif is_image(name):
            yield _id(name), where


def _id(name: str) -> str:
    """Return the id of the image that a file belongs to: its path below the layout's folder."""
    for folder in ("Annotations/", "JPEGImages/"):
        name = name.rpartition(f"/{folder}")[2].removeprefix(folder)
    return str(PurePosixPath(name).with_suffix(""))
