"""YOLO, as Ultralytics or Darknet write it: a text file for each image."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from job.annotation.answers import Answer
from job.annotation.imports.found import Found, drawn, silent_or
from job.data.formats.class_names import checked_classes
from job.data.formats.files import SourceFiles, decode
from job.data.formats.yolo_description import Description, read_description
from job.data.formats.yolo_labels import YoloLabels, read_labels

DESCRIPTIONS = (".yaml", ".yml", ".data")
CLASSES = "classes.txt"
"""What Label Studio and LabelImg write instead: the classes by their numbers, one a line."""
LABELS = ("labels", "obj_train_data", "obj_val_data", "obj_test_data")
"""The folders of text files; without one of them, all text files below the description are."""


def describing(names: Sequence[str]) -> str | None:
    """Return the file that describes a data set of YOLO, if there is one."""
    found = [name for name in names if name.endswith(DESCRIPTIONS)]
    listing = [name for name in names if f"/{name}".endswith(f"/{CLASSES}")]
    return next(iter(found + listing), None)


def read_yolo(files: SourceFiles, names: Sequence[str], description: str) -> Iterator[Found]:
    """Yield the images that have a text file.

    Raises:
        BadDataError: A file cannot be read.
    """
    read = _description(files, description)
    for name in _text_files(names):
        where = files.where(name)
        labels = read_labels(files.read(name), where, read.classes, read.keypoint_shape)
        answer = _answer(labels)
        stem = name.removesuffix(".txt")
        yield Found(stem, where, answer, in_shares=True, is_silent=silent_or(answer))


def _description(files: SourceFiles, name: str) -> Description:
    if name.endswith(CLASSES):
        where = files.where(name)
        lines = decode(files.read(name), where).rstrip().splitlines()
        return Description(where, checked_classes(lines, None, where), {})
    folder = str(PurePosixPath(name).parent)
    below = files if folder == "." else files.below(folder)
    return read_description(below, PurePosixPath(name).name)


def _answer(labels: YoloLabels) -> Answer:
    return Answer(image_id="", boxes=drawn(labels.boxes), problems=labels.unreadable)


def _text_files(names: Sequence[str]) -> list[str]:
    texts = [name for name in names if name.endswith(".txt")]
    texts = [name for name in texts if not f"/{name}".endswith(f"/{CLASSES}")]
    in_folders = [name for name in texts if {*PurePosixPath(name).parts[:-1]} & {*LABELS}]
    return in_folders or texts
