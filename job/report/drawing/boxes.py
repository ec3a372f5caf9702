"""Boxes on a picture, with a word at each."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from job.records.arrays import Floats
from job.report.drawing.fonts import box_of, write

# Okabe and Ito, Color Universal Design (2008), in an order that shows on photographs.
COLORS = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#CC79A7", "#D55E00", "#0072B2")
INK = "#1a1a1a"


def draw_boxes(
    picture: Image.Image,
    boxes_xyxy: Floats,
    labels: Sequence[int],
    words: Sequence[str],
    letter: int = 12,
) -> None:
    """Draw boxes on a picture, the last one on top.

    Args:
        picture: RGB. It is changed.
        boxes_xyxy: (boxes, 4), in its pixels.
        labels: The index of each box's class, by which it has its colour.
        words: The text at each box, such as `cow 0.41`.
        letter: The height of a letter, in pixels. Lines are a sixth as thick.
    """
    draw = ImageDraw.Draw(picture)
    for box, label, text in zip(boxes_xyxy, labels, words, strict=True):
        left, upper, right, lower = (float(each) for each in box)
        color = COLORS[label % len(COLORS)]
        corners = left, upper, max(right, left), max(lower, upper)
        draw.rectangle(corners, outline=color, width=letter // 6)
        place = left + 2, min(max(upper, 0), picture.height - letter - 2)
        draw.rectangle(box_of(draw, place, text, letter), fill=color)
        write(draw, place, text, letter, INK)
