"""Pascal VOC: a flat folder, or a devkit with a folder for each year."""

import re
from collections.abc import Iterator
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from job.data.decoding import SUFFIXES
from job.data.formats.base import (
    LoadedSample,
    Sample,
    Source,
    SourceBox,
    check_id,
    fingerprint,
    num_bytes,
    read_file,
)
from job.data.formats.voc_download import download_voc
from job.data.formats.voc_splits import SplitName, parse_splits
from job.errors import BadDataError, UsageError
from job.keys import Split

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

CORNERS = ("xmin", "ymin", "xmax", "ymax")

_ANY_CASE = (*SUFFIXES, *(suffix.upper() for suffix in SUFFIXES))


class VocSource(Source):
    """A data set in Pascal VOC's layout."""

    kind: ClassVar[str] = "voc"

    root: Path
    """Folder with JPEGImages, Annotations and ImageSets; for years, with VOC2012 or VOCdevkit."""
    pool: str
    """Lists in ImageSets/Main, such as train, or 2007/trainval+2012/trainval."""
    test: str
    """Lists in ImageSets/Main, such as test, or 2007/test."""
    download: bool = False
    """Download VOC's archives of the named years, and unpack them below --root."""

    def prepare(self) -> None:
        """Download the archives, if that is asked for."""
        if self.download:
            download_voc(self.root, self.pool, self.test)

    @property
    def classes(self) -> None:
        """None: VOC's files do not list the classes."""

    @cached_property
    def _entries(self) -> dict[Split, list[tuple[Path, str]]]:
        """The folder and the id of each image of a split, by the lists in `ImageSets/Main`."""
        return {
            split: [entry for name in parse_splits(text) for entry in _read_list(self.root, name)]
            for split, text in self._names.items()
        }

    @property
    def _names(self) -> dict[Split, str]:
        return {"pool": self.pool, "test": self.test}

    def identity(self) -> dict[str, str | int]:
        """Return each split's name, and the digest of its ids, XML files and images' sizes.

        Raises:
            UsageError: There is no such root, year or list.
            BadDataError: A list cannot be read.
        """
        result: dict[str, str | int] = {}
        for split, entries in self._entries.items():
            result[split] = self._names[split]
            result[f"{split}_digest"] = fingerprint(
                part for folder, image_id in entries for part in _identity(folder, image_id)
            )
        return result

    def num_images(self, split: Split) -> int:
        """Return the number of ids in the split's lists."""
        return len(self._entries[split])

    def samples(self, split: Split) -> Iterator[Sample]:
        """Yield the images in the order of the lists."""
        for folder, image_id in self._entries[split]:
            yield Sample(image_id, partial(_load, folder, image_id))


def _read_list(root: Path, split: SplitName) -> Iterator[tuple[Path, str]]:
    """Yield the folder and the id of each image in a list."""
    folder = _find_folder(root, split.year)
    path = folder / "ImageSets" / "Main" / f"{split.name}.txt"
    if not path.is_file():
        names = ", ".join(sorted(entry.stem for entry in path.parent.glob("*.txt"))) or "none"
        message = f"{path}: no such list of images; {path.parent} has: {names}"
        raise UsageError(message)
    try:
        text = read_file(path, "list of images").decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{path}: not UTF-8: {error.reason} at byte {error.start}"
        raise BadDataError(message) from error
    ids = [line.strip() for line in text.splitlines() if line.strip()]
    if _is_class_list(folder, ids):
        message = (
            f"{path}: this is the list of one class: each line is an id with -1, 0 or 1; "
            "name a list of images instead, which has only ids"
        )
        raise UsageError(message)
    return ((folder, image_id) for image_id in ids)


def _is_class_list(folder: Path, lines: list[str]) -> bool:
    """Return whether lines are such as `000005 -1`, and not ids that end in a number."""
    flagged = bool(lines) and all(re.fullmatch(r"\S.*\s(-1|0|1)", line) for line in lines)
    return flagged and not any(_is_file(_annotation_path(folder, line)) for line in lines)


def _find_folder(root: Path, year: str | None) -> Path:
    """Return the folder that holds `ImageSets`, `JPEGImages` and `Annotations`."""
    if not root.is_dir():
        message = f"{root}: no such folder"
        raise UsageError(message)
    if year is None:
        if not (root / "ImageSets").is_dir():
            message = (
                f"{root}: has no folder ImageSets; put a list of images into ImageSets/Main, such "
                "as train.txt, or name YEAR/SPLIT if this is a devkit with years"
            )
            raise UsageError(message)
        return root
    # The archive of 2011 unpacks to TrainVal/.
    places = [root / parent / f"VOC{year}" for parent in ("", "VOCdevkit", "TrainVal/VOCdevkit")]
    for place in places:
        if place.is_dir():
            return place
    message = f"{root}: has neither VOC{year} nor VOCdevkit/VOC{year}; --download fetches them"
    raise UsageError(message)


