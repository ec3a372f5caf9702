"""Labels in Pascal VOC's layout."""

from collections.abc import Sequence

import pytest
from defusedxml.ElementTree import fromstring

from job.errors import BadDataError
from job.export.formats.voc import VocFormat
from tests.unit.export.images import CLASSES, Marked, labelled

LISTS = ("ImageSets/Main/trainval.txt", "ImageSets/Main/test.txt")


def objects(boxes: Sequence[Marked]) -> list[dict[str, str]]:
    """The tags and texts of each object in the XML file of an image."""
    files = VocFormat(CLASSES, "tiny").add("labelled", labelled("a", boxes))
    root = fromstring(files["Annotations/a.xml"])
    return [
        {each.tag: (each.text or "").strip() for each in element.iter() if not len(each)}
        for element in root.findall("object")
    ]


def test_pixels_are_counted_from_1() -> None:
    """Both corners belong to a box: 0 0 40 30 is `1 1 40 30`, and fractions stay."""
    whole, part = objects([("cat", (0, 0, 40, 30), ""), ("dog", (2.5, 3, 7, 8.25), "difficult")])
    corners = ("xmin", "ymin", "xmax", "ymax")
    assert [whole[name] for name in corners] == ["1", "1", "40", "30"]
    assert [part[name] for name in corners] == ["3.5", "4", "7", "8.25"]
    assert (whole["name"], whole["difficult"]) == ("cat", "0")
    assert (part["name"], part["difficult"]) == ("dog", "1")


def test_a_crowd_region_is_left_out() -> None:
    """VOC has no place for it, and as a box it would be wrong."""
    found = objects([("cat", (0, 0, 9, 9), "crowd"), ("Eisbär", (0, 0, 8, 8), "")])
    assert [each["name"] for each in found] == ["Eisbär"]


def test_an_xml_file_names_its_image() -> None:
    """By its folder and its file, with the upright size, also without an object."""
    image = labelled("b/ü <&>.v1", size=(30, 40), suffix=".png")
    layout = VocFormat(CLASSES, "tiny")
    (name,) = files = layout.add("labelled", image)
    assert name == "Annotations/b/ü <&>.v1.xml"
    root = fromstring(files[name])
    assert root.findtext("folder") == "JPEGImages/b"
    assert root.findtext("filename") == "ü <&>.v1.png"
    assert [root.findtext(f"size/{side}") for side in ("width", "height")] == ["30", "40"]
    assert root.findtext("source/database") == "tiny"
    assert layout.image_file("labelled", image) == "JPEGImages/b/ü <&>.v1.png"


def test_lists_have_the_ids_of_their_subset() -> None:
    """Labelled images are in trainval, and test images in test."""
    layout = VocFormat(CLASSES, "tiny")
    for name in ("b/ü", "a.v1"):
        layout.add("labelled", labelled(name))
    layout.add("test", labelled("c"))
    files = layout.last_files()
    assert list(files) == ["labelmap.txt", *LISTS]
    assert [files[name].decode() for name in LISTS] == ["b/ü\na.v1\n", "c\n"]


def test_classes_are_listed_for_datumaro() -> None:
    """Its four fields have colons between them, so it cannot be told of a class with a colon."""
    expected = "# label:color_rgb:parts:actions\ncat:::\ndog:::\nEisbär:::\n"
    assert VocFormat(CLASSES, "").last_files() == {"labelmap.txt": expected.encode()}
    assert VocFormat(["cat: small"], "").last_files() == {}
    assert VocFormat(["#cat"], "").last_files() == {}


@pytest.mark.parametrize("image_id", [" a", "a ", "a\u2028b"])
def test_an_id_that_no_list_can_hold_is_refused(image_id: str) -> None:
    """Readers take a line without its blanks, and would look for another image."""
    with pytest.raises(BadDataError, match="cannot be a line of VOC's lists"):
        VocFormat(CLASSES, "tiny").add("labelled", labelled(image_id))
