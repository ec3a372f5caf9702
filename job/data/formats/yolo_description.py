"""What describes a YOLO data set: `data.yaml` of Ultralytics, or `obj.data` of Darknet."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from job.data.formats.class_names import checked_classes
from job.data.formats.files import SourceFiles, decode
from job.data.formats.yolo_paths import find, slashes
from job.errors import BadDataError, UsageError
from job.runtime.names import given
from job.runtime.yaml_text import read_yaml

SPLITS = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
"""The keys of splits, with the names by which options call them."""

NO_TEST = "none"
"""Stands for no split in the option `--test`."""


@dataclass(frozen=True)
class Description:
    """A data set as its file describes it."""

    where: str
    """The file, for messages."""
    classes: tuple[str, ...]
    splits: Mapping[str, tuple[str, ...]]
    """For each split, folders of images or lists of images, as they are written."""
    path: str = ""
    """The folder that these begin at, as it is written; empty: the file's own."""
    keypoint_shape: tuple[int, int] | None = None
    """For poses: the number of points of an object, and of values of a point."""
    are_lists: bool = field(default=False, kw_only=True)
    """Whether the entries of splits are always lists, as in Darknet, whatever their names."""


def read_description(files: SourceFiles, name: str) -> Description:
    """Read the file that describes a data set.

    Args:
        files: The file's folder.
        name: The file.

    Raises:
        UsageError: The file is not one of the two kinds, by its name.
        BadDataError: It is missing, malformed, or says contradictory things.
    """
    where, suffix = files.where(name), PurePosixPath(name).suffix
    if suffix in {".yaml", ".yml"}:
        return _read_ultralytics(decode(files.read(name, "description"), where), where)
    if suffix == ".data":
        return _read_darknet(files, decode(files.read(name, "description"), where), where)
    message = f"{where}: name a data.yaml of Ultralytics, or an obj.data of Darknet"
    raise UsageError(message)


def _read_ultralytics(text: str, where: str) -> Description:
    content = read_yaml(text, where, BadDataError)
    if not isinstance(content, dict):
        message = f"{where}: expected a mapping with names, train and val"
        raise BadDataError(message)
    splits = {SPLITS[key]: _entries(content[key], key, where) for key in SPLITS if content.get(key)}
    classes = checked_classes(_names(content.get("names"), where), content.get("nc"), where)
    path = content.get("path") or ""
    if not isinstance(path, str):
        message = f"{where}: path: {given(path)} is not a folder"
        raise BadDataError(message)
    shape = _keypoint_shape(content.get("kpt_shape"), where)
    return Description(where, classes, splits, slashes(path), shape)


def _entries(value: object, key: str, where: str) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    entries = tuple(slashes(each) for each in values if isinstance(each, str) and each.strip())
    if len(entries) < len(values):
        message = f"{where}: {key}: {given(value)} is not a folder, a list file, or several of them"
        raise BadDataError(message)
    return entries


def _names(names: Any, where: str) -> list[object]:
    """Return the classes of a list, or of a mapping from their numbers."""
    if isinstance(names, list):
        return names
    if not isinstance(names, dict):
        message = f"{where}: names: expected a list of classes, or a mapping from their numbers"
        raise BadDataError(message)
    by_number = {_number(key): name for key, name in names.items()}
    if by_number.keys() != set(range(len(names))):
        message = f"{where}: names: the classes are not numbered from 0 to {len(names) - 1}"
        raise BadDataError(message)
    return [by_number[number] for number in range(len(names))]


def _number(key: object) -> int:
    """Return a class's number; -1 for what is none."""
    if isinstance(key, bool):
        return -1
    return int(key) if isinstance(key, int) or (isinstance(key, str) and key.isdecimal()) else -1


def _keypoint_shape(value: object, where: str) -> tuple[int, int] | None:
    """Return the shape of poses; None if there are none."""
    if value is None:
        return None
    if (
        isinstance(value, list)
        and len(value) == 2  # noqa: PLR2004 - points, values of each
        and all(type(each) is int and each > 0 for each in value)
    ):
        return value[0], value[1]
    message = f"{where}: kpt_shape: {given(value)} is not a number of points and of their values"
    raise BadDataError(message)


def _read_darknet(files: SourceFiles, text: str, where: str) -> Description:
    content = {}
    for line in text.splitlines():
        key, equals, value = line.partition("=")
        if equals and not line.lstrip().startswith(("#", ";")):
            content[key.strip()] = slashes(value)
    if not content.get("names"):
        message = f"{where}: it names no file of classes: it needs a line such as names = obj.names"
        raise BadDataError(message)
    name = find(content["names"], files.has) or content["names"]
    lines = decode(files.read(name, f"file of classes; {where} names it"), files.where(name))
    declared = content.get("classes", "")
    classes = checked_classes(
        [line.strip() for line in lines.rstrip().splitlines()],
        int(declared) if declared.isdecimal() else None,
        files.where(name),
    )
    splits = {SPLITS[key]: (content[key],) for key in SPLITS if content.get(key)}
    return Description(where, classes, splits, are_lists=True)