def _find_image(folder: Path, image_id: str) -> Path:
    """Return the image's file, or the name that VOC would give it if there is none."""
    images = folder / "JPEGImages"
    paths = (images / f"{image_id}{suffix}" for suffix in _ANY_CASE)
    return next((path for path in paths if _is_file(path)), images / f"{image_id}{SUFFIXES[0]}")


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long for any file; reported when it is read
        return False


def _annotation_path(folder: Path, image_id: str) -> Path:
    return folder / "Annotations" / f"{image_id}.xml"


def _identity(folder: Path, image_id: str) -> tuple[str, int, bytes]:
    """Return what tells an image from others: its id, its size in bytes and its XML file."""
    try:
        xml = _annotation_path(folder, image_id).read_bytes()
    except (OSError, ValueError):  # reported when its turn comes
        xml = b""
    return image_id, num_bytes(_find_image(folder, image_id)), xml


def _load(folder: Path, image_id: str) -> LoadedSample:
    """Read an image and its XML file."""
    check_id(image_id, str(folder / "ImageSets"))
    image = _find_image(folder, image_id)
    if image_id.lower().endswith(SUFFIXES) and not _is_file(image):
        message = (
            f"{image}: no such image; ids in a list have no suffix, but this one is {image_id!r}"
        )
        raise BadDataError(message)
    annotation = _annotation_path(folder, image_id)
    data = read_file(image, "image, nor one with another suffix")
    root = _parse(annotation)
    boxes, unreadable = [], []
    for number, element in enumerate(root.findall("object"), start=1):
        try:
            boxes.append(_read_object(element, number))
        except BadDataError as error:
            unreadable.append(str(error))
    return LoadedSample(
        data=data,
        suffix=image.suffix,
        image_file=str(image),
        annotation_file=str(annotation),
        boxes=tuple(boxes),
        unreadable=tuple(unreadable),
        declared_wh=_declared_size(root),
    )


def _parse(path: Path) -> "Element":
    """Return the root of an XML file. Entities are refused, so that none can expand."""
    data = read_file(path, "annotation")
    try:
        root: Element = fromstring(data)
    except ParseError as error:
        message = f"{path}: malformed XML: {error}"
    except DefusedXmlException as error:
        message = f"{path}: XML with entities or external references is refused: {error}"
    except (ValueError, LookupError) as error:  # an unknown encoding
        message = f"{path}: malformed XML: {error}"
    else:
        if root.tag == "annotation":
            return root
        message = f"{path}: not a VOC annotation: its root element is <{root.tag}>"
    raise BadDataError(message)


def _read_object(element: "Element", number: int) -> SourceBox:
    """Return an object's box from VOC's coordinates.

    VOC counts pixels from 1, and both corners belong to the box. Pixel n is therefore the interval
    [n - 1, n] of distances from the image's edge.
    """
    label = (element.findtext("name") or "").strip()
    corners = element.find("bndbox")
    texts = ["" if corners is None else (corners.findtext(name) or "").strip() for name in CORNERS]
    where = f"object {number} {label!r}"
    try:
        xmin, ymin, xmax, ymax = (float(text) for text in texts)
    except ValueError:
        named = ", ".join(f"{name} {text!r}" for name, text in zip(CORNERS, texts, strict=True))
        message = f"{where}: a coordinate is not a number: {named}"
        raise BadDataError(message) from None
    named = ", ".join(f"{name} {text}" for name, text in zip(CORNERS, texts, strict=True))
    return SourceBox(
        corners_xyxy=(xmin - 1, ymin - 1, xmax, ymax),
        label=label,
        where=f"{where} ({named})",
        difficult=_flag(element.findtext("difficult"), where),
    )


def _flag(text: str | None, where: str) -> bool:
    """Return what a tool means by the text of a flag: tools write 1, true, yes and more."""
    word = (text or "").strip().lower()
    if word in {"1", "true", "yes"}:
        return True
    if word in {"0", "false", "no", "", "unspecified"}:
        return False
    message = f"{where}: difficult {text!r} is neither 0 nor 1"
    raise BadDataError(message)


def _declared_size(root: "Element") -> tuple[int, int] | None:
    try:
        width, height = (int(root.findtext(f"size/{name}") or "") for name in ("width", "height"))
    except ValueError:
        return None
    return width, height
