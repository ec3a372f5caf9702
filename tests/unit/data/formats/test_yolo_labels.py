"""Rows of YOLO's label files."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from job.data.formats.yolo_labels import read_labels
from job.data.ingest.boxes import clip_box
from job.errors import BadDataError

CLASSES = ("cat", "dog")


def corners(text: str | bytes, **more: tuple[int, int]) -> list[tuple[float, ...]]:
    """The boxes of a label file with which nothing is wrong."""
    data = text if isinstance(text, bytes) else text.encode()
    labels = read_labels(data, "a.txt", CLASSES, more.get("keypoint_shape"))
    assert not labels.unreadable
    return [box.corners_xyxy for box in labels.boxes]


def problem(row: str, keypoint_shape: tuple[int, int] | None = None) -> str:
    """What is wrong with a row; a good one before and after it is read all the same."""
    text = f"0 .5 .5 .5 .5\n{row}\n1 .5 .5 .5 .5\n"
    labels = read_labels(text.encode(), "a.txt", CLASSES, keypoint_shape)
    assert [box.label for box in labels.boxes] == ["cat", "dog"]
    (reason,) = labels.unreadable
    assert reason.startswith("line 2: ")
    return reason


def test_a_box_is_its_centre_and_size_in_shares() -> None:
    """A centre at 0.5, 0.25 and a size of 0.5 x 0.125 reach from 0.25, 0.1875 to 0.75, 0.3125."""
    (box,) = read_labels(b"1 0.5 0.25 0.5 0.125", "a.txt", CLASSES).boxes
    assert box.corners_xyxy == (0.25, 0.1875, 0.75, 0.3125)
    assert box.label == "dog"
    assert box.where == "line 1 'dog' (0.5 0.25 0.5 0.125)"


def test_an_outline_becomes_the_box_around_its_points() -> None:
    """A row of a segmentation has a class and at least three points, x before y."""
    assert corners("0 0.1 0.5 0.3 0.2 0.2 0.9") == [(0.1, 0.2, 0.3, 0.9)]


def test_boxes_and_outlines_may_be_in_one_file() -> None:
    """Each row is read by its own length; five values are always a box."""
    assert corners("0 .5 .5 1 1\n0 .1 .1 .2 .1 .2 .3") == [(0, 0, 1, 1), (0.1, 0.1, 0.2, 0.3)]


def test_corners_of_an_oriented_box_are_an_outline() -> None:
    """The label of an oriented box has four points."""
    assert corners("0 0.5 0.1 0.9 0.5 0.5 0.9 0.1 0.5") == [(0.1, 0.1, 0.9, 0.9)]


@pytest.mark.parametrize("points", [".1 .1 2 .3 .3 0", ""])
def test_a_pose_is_read_by_its_box(points: str) -> None:
    """Two points of three values follow the box, or none; together they would be an outline."""
    assert corners(f"0 .5 .5 1 1 {points}", keypoint_shape=(2, 3)) == [(0, 0, 1, 1)]


@pytest.mark.parametrize(
    "text",
    [
        "0 .5 .5 1 1\r\n1 .5 .5 1 1\r\n",
        "\ufeff0 .5 .5 1 1\n1 .5 .5 1 1",
        "\n  0\t.5 .5   1 1 \n\n1 .5 .5 1 1\n\n",
        "0.0 .5 .5 1 1\n1.000 .5 .5 1e0 1",
    ],
)
def test_a_file_is_read_however_a_tool_writes_it(text: str) -> None:
    """Line ends of Windows, a byte order mark, blank lines, tabs, and classes as floats."""
    assert corners(text) == [(0, 0, 1, 1), (0, 0, 1, 1)]


@pytest.mark.parametrize("text", ["", "\n", "\ufeff"])
def test_an_empty_file_has_no_objects(text: str) -> None:
    """This is how an image without objects is labelled."""
    assert corners(text) == []


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0 .5 .5 .5", "4 values: a label has 5 (class, centre x and y, width, height), or a"),
        ("0 .5 .5 .5 .5 .9", "6 values: a class, a box and a confidence are a prediction"),
        ("0 .1 .1 .2 .2 .3 .3 .4", "8 values: a label has 5"),
        ("0", "1 values: "),
        ("2 .5 .5 .5 .5", "the class '2' is not one of the 2 classes, which are numbered from 0"),
        ("-1 .5 .5 .5 .5", "the class '-1' is not one of"),
        ("0.5 .5 .5 .5 .5", "the class '0.5' is not one of"),
        ("cat .5 .5 .5 .5", "the class 'cat' is not one of"),
        ("nan .5 .5 .5 .5", "the class 'nan' is not one of"),
        ("0 .5 .5 .5 wide", "a coordinate is not a number: '.5 .5 .5 wide'"),
        ("0 0,5 0,5 0,5 0,5", "a coordinate is not a number: '0,5 "),
        ("0 0_5 .5 .5 .5", "a coordinate is not a number: '0_5 "),
        (
            "0 20 15 10 8",
            "'20 15 10 8': coordinates must be shares of the image's width and height",
        ),
        ("0 .5 .5 -3 .5", "coordinates must be shares"),
        ("0 .5 nan .5 .5", "coordinates must be shares"),
        ("0 .1 .1 .2 nan .2 .3", "coordinates must be shares"),
    ],
)
def test_a_row_that_says_something_else_is_refused(row: str, reason: str) -> None:
    """The line names the row by its number and tells what is wrong with it."""
    assert reason in problem(row)


def test_a_pose_of_another_number_of_points_is_refused() -> None:
    """Its points would otherwise be taken for an outline."""
    assert "8 values: a pose of 2 points with 3 values has 11" in problem(
        "0 .5 .5 1 1 .1 .1 2", (2, 3)
    )


def test_a_file_that_is_not_text_is_refused() -> None:
    """PowerShell writes UTF-16."""
    with pytest.raises(BadDataError, match=r"a.txt: not UTF-8: invalid start byte at byte 0"):
        read_labels("0 .5 .5 1 1".encode("utf-16"), "a.txt", CLASSES)


whole = st.integers(0, 20_000)


@given(
    st.tuples(whole, whole).filter(lambda x: x[0] != x[1]), st.integers(1, 20_000), st.booleans()
)
def test_pixels_survive_the_way_through_shares(
    ends: tuple[int, int],
    side: int,
    is_fraction: bool,  # noqa: FBT001 - a drawn value
) -> None:
    """Corners of float32, written as `repr` of centre and size, come back bit for bit."""
    low, high = sorted(float(np.float32(side * end / 20_000)) for end in ends)
    if not is_fraction:
        low, high = float(int(low)), float(int(low) + 1)
    centre, size = repr((low + high) / 2 / side), repr((high - low) / side)
    ((x0, y0, x1, y1),) = corners(f"0 {centre} {centre} {size} {size}")
    expected = ((low, low, high, high), False)
    assert clip_box((x0 * side, y0 * side, x1 * side, y1 * side), side, side) == expected
