"""Reading Pascal VOC's layout."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from job.data.formats.voc import VocSource
from job.data.formats.voc_splits import SplitName, parse_splits
from job.data.ingest.validate import validate
from job.errors import BadDataError, UsageError
from job.records.annotation import Annotation

if TYPE_CHECKING:
    from tests.unit.data.conftest import Voc

BOMB = """<?xml version="1.0"?>
<!DOCTYPE lolz [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>
<annotation><object><name>&b;</name></object></annotation>"""
OUTSIDE = """<?xml version="1.0"?>
<!DOCTYPE a [<!ENTITY file SYSTEM "file:///etc/hostname">]>
<annotation><object><name>&file;</name></object></annotation>"""


def annotations(root: Path, pool: str = "train") -> Mapping[str, Annotation]:
    """What is read from a list; nothing may be wrong with it."""
    found = {}
    for sample in VocSource(root=root, pool=pool, test=pool).samples("pool"):
        result = validate(sample)
        assert result.image
        assert not result.problems
        found[sample.id] = result.image.annotation
    return found


def problems(root: Path) -> list[str]:
    """What is wrong with the list `train`."""
    samples = VocSource(root=root, pool="train", test="test").samples("pool")
    return [problem for sample in samples for problem in validate(sample).problems]


def test_pixels_counted_from_1_become_distances_from_the_edge(voc: "Voc") -> None:
    """A box over the whole of 40 x 30 pixels is `1 1 40 30` in VOC, and 0 0 40 30 here."""
    voc.add("train", "whole", [("cat", 1, 1, 40, 30), ("dog", 7, 8, 7, 8)])
    whole = annotations(voc.root)["whole"]
    assert whole.boxes_xyxy.tolist() == [[0, 0, 40, 30], [6, 7, 7, 8]]
    assert whole.labels == ("cat", "dog")
    assert (whole.width, whole.height) == (40, 30)


def test_fractions_of_a_pixel_are_kept(voc: "Voc") -> None:
    """VOC2011 has coordinates such as 45.70."""
    voc.add("train", "a", [("cat", "4.5", "2.25", "20.75", 9)])
    assert annotations(voc.root)["a"].boxes_xyxy.tolist() == [[3.5, 1.25, 20.75, 9]]


def test_difficult_is_kept(voc: "Voc") -> None:
    """The flag is read where it is there, and is off where it is not."""
    hard = voc.xml([("cat", 1, 1, 9, 9)], "<difficult>1</difficult>")
    easy = voc.xml([("cat", 1, 1, 9, 9)], "<difficult>0</difficult>")
    voc.add("train", "hard", xml=hard)
    voc.add("train", "easy", xml=easy)
    found = annotations(voc.root)
    flags = {image_id: annotation.difficult for image_id, annotation in found.items()}
    assert flags == {"good": (False,), "hard": (True,), "easy": (False,)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("true", True), ("Yes", True), (" 1 ", True), ("false", False), ("Unspecified", False)],
)
def test_difficult_may_be_a_word(voc: "Voc", text: str, expected: bool) -> None:  # noqa: FBT001 - a value to compare with
    """Tools write it in several ways."""
    voc.add("train", "a", xml=voc.xml([("cat", 1, 1, 9, 9)], f"<difficult>{text}</difficult>"))
    assert annotations(voc.root)["a"].difficult == (expected,)


def test_difficult_that_is_neither_is_bad(voc: "Voc") -> None:
    """A word that means nothing is not taken for no."""
    voc.add("train", "a", xml=voc.xml([("cat", 1, 1, 9, 9)], "<difficult>2</difficult>"))
    assert "object 1 'cat': difficult '2' is neither 0 nor 1" in problems(voc.root)[0]


def test_parts_of_an_object_are_no_objects(voc: "Voc") -> None:
    """VOC2012 gives heads and hands boxes within an object."""
    part = (
        "<part><name>head</name><bndbox><xmin>2</xmin><ymin>2</ymin><xmax>3</xmax>"
        "<ymax>3</ymax></bndbox></part>"
    )
    voc.add("train", "a", xml=voc.xml([("person", 1, 1, 9, 9)], part))
    assert annotations(voc.root)["a"].labels == ("person",)


@pytest.mark.parametrize("image_id", ["my photo 1", "Zürich", "a.b.c", "sub/a"])
def test_ids_are_whole_lines_of_the_list(voc: "Voc", image_id: str) -> None:
    """Spaces, dots, folders and any letters may be in an id."""
    for parent in ("JPEGImages", "Annotations"):
        (voc.root / parent / "sub").mkdir()
    voc.add("train", image_id)
    assert image_id in annotations(voc.root)


@pytest.mark.parametrize("suffix", [".png", ".JPG", ".jpeg"])
def test_image_may_have_another_suffix(voc: "Voc", suffix: str) -> None:
    """Where there is no .jpg, the same stem with another suffix is taken; it is lower case then."""
    voc.add("train", "a", suffix=suffix)
    (sample,) = (
        s
        for s in VocSource(root=voc.root, pool="train", test="test").samples("pool")
        if s.id == "a"
    )
    image = validate(sample).image
    assert image
    assert image.encoded.suffix == suffix.lower()


def test_image_without_objects_is_taken(voc: "Voc") -> None:
    """An image without objects is not a problem."""
    voc.add("train", "empty", [])
    assert annotations(voc.root)["empty"].boxes_xyxy.shape == (0, 4)


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ("<annotation><object>", "malformed XML: no element found"),
        ("", "malformed XML"),
        ("<html></html>", "not a VOC annotation: its root element is <html>"),
        (BOMB, "entities or external references is refused"),
        (OUTSIDE, "entities or external references is refused"),
        ('<?xml version="1.0" encoding="klingon"?><annotation/>', "malformed XML"),
    ],
)
def test_bad_xml_is_named_with_its_reason(voc: "Voc", xml: str, reason: str) -> None:
    """The line names the XML file; an entity is refused before it grows."""
    voc.add("train", "bad", xml=xml)
    (problem,) = problems(voc.root)
    assert problem.startswith(f"{voc.root / 'Annotations' / 'bad.xml'}: ")
    assert reason in problem


@pytest.mark.parametrize(
    ("box", "reason"),
    [
        (("cat", 20, 1, 10, 9), "object 2 'cat' (xmin 20, ymin 1, xmax 10, ymax 9): inverted"),
        (("cat", 1, 1, 60, 9), "xmax 60, ymax 9): outside the image of 40 x 30 pixels by 20"),
        (("cat", "nan", 1, 10, 9), "not a finite number"),
        (("cat", 1, "inf", 10, 9), "not a finite number"),
        (("cat", 1, 1, "wide", 9), "object 2 'cat': a coordinate is not a number: xmin '1', "),
        (("cat", 1, "", 10, 9), "a coordinate is not a number: xmin '1', ymin ''"),
        ((" ", 1, 1, 10, 9), "its class has no name"),
    ],
)
def test_bad_box_is_named_in_the_files_own_numbers(
    voc: "Voc", box: tuple[str, float, float, float, float], reason: str
) -> None:
    """The line names the XML file, the object and its coordinates as they are written there."""
    voc.add("train", "bad", [("dog", 1, 1, 10, 10), box])
    (problem,) = problems(voc.root)
    assert problem.startswith(f"{voc.root / 'Annotations' / 'bad.xml'}: ")
    assert reason in problem


def test_object_without_a_box_is_bad(voc: "Voc") -> None:
    """What has no bndbox has no coordinates."""
    voc.add("train", "bad", xml="<annotation><object><name>cat</name></object></annotation>")
    assert "object 1 'cat': it has no bndbox, but name" in problems(voc.root)[0]


@pytest.mark.parametrize("folder", ["JPEGImages", "Annotations"])
def test_missing_file_is_named(voc: "Voc", folder: str) -> None:
    """A list may name what is not there; the line says which file that is."""
    voc.add("train", "gone")
    (path,) = (voc.root / folder).glob("gone.*")
    path.unlink()
    (problem,) = problems(voc.root)
    assert problem.startswith(f"{path}: no such ")


@pytest.mark.parametrize(
    ("image_id", "reason"),
    [
        ("../../etc/passwd", "leads out of the images' folder"),
        ("/etc/passwd", "leads out of the images' folder"),
        ("a\x07b", "has control characters or lone surrogates"),
        ("a//b", "is not the name of an image"),
    ],
)
def test_id_that_no_store_could_hold_is_refused(voc: "Voc", image_id: str, reason: str) -> None:
    """Neither files elsewhere nor control characters get into a data set by a list."""
    with (voc.root / "ImageSets" / "Main" / "train.txt").open("a") as file:
        file.write(f"{image_id}\n")
    assert reason in problems(voc.root)[0]


@pytest.mark.parametrize(
    ("image_id", "reason"),
    [
        (
            "good.jpg",
            "train.txt, line 2 is 'good.jpg'",
        ),
        ("x" * 300, "file name too long"),
        ("ä" * 130, "file name too long"),
    ],
)
def test_line_that_is_no_id_is_named(voc: "Voc", image_id: str, reason: str) -> None:
    """A file's name, or a line longer than any file's name, is a problem like others."""
    with (voc.root / "ImageSets" / "Main" / "train.txt").open("a") as file:
        file.write(f"{image_id}\n")
    assert VocSource(root=voc.root, pool="train", test="test").identity()
    assert reason in problems(voc.root)[0]


def test_list_of_one_class_is_refused(voc: "Voc") -> None:
    """VOC has them beside the others: `cat_train.txt` says of each id whether it shows a cat."""
    path = voc.root / "ImageSets" / "Main" / "cat_train.txt"
    path.write_text("good  1\nother -1\nthird  0\n")
    with pytest.raises(
        UsageError, match=r"cat_train.txt: this is the list of one class: each line is an id "
    ):
        VocSource(root=voc.root, pool="cat_train", test="test").identity()


def test_ids_that_end_in_a_number_are_no_list_of_a_class(voc: "Voc") -> None:
    """What there is an annotation of is an id."""
    voc.add("numbered", "photo 0")
    voc.add("numbered", "photo 1")
    assert list(annotations(voc.root, "numbered")) == ["photo 0", "photo 1"]


def test_class_name_that_is_no_text_is_refused(voc: "Voc") -> None:
    """A line break within a name would be one in every table."""
    voc.add("train", "a", [("cat\ndog", 1, 1, 9, 9)])
    assert "its class's name has control characters or lone surrogates" in problems(voc.root)[0]


@pytest.mark.parametrize(
    ("width", "height", "reason"),
    [
        (80, 60, "40 x 30 pixels when upright, but "),
        (40, 60, " says 40 x 60: its boxes belong to another size or orientation"),
        (30, 40, "another size or orientation"),
    ],
)
def test_boxes_in_another_frame_are_refused(
    voc: "Voc", width: int, height: int, reason: str
) -> None:
    """An annotation of a larger copy, of another shape or held otherwise has other boxes."""
    size = f"<width>{width}</width><height>{height}</height>"
    xml = voc.xml([("cat", 1, 1, 9, 9)])
    voc.add("train", "a", xml=xml.replace("<width>40</width><height>30</height>", size))
    (problem,) = problems(voc.root)
    assert reason in problem
    assert "a.jpg: " in problem


@pytest.mark.parametrize("size", ["", "<width>0</width><height>0</height>", "<width> </width>"])
def test_size_that_is_not_declared_is_no_problem(voc: "Voc", size: str) -> None:
    """The decoded size is all that is needed."""
    xml = voc.xml([("cat", 1, 1, 9, 9)])
    voc.add("train", "a", xml=xml.replace("<width>40</width><height>30</height>", size))
    assert (annotations(voc.root)["a"].width, annotations(voc.root)["a"].height) == (40, 30)


def test_almost_square_image_may_not_be_declared_sideways(
    voc: "Voc", encoded: Callable[..., bytes]
) -> None:
    """41 x 40 and 40 x 41 are within a pixel of each other, and yet boxes lie elsewhere."""
    xml = voc.xml([("cat", 1, 1, 9, 9)]).replace(">30<", ">41<", 1)
    voc.add("train", "a", xml=xml, data=encoded(5, 41, 40))
    assert "its boxes belong to another size or orientation" in problems(voc.root)[0]


def test_decoded_size_counts_and_not_the_declared_one(voc: "Voc") -> None:
    """The annotation claims 41 x 30; a box is held against the 40 x 30 that are there."""
    voc.add("train", "liar", xml=voc.xml([("cat", 1, 1, 40, 30)]).replace(">40<", ">41<", 1))
    (sample,) = (
        s
        for s in VocSource(root=voc.root, pool="train", test="test").samples("pool")
        if s.id == "liar"
    )
    image = validate(sample).image
    assert image
    assert image.size_differs
    assert (image.annotation.width, image.annotation.height) == (40, 30)


@pytest.mark.parametrize("parent", ["", "VOCdevkit", "TrainVal/VOCdevkit"])
def test_years_of_a_devkit_are_joined(empty_voc: "Voc", parent: str) -> None:
    """`2007/trainval+2012/trainval` is one list after the other, wherever the years lie."""
    devkit = empty_voc
    top, devkit.root = devkit.root, devkit.root / parent
    devkit.add("2007/trainval", "000005")
    devkit.add("2012/trainval", "2008_000008")
    source = VocSource(root=top, pool="2007/trainval + 2012/trainval", test="2007/trainval")
    assert [sample.id for sample in source.samples("pool")] == ["000005", "2008_000008"]
    assert (source.num_images("pool"), source.num_images("test")) == (2, 1)


def test_splits_are_read() -> None:
    """A part is NAME or YEAR/NAME."""
    assert parse_splits("train") == (SplitName(None, "train"),)
    assert parse_splits("2007/a+b") == (SplitName("2007", "a"), SplitName(None, "b"))


@pytest.mark.parametrize("text", ["", "train+", "2007/", "VOC2007/train", "../x/train", "/train"])
def test_split_of_another_form_is_refused(text: str) -> None:
    """What is neither says what is expected."""
    with pytest.raises(UsageError, match=r"expected NAME or YEAR/NAME"):
        parse_splits(text)


def test_unknown_list_is_answered_with_the_known_ones(voc: "Voc") -> None:
    """A typo costs one look at the message."""
    with pytest.raises(UsageError, match=r"trian.txt: no such list of images; .* test, train"):
        VocSource(root=voc.root, pool="trian", test="test").identity()


def test_root_that_is_none_is_named(voc: "Voc") -> None:
    """A root that is missing, has no such year, or has only years."""
    with pytest.raises(UsageError, match="nowhere: no such folder"):
        VocSource(root=voc.root / "nowhere", pool="train", test="test").identity()
    with pytest.raises(UsageError, match="has neither VOC2012 nor VOCdevkit/VOC2012"):
        VocSource(root=voc.root, pool="2012/train", test="test").identity()
    with pytest.raises(
        UsageError, match=r"no folder ImageSets; put a list of images into ImageSets/Main"
    ):
        VocSource(root=voc.root.parent, pool="train", test="test").identity()


def test_list_that_is_no_text_is_refused(voc: "Voc") -> None:
    """A list in another encoding would give ids that are not there."""
    path = voc.root / "ImageSets" / "Main" / "train.txt"
    path.write_bytes("Zürich".encode("latin-1"))
    with pytest.raises(BadDataError, match=re.escape(f"{path}: not UTF-8")):
        VocSource(root=voc.root, pool="train", test="test").identity()


def test_source_is_told_by_its_content_and_not_by_its_place(voc: "Voc", tmp_path: Path) -> None:
    """A copy elsewhere is the same; a box or an image that changed makes another."""
    before = VocSource(root=voc.root, pool="train", test="test").identity()
    voc.root.rename(tmp_path / "moved")
    moved = tmp_path / "moved"
    assert VocSource(root=moved, pool="train", test="test").identity() == before
    annotation = moved / "Annotations" / "good.xml"
    annotation.write_text(annotation.read_text().replace(">20<", ">21<", 1))
    changed = VocSource(root=moved, pool="train", test="test").identity()
    assert changed["pool_digest"] != before["pool_digest"]
    assert changed["test_digest"] == before["test_digest"]
    (moved / "JPEGImages" / "other.jpg").write_bytes(b"")
    assert (
        VocSource(root=moved, pool="train", test="test").identity()["test_digest"]
        != before["test_digest"]
    )
