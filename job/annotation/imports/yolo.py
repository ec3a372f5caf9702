"""YOLO, as Ultralytics or Darknet write it: a text file for each image."""

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath

from job.annotation.answers import Answer
from job.annotation.imports.found import Found, drawn, silent_or
from job.data.formats.files import SourceFiles
from job.data.formats.yolo_description import read_description
from job.data.formats.yolo_labels import YoloLabels, read_labels

DESCRIPTIONS = (".yaml", ".yml", ".data")
LABELS = ("labels", "obj_train_data", "obj_val_data", "obj_test_data")
"""The folders of text files; without one of them, all text files below the description are."""


def describing(names: Sequence[str]) -> str | None:
    """Return the file that describes a data set of YOLO, if there is one."""
    return next((each for each in names if each.endswith(DESCRIPTIONS)), None)


def read_yolo(files: SourceFiles, names: Sequence[str], description: str) -> Iterator[Found]:
    """Yield the images that have a text file.

    Raises:
        BadDataError: A file cannot be read.
    """
    folder = str(PurePosixPath(description).parent)
    below = files if folder == "." else files.below(folder)
    read = read_description(below, PurePosixPath(description).name)
    for name in _text_files(names):
        where = files.where(name)
        labels = read_labels(files.read(name), where, read.classes, read.keypoint_shape)
        answer = _answer(labels)
        stem = name.removesuffix(".txt")
        yield Found(stem, where, answer, in_shares=True, is_silent=silent_or(answer))


def _answer(labels: YoloLabels) -> Answer:
    return Answer(image_id="", boxes=drawn(labels.boxes), problems=labels.unreadable)


def _text_files(names: Sequence[str]) -> list[str]:
    texts = [name for name in names if name.endswith(".txt")]
    in_folders = [name for name in texts if {*PurePosixPath(name).parts[:-1]} & {*LABELS}]
    return in_folders or texts
