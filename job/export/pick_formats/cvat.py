"""CVAT: images, "CVAT for images 1.1" with the proposals, and the labels of a new task."""

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from job.annotation.batch import PickedImage
from job.annotation.imports.cvat import REFUSED
from job.export.pick_formats.base import PickFormat, as_json

CONFIDENCE: Mapping[str, Any] = {
    "name": "confidence",
    "mutable": False,
    "input_type": "number",
    "default_value": "0",
    "values": ["0", "1", "0.01"],
}
"""The attribute that each label has: from 0 to 1 in steps of 0.01."""
TAG: Mapping[str, Any] = {"name": REFUSED, "type": "tag", "attributes": []}
"""With it, annotators say that an image cannot be labelled."""


class CvatPicks(PickFormat):
    """`images/0000_<id>.jpg`, `annotations.xml` and `labels.json`."""

    def files(self) -> Mapping[str, bytes]:
        """Return the annotations, and the labels as CVAT's raw editor of labels takes them."""
        labels = [
            {"name": name, "type": "rectangle", "attributes": self._attributes()}
            for name in self.batch.classes
        ]
        tags = [] if REFUSED in self.batch.classes else [TAG]
        return {"labels.json": as_json([*labels, *tags]), "annotations.xml": self._xml(labels)}

    def _attributes(self) -> list[Mapping[str, Any]]:
        return [] if self.batch.min_confidence is None else [CONFIDENCE]

    def _xml(self, labels: list[dict[str, Any]]) -> bytes:
        root = Element("annotations")
        SubElement(root, "version").text = "1.1"
        task = SubElement(SubElement(root, "meta"), "task")
        SubElement(task, "name").text = self.batch.name
        SubElement(task, "size").text = str(len(self.batch.images))
        SubElement(task, "mode").text = "annotation"
        listed = SubElement(task, "labels")
        for label in labels:
            _add_label(listed, label)
        for number, image in enumerate(self.batch.images):
            _add_image(root, number, image)
        indent(root)
        data: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
        return data


def _add_label(listed: Element, label: Mapping[str, Any]) -> None:
    element = SubElement(listed, "label")
    SubElement(element, "name").text = label["name"]
    SubElement(element, "type").text = label["type"]
    attributes = SubElement(element, "attributes")
    for each in label["attributes"]:
        attribute = SubElement(attributes, "attribute")
        for tag in ("name", "input_type", "default_value"):
            SubElement(attribute, tag).text = each[tag]
        SubElement(attribute, "mutable").text = str(each["mutable"])
        SubElement(attribute, "values").text = "\n".join(each["values"])


def _add_image(root: Element, number: int, image: PickedImage) -> None:
    width, height = map(str, image.size_wh)
    of = {"id": str(number), "name": image.file, "width": width, "height": height}
    element = SubElement(root, "image", of)
    for proposal in image.proposals:
        corners = (f"{number:.2f}" for number in proposal.corners_xyxy)
        placed = dict(zip(("xtl", "ytl", "xbr", "ybr"), corners, strict=True))
        of = {"label": proposal.label, "source": "auto", "occluded": "0", **placed, "z_order": "0"}
        attribute = SubElement(SubElement(element, "box", of), "attribute", name="confidence")
        attribute.text = f"{proposal.confidence:.2f}"
