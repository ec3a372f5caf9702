"""CVAT for images 1.1: what is more than an upright box."""

import pytest
from defusedxml.ElementTree import fromstring

from job.annotation.imports.cvat import read_cvat
from job.errors import BadDataError
from tests.unit.export.batches import picked


def image(inner: str) -> str:
    """A file of one image."""
    name = 'id="0" name="a.jpg" width="10" height="20"'
    return f"<annotations><image {name}>{inner}</image></annotations>"


@pytest.mark.parametrize(
    ("inner", "problems"),
    [
        ('<box label="a" xtl="1" ytl="1" xbr="2" ybr="2" rotation="30.0"/>', ("a rotated box",)),
        ('<polygon label="a" points="1,1;2,2;1,2"/>', ("a polygon",)),
        ('<mask label="a" rle="1"/><points label="a" points="1,1"/>', ("a mask", "a points")),
        ('<box label="a" xtl="1" ytl="1" xbr="2" ybr="2" rotation="0.0"/>', ()),
    ],
)
def test_other_shapes_are_problems_of_their_image(inner: str, problems: tuple[str, ...]) -> None:
    """They are not turned into boxes, and the image is not taken for an empty one."""
    found = next(read_cvat(fromstring(image(inner)), "a.xml"))
    assert found.answer.problems == problems
    assert found.answer.size_wh == (10, 20)
    assert not found.is_silent


def test_a_corner_at_infinity_is_a_problem_of_its_image() -> None:
    """JSON could not keep it."""
    text = image('<box label="a" xtl="nan" ytl="1" xbr="2" ybr="2"/>')
    answer = next(read_cvat(fromstring(text), "a.xml")).of(picked(0, "a"))
    assert (answer.boxes, answer.problems) == ((), ("a box with a corner that is not a number",))


def test_a_tag_refuses_an_image() -> None:
    """Annotators set it where they cannot label; other tags say nothing here."""
    text = image('<tag label="refused" source="manual"/>') + image('<tag label="night"/>')
    both = fromstring(f"<all>{text}</all>").findall("annotations")
    found = [next(read_cvat(each, "a.xml")) for each in both]
    assert [each.answer.is_refused for each in found] == [True, False]
    assert [each.is_silent for each in found] == [False, True]


def test_a_corner_that_is_no_number_is_told_with_its_image() -> None:
    """The whole file is refused."""
    text = image('<box label="a" xtl="one" ytl="1" xbr="2" ybr="2"/>')
    with pytest.raises(BadDataError, match=r"^a.xml: image 0 'a.jpg': box 'a': a corner is not a"):
        list(read_cvat(fromstring(text), "a.xml"))
