"""Images with their boxes as HTML."""

import io
import re

import pytest
from markupsafe import Markup
from PIL import Image

from job.report.drawing.outlines import (
    Outline,
    OutlinedImage,
    View,
    outlined,
    small_jpeg,
    view_around,
)

VIEW = View(0, 0, 200, 100)


def encoded(width: int, height: int) -> bytes:
    """The left half is red, the right half is blue."""
    image = Image.new("RGB", (width, height), "red")
    image.paste("blue", (width // 2, 0, width, height))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def opened(jpeg: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(jpeg))
    assert image.format == "JPEG"
    return image


@pytest.mark.parametrize(
    ("size", "expected"), [((400, 200), (100, 50)), ((30, 60), (30, 60)), ((1000, 1), (100, 1))]
)
def test_a_picture_fits_and_is_not_enlarged(
    size: tuple[int, int], expected: tuple[int, int]
) -> None:
    """Its shape stays, and no side is less than a pixel."""
    assert opened(small_jpeg(encoded(*size), "x", 100)).size == expected


def test_a_part_of_an_image_fills_the_picture() -> None:
    """Also if it has fewer pixels than the picture."""
    image = opened(small_jpeg(encoded(40, 20), "x", 100, View(20, 0, 20, 20), is_whole=False))
    assert image.size == (100, 100)
    red, _, blue = image.convert("RGB").resize((1, 1)).getpixel((0, 0))  # type: ignore[misc]
    assert red < 10
    assert blue > 240


def test_boxes_are_drawn_in_pixels_of_the_image() -> None:
    """With the name of each above it, or below or within where there is no room above."""
    boxes = [
        Outline((10, 50, 30, 90), 0, "cow, difficult", "cow"),
        Outline((150, 0, 190, 20), 1, "horse", "horse", is_dashed=True),
        Outline((0, 0, 200, 100), 2, "field"),
    ]
    html = outlined([OutlinedImage("a.jpg", VIEW, "two", "caption", boxes)])
    assert '<svg viewBox="0 0 200 100" role="img" aria-label="two">' in html
    assert '<image href="a.jpg" x="0" y="0" width="200" height="100"' in html
    places = re.findall(r'<rect x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)" (.*)>', html)
    assert [each[:4] for each in places] == [
        ("10", "50", "20", "40"),
        ("150", "0", "40", "20"),
        ("0", "0", "200", "100"),
    ]
    assert ['class="other"' in each[4] for each in places] == [False, True, False]
    names = re.findall(r'<text x="(\d+)" y="([\d.]+)" text-anchor="(\w+)"', html)
    letter = 200 / 18
    assert [each[::2] for each in names] == [("10", "start"), ("190", "end")]
    assert [float(each[1]) for each in names] == pytest.approx(
        [50 - letter / 4, 20 + letter], abs=0.01
    )


def test_names_and_captions_are_escaped() -> None:
    """Classes and ids come from outside."""
    box = Outline((0, 0, 1, 1), 0, "<i>", "<i>")
    html = outlined([OutlinedImage('"', VIEW, "<i>", "<i>", [box], link="<i>")])
    assert "<i>" not in html
    assert 'href="&#34;"' in html
    assert "<b>kept</b>" in outlined([OutlinedImage("", VIEW, "", Markup("<b>kept</b>"))])


def test_a_picture_may_lead_somewhere() -> None:
    """To a larger one, for example."""
    html = outlined([OutlinedImage("a.jpg", VIEW, "alt", "one", link="large")])
    assert re.search(r'<a href="large">\s*<svg.*</svg>\s*</a>', html, re.DOTALL)
    assert "<a" not in outlined([OutlinedImage("a.jpg", VIEW, "alt", "one")])


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((50, 40, 70, 60), 60 + 100 / 9),  # below
        ((50, 40, 70, 95), 95 - 100 / 36),  # no room below
        ((50, 5, 70, 60), 60 - 100 / 36),  # the name of an equal box is below
    ],
)
def test_a_name_below_its_box_is_apart_from_one_above(
    box: tuple[float, float, float, float], expected: float
) -> None:
    """A letter is 100 / 9 pixels high; at the lower edge it stands within the box."""
    html = outlined(
        [OutlinedImage("a.jpg", VIEW, "", "", [Outline(box, 0, "", "cow", is_named_below=True)])]
    )
    (y,) = re.findall(r'<text x="[\d.]+" y="([\d.]+)"', html)
    assert float(y) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([(100, 100, 110, 120)], View(75, 80, 60, 60)),  # three times its longer side
        ([(100, 100, 101, 101)], View(80, 80, 40, 40)),  # at least 40
        ([(0, 0, 10, 20)], View(0, 0, 60, 60)),  # moved into the image
        ([(0, 0, 10, 20), (90, 90, 100, 100)], View(0, 0, 300, 200)),  # what there is
    ],
)
def test_a_view_is_a_square_around_boxes(
    boxes: list[tuple[float, float, float, float]], expected: View
) -> None:
    """Within the image, which has 300 by 200 pixels."""
    assert view_around(boxes, (300, 200), 3, 40) == expected
