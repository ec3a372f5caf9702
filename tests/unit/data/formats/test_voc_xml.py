"""Reading Pascal VOC's XML files as tools write them."""

from pathlib import Path

import pytest

from job.data.formats.values import ROTATED
from job.data.formats.voc_xml import COUNTED_FROM_0, VocAnnotation, read_annotation
from job.errors import BadDataError

FIRST = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>10</xmax><ymax>10</ymax></bndbox>"
SECOND = "<bndbox><xmin>20</xmin><ymin>20</ymin><xmax>30</xmax><ymax>30</ymax></bndbox>"
ROTATION = "<attributes><attribute><name>rotation</name><value>{}</value></attribute></attributes>"


def read(folder: Path, content: str, pixels_from: int = 1) -> VocAnnotation:
    path = folder / "a.xml"
    path.write_text(f"<annotation>{content}</annotation>", encoding="utf-8")
    return read_annotation(path.read_bytes(), str(path), pixels_from)


def test_each_bndbox_of_an_object_is_a_box(tmp_path: Path) -> None:
    """Some tools write one object for all boxes of a class; the flag holds for each of them."""
    content = f"<object><name>car</name><difficult>1</difficult>{FIRST}{SECOND}</object>"
    boxes = read(tmp_path, content).boxes
    assert [box.corners_xyxy for box in boxes] == [(0, 0, 10, 10), (19, 19, 30, 30)]
    assert [(box.label, box.difficult) for box in boxes] == [("car", True)] * 2


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (f"<name>a</name><name>b</name>{FIRST}", "object 1: 2 <name> in one <object>"),
        (f"<name>a</name>{FIRST}<difficult/><difficult/>", "2 <difficult> in one <object>"),
        (f"<name>a</name>{FIRST}".replace("<ymax>", "<xmin>3</xmin><ymax>"), "2 <xmin> in one"),
    ],
)
def test_an_element_that_is_there_twice_is_refused(
    tmp_path: Path, content: str, reason: str
) -> None:
    """One of the two values would be lost without a word."""
    found = read(tmp_path, f"<object>{content}</object>")
    assert not found.boxes
    assert reason in found.unreadable[0]


def test_two_sizes_are_refused(tmp_path: Path) -> None:
    """Nobody knows which one the boxes belong to."""
    with pytest.raises(BadDataError, match=r"a.xml: 2 <size> in one <annotation>"):
        read(tmp_path, "<size/><size/>")


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ("<width>128.0</width><height>96.0</height>", (128, 96)),
        ("<width>128</width>", (128, 0)),
        ("<width>0</width><height>0</height>", (0, 0)),
    ],
)
def test_a_declared_size_may_be_a_float_or_one_side(
    tmp_path: Path, size: str, expected: tuple[float, float]
) -> None:
    """0 stands for a side that is not declared."""
    assert read(tmp_path, f"<size>{size}</size>").declared_wh == expected


def test_a_declared_size_that_is_not_a_number_is_refused(tmp_path: Path) -> None:
    """The line names the file and the side."""
    with pytest.raises(BadDataError, match=r"a.xml: the height of the image, 'high', is not a"):
        read(tmp_path, "<size><width>3</width><height>high</height></size>")


def test_a_rotated_box_is_taken_as_the_box_around_it(tmp_path: Path) -> None:
    """A box of 10 x 10 about (5, 5) at 45 degrees is 14.142 wide: from -2.071 to 12.071."""
    content = f"<object><name>ship</name>{FIRST}{ROTATION.format('45.0')}</object>"
    found = read(tmp_path, content)
    assert found.boxes[0].corners_xyxy == pytest.approx((-2.071, -2.071, 12.071, 12.071), abs=1e-3)
    assert found.remarks == (ROTATED,)
    assert "ymax 10, rotation 45" in found.boxes[0].where


def test_a_rotation_of_0_changes_nothing(tmp_path: Path) -> None:
    """CVAT writes it for each box."""
    found = read(tmp_path, f"<object><name>ship</name>{FIRST}{ROTATION.format('0.0')}</object>")
    assert found.boxes[0].corners_xyxy == (0, 0, 10, 10)
    assert not found.remarks


def test_boxes_may_be_counted_from_0(tmp_path: Path) -> None:
    """Such tools write distances from the edge, of which nothing is subtracted."""
    content = f"<object><name>car</name>{FIRST.replace('>1<', '>0<')}</object>"
    assert read(tmp_path, content, 0).boxes[0].corners_xyxy == (0, 0, 10, 10)
    assert not read(tmp_path, content, 0).remarks
    assert read(tmp_path, content, 1).boxes[0].corners_xyxy == (-1, -1, 10, 10)
    assert read(tmp_path, content, 1).remarks == (COUNTED_FROM_0,)


@pytest.mark.parametrize(
    ("content", "tag"),
    [
        (f"<objects><object><name>a</name>{FIRST}</object></objects>", "objects"),
        (f"<Object><name>a</name>{FIRST}</Object>", "Object"),
        (f"<item><name>a</name>{FIRST}</item>", "bndbox"),
    ],
)
def test_boxes_elsewhere_than_in_an_object_are_refused(
    tmp_path: Path, content: str, tag: str
) -> None:
    """The image would count as one without objects."""
    with pytest.raises(BadDataError, match=f"a.xml: <{tag}> is not read"):
        read(tmp_path, content)


def test_an_object_with_another_shape_says_what_it_has(tmp_path: Path) -> None:
    """A polygon is not a bndbox."""
    found = read(tmp_path, "<object><name>a</name><polygon/></object>")
    assert found.unreadable == ("object 1 'a': it has no bndbox, but name, polygon",)


def test_a_coordinate_with_an_underscore_is_bad(tmp_path: Path) -> None:
    """`1_0` is not the number 10."""
    content = f"<object><name>a</name>{FIRST.replace('<xmax>10<', '<xmax>1_0<')}</object>"
    assert (
        "a coordinate is not a number: xmin '1', ymin '1', xmax '1_0'"
        in (read(tmp_path, content).unreadable[0])
    )


@pytest.mark.parametrize(("text", "expected"), [("1.0", True), ("0.0", False)])
def test_difficult_may_be_a_float(tmp_path: Path, text: str, *, expected: bool) -> None:
    """Tables turn whole numbers into floats."""
    content = f"<object><name>a</name><difficult>{text}</difficult>{FIRST}</object>"
    assert read(tmp_path, content).boxes[0].difficult is expected
