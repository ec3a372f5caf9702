"""What all COCO files of detection have in common: a box, a number, and the classes."""

from collections.abc import Sequence
from typing import Any


def categories(classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return classes in their order, numbered from 1."""
    return [
        {"id": number, "name": name, "supercategory": ""}
        for number, name in enumerate(classes, start=1)
    ]


def box(corners_xyxy: Sequence[float], category: int) -> dict[str, Any]:
    """Return a box that is not a crowd region: the keys that do not depend on other boxes.

    Args:
        corners_xyxy: In pixels of the image.
        category: The number of its class.
    """
    xmin, ymin, xmax, ymax = corners_xyxy
    width, height = xmax - xmin, ymax - ymin
    return {
        "category_id": category,
        "bbox": [plain(number) for number in (xmin, ymin, width, height)],
        "area": plain(width * height),
        "iscrowd": 0,
        "segmentation": [],  # pycocotools takes annotations without this key for captions
    }


def plain(number: float) -> int | float:
    """Return a number as people write it: a whole one without a fraction, any other exactly."""
    return int(number) if number.is_integer() else number
