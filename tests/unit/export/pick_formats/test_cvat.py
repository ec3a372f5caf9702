"""Picks for CVAT."""

import json
from dataclasses import replace
from typing import Any

from defusedxml.ElementTree import fromstring

from job.export.pick_formats.cvat import CvatPicks
from tests.unit.export.batches import batch

CONFIDENCE = {
    "name": "confidence",
    "mutable": False,
    "input_type": "number",
    "default_value": "0",
    "values": ["0", "1", "0.01"],
}


def annotations(*, proposing: bool = True) -> Any:
    return fromstring(CvatPicks(batch(proposing=proposing)).files()["annotations.xml"])


def test_a_box_has_corners_in_pixels_and_its_confidence() -> None:
    """With two decimals, as CVAT writes them; it says that no person drew it."""
    dog, bear = annotations().findall("image/box")
    assert dog.attrib == {
        "label": "dog",
        "source": "auto",
        "occluded": "0",
        "xtl": "10.00",
        "ytl": "20.00",
        "xbr": "30.00",
        "ybr": "60.00",
        "z_order": "0",
    }
    assert [(each.get("name"), each.text) for each in dog] == [("confidence", "0.88")]
    assert (bear.get("label"), bear.get("xbr"), bear[0].text) == ("Eisbär", "50.50", "0.30")


def test_images_are_in_order_with_their_files_and_upright_sizes() -> None:
    """CVAT finds a frame by the name of its file; images without a box are among them."""
    found = [each.attrib for each in annotations().findall("image")]
    assert found == [
        {"id": "0", "name": "0000_stem.jpg", "width": "100", "height": "200"},
        {"id": "1", "name": "0002_stem.png", "width": "100", "height": "200"},
    ]


def test_the_head_says_what_task_it_is() -> None:
    """Version 1.1, images and not a video, and the labels in the data set's order."""
    root = annotations()
    assert root.findtext("version") == "1.1"
    assert root.findtext("meta/task/name") == "mine/seed-3/brust/round-002"
    assert root.findtext("meta/task/mode") == "annotation"
    assert root.findtext("meta/task/size") == "2"
    labels = root.findall("meta/task/labels/label")
    assert [label.findtext("name") for label in labels] == ["cat", "dog", "Eisbär"]
    (attribute,) = labels[0].findall("attributes/attribute")
    assert {each.tag: each.text for each in attribute} == {
        "name": "confidence",
        "input_type": "number",
        "default_value": "0",
        "mutable": "False",
        "values": "0\n1\n0.01",
    }


def test_labels_can_be_pasted_into_a_new_task() -> None:
    """All classes in the data set's order, with the attribute that the proposals have.

    A tag says that an image cannot be labelled, unless a class has its name.
    """
    found = json.loads(CvatPicks(batch()).files()["labels.json"])
    assert found == [
        *(
            {"name": name, "type": "rectangle", "attributes": [CONFIDENCE]}
            for name in ("cat", "dog", "Eisbär")
        ),
        {"name": "refused", "type": "tag", "attributes": []},
    ]
    named = replace(batch(), classes=("refused",))
    (label,) = json.loads(CvatPicks(named).files()["labels.json"])
    assert label["type"] == "rectangle"


def test_without_proposals_nobody_is_asked_for_a_confidence() -> None:
    """There are no boxes, and labels have no attribute."""
    root = annotations(proposing=False)
    assert len(root.findall("image")) == 2
    assert not root.findall("image/box")
    assert not root.findall("meta/task/labels/label/attributes/attribute")
    labels = json.loads(CvatPicks(batch(proposing=False)).files()["labels.json"])
    assert [label["attributes"] for label in labels] == [[], [], [], []]
