"""Which layout a file of answers has, and the answers in it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from zipfile import is_zipfile

from job.annotation.imports.coco import is_coco, read_coco
from job.annotation.imports.coco import is_exported as is_exported_coco
from job.annotation.imports.cvat import is_exported as is_exported_cvat
from job.annotation.imports.cvat import read_cvat
from job.annotation.imports.found import Found
from job.annotation.imports.kili import is_kili, read_kili
from job.annotation.imports.label_studio import is_label_studio, read_label_studio
from job.annotation.imports.voc import read_voc
from job.annotation.imports.yolo import describing, read_yolo
from job.annotation.json_text import parse_json
from job.data.formats.files import LocalFiles, SourceFiles, decode
from job.data.formats.xml_text import parse_xml
from job.data.formats.zip_files import ZipFiles
from job.errors import BadDataError, UsageError

KNOWN = (
    "CVAT for images 1.1, COCO, Pascal VOC, YOLO with its obj.data, data.yaml or classes.txt, JSON "
    "(not JSON-MIN) of Label Studio, and Kili's own format"
)
INSTANCES = "/instances_"
"""How the name of COCO's file of boxes begins, beside which there may be others of its images."""


@dataclass(frozen=True)
class AnswerFile:
    """The answers of one file or folder."""

    place: str
    layout: str
    """In words."""
    found: tuple[Found, ...]
    measures_time: bool = False
    """Whether the layout has the seconds that an image took."""


def read_answers(path: Path, pixels_from: int | None = None) -> AnswerFile:
    """Read a file, a zip archive or a folder that a tool has exported.

    Args:
        path: Where it is.
        pixels_from: The number of the first pixel in Pascal VOC, 0 or 1.

    Raises:
        UsageError: It is missing, of no known layout, or what was exported for people.
        BadDataError: It is damaged, or not as its layout has to be.
    """
    files, names = _open(path)
    read = _read(files, names, pixels_from)
    if read is None:
        message = f"{path}: no answers in a known layout: {KNOWN}"
        raise UsageError(message)
    layout, found = read
    is_timed = layout in {"Label Studio", "Kili"}
    return AnswerFile(str(path), layout, tuple(found), measures_time=is_timed)


def _open(path: Path) -> tuple[SourceFiles, list[str]]:
    """Return the files, and the names of those to look at."""
    if path.is_dir():
        files: SourceFiles = LocalFiles(path)
    elif not path.is_file():
        message = f"{path}: no such file or folder"
        raise UsageError(message)
    elif is_zipfile(path) or path.suffix.lower() == ".zip":
        files = ZipFiles(path)
    else:
        return LocalFiles(path.parent), [path.name]
    return files, [name for name in files.names() if not _is_hidden(name)]


def _is_hidden(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _read(
    files: SourceFiles, names: Sequence[str], pixels_from: int | None
) -> tuple[str, Iterator[Found]] | None:
    """Return the layout of files in words, and their answers; None if it is none of ours."""
    if description := describing(names):
        return "YOLO", read_yolo(files, names, description)
    for name in names:
        if name.endswith(".xml"):
            where = files.where(name)
            root = parse_xml(files.read(name), where)
            if root.tag == "annotations":
                return "CVAT 1.1", _read_cvat(files, names)
            if root.tag == "annotation":
                return "Pascal VOC", read_voc(files, names, pixels_from)
    return _read_json(files, [name for name in names if name.endswith(".json")])


def _read_cvat(files: SourceFiles, names: Sequence[str]) -> Iterator[Found]:
    """Yield the images of all XML files."""
    for name in names:
        if name.endswith(".xml"):
            where = files.where(name)
            root = parse_xml(files.read(name), where)
            if is_exported_cvat(root):
                raise _no_answers(where)
            yield from read_cvat(root, where)


def _read_json(files: SourceFiles, names: Sequence[str]) -> tuple[str, Iterator[Found]] | None:
    contents = {name: _content(files, name) for name in names}
    if coco := {name: each for name, each in contents.items() if is_coco(each)}:
        instances = {name: each for name, each in coco.items() if INSTANCES in f"/{name}"}
        return "COCO", _read_coco(files, instances or coco)
    entries = {name: each if isinstance(each, list) else [each] for name, each in contents.items()}
    for layout, is_layout, read in (
        ("Label Studio", is_label_studio, read_label_studio),
        ("Kili", is_kili, read_kili),
    ):
        if found := {name: each for name, each in entries.items() if _are(each, is_layout)}:
            read_all = (read(each, files.where(name)) for name, each in found.items())
            return layout, chain.from_iterable(read_all)
    return None


def _content(files: SourceFiles, name: str) -> Any:
    where = files.where(name)
    try:
        return parse_json(decode(files.read(name), where))
    except (ValueError, RecursionError) as error:
        message = f"{where}: malformed JSON: {error}"
        raise BadDataError(message) from error


def _are(entries: Sequence[Any], is_layout: Callable[[Mapping[str, Any]], bool]) -> bool:
    """Return whether all entries are of a layout, and there is one."""
    return bool(entries) and all(isinstance(each, dict) and is_layout(each) for each in entries)


def _read_coco(files: SourceFiles, contents: Mapping[str, Mapping[str, Any]]) -> Iterator[Found]:
    for name, content in contents.items():
        where = files.where(name)
        if is_exported_coco(content):
            raise _no_answers(where)
        yield from read_coco(content, where)


def _no_answers(where: str) -> UsageError:
    message = f"{where}: `al-job export picks` wrote it; name what the tool has exported since"
    return UsageError(message)
