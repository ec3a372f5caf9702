"""YOLO: text files, and what is wrong in them."""

from pathlib import Path

from job.annotation.imports.yolo import read_yolo
from job.data.formats.files import LocalFiles
from tests.unit.annotation.imports.exported import ULTRALYTICS, unzipped
from tests.unit.export.batches import picked


def read(row: str, folder: Path) -> list[tuple[tuple[object, ...], tuple[str, ...]]]:
    """The boxes and problems of a text file in a whole data set."""
    files = {**ULTRALYTICS, "labels/train/0000_stem.txt": row, "readme.txt": "read me"}
    unzipped(files, folder)
    found = read_yolo(LocalFiles(folder), sorted(files), "data.yaml")
    return [(each.of(picked(0, "a")).boxes, each.answer.problems) for each in found]


def test_a_row_that_is_wrong_is_a_problem_of_its_image(tmp_path: Path) -> None:
    """A confidence makes it a prediction, which nobody has confirmed."""
    first, empty = read("1 0.5 0.5 0.1 0.1 0.9\n7 0.5 0.5 0.1 0.1\n", tmp_path)
    assert first[0] == ()
    assert first[1][0].startswith("line 1: 6 values: a class, a box and a confidence are a predic")
    assert first[1][1].startswith("line 2: the class '7' is not one of the 2 classes")
    assert empty == ((), ())


def test_shares_become_pixels_of_the_image(tmp_path: Path) -> None:
    """A box that was drawn at whole pixels has whole pixels again, in an image of 100 x 200."""
    boxes = read("0 0.15 0.15 0.3 0.3\n", tmp_path)[0][0]
    assert [box.corners_xyxy for box in boxes] == [(0.0, 0.0, 30.0, 60.0)]  # type: ignore[attr-defined]
