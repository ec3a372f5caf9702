"""What Label Studio is given: the labelling configuration, tasks, and proposals as predictions."""

from collections.abc import Sequence
from colorsys import hls_to_rgb
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from job.annotation.batch import PickedImage, Proposal

IMAGE, LABEL = "image", "label"
"""The names of the tags that tasks and boxes refer to."""
PROPOSAL = "proposal-"
"""How the id of a proposed box begins; its number among the image's proposals follows."""


def label_config(classes: Sequence[str]) -> str:
    """Return the labelling configuration: an image, and boxes of these classes."""
    view = Element("View")
    SubElement(view, "Image", name=IMAGE, value="$image")
    labels = SubElement(view, "RectangleLabels", name=LABEL, toName=IMAGE, canRotate="false")
    for number, name in enumerate(classes):
        SubElement(labels, "Label", value=name, background=_color(number))
    indent(view)
    return tostring(view, encoding="unicode")


def _color(number: int) -> str:
    """Return the colour of a class; neighbours differ most, as hues by the golden ratio do."""
    rgb = hls_to_rgb(number * 0.618034 % 1, 0.45, 0.8)
    return "#" + "".join(f"{round(255 * part):02x}" for part in rgb)


def task(image: PickedImage, address: str, model: str | None) -> dict[str, Any]:
    """Return a task, whose keys come back with each answer.

    Args:
        image: What people are asked for.
        address: Where Label Studio finds it.
        model: Who proposes its boxes; None: nobody does.
    """
    data = {
        "image": address,
        "al_key": image.key,
        "al_id": image.id,
        "al_sha256": image.sha256,
        "al_rank": image.rank,
        "al_score": image.score,
        "al_reason": image.reason,
    }
    return {"data": data, "predictions": _predictions(image, model)}


def _predictions(image: PickedImage, model: str | None) -> list[dict[str, Any]]:
    """Return all boxes in one prediction, since an annotation begins with one."""
    if not image.proposals:
        return []
    confidences = [proposal.confidence for proposal in image.proposals]
    regions = [
        {"id": f"{PROPOSAL}{number}", **_region(proposal, image.size_wh)}
        for number, proposal in enumerate(image.proposals)
    ]
    score = round(sum(confidences) / len(confidences), 4)
    return [{"model_version": model, "score": score, "result": regions}]


def _region(proposal: Proposal, size_wh: tuple[int, int]) -> dict[str, Any]:
    """Return a box in percent of the image's width and height."""
    xmin, ymin, xmax, ymax = proposal.corners_xyxy
    width, height = size_wh
    return {
        "type": "rectanglelabels",
        "from_name": LABEL,
        "to_name": IMAGE,
        "original_width": width,
        "original_height": height,
        "image_rotation": 0,
        "score": proposal.confidence,
        "value": {
            "x": 100 * xmin / width,
            "y": 100 * ymin / height,
            "width": 100 * (xmax - xmin) / width,
            "height": 100 * (ymax - ymin) / height,
            "rotation": 0,
            "rectanglelabels": [proposal.label],
        },
    }
