"""Picks for Label Studio."""

import json
from typing import Any

import pytest
from defusedxml.ElementTree import fromstring

from job.export.pick_formats.label_studio import LabelStudioPicks
from tests.unit.export.batches import ODD, batch

LOCAL = "/data/local-files/?d=my%20batch"


def tasks(**options: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(
        LabelStudioPicks(batch(**options)).files()["tasks.json"]
    )
    return found


def test_a_task_knows_its_image_and_why_it_was_picked() -> None:
    """The key comes back with each answer; tasks are in the order of rank."""
    first, second = tasks()
    assert first["data"] == {
        "image": f"{LOCAL}/images/0000_stem.jpg",
        "al_key": f"mine/seed-3/brust/round-002/{ODD}",
        "al_id": ODD,
        "al_sha256": "ab",
        "al_rank": 0,
        "al_score": 0.5,
        "al_reason": 'why "so"',
    }
    assert (second["data"]["al_id"], second["data"]["al_rank"]) == ("a", 2)


def test_all_boxes_of_an_image_are_one_prediction_of_the_previous_rounds_model() -> None:
    """Its score is the mean confidence: (0.875 + 0.3) / 2 = 0.5875."""
    (prediction,) = tasks()[0]["predictions"]
    assert prediction["model_version"] == "mine/seed-3/brust/round-001"
    assert prediction["score"] == 0.5875
    assert [each["id"] for each in prediction["result"]] == ["proposal-0", "proposal-1"]


def test_a_box_is_in_percent_of_the_image() -> None:
    """(10, 20) to (30, 60) of 100 x 200 pixels: at 10, 10, and 20 wide and high."""
    (prediction,) = tasks()[0]["predictions"]
    assert prediction["result"][0] == {
        "id": "proposal-0",
        "type": "rectanglelabels",
        "from_name": "label",
        "to_name": "image",
        "original_width": 100,
        "original_height": 200,
        "image_rotation": 0,
        "score": 0.875,
        "value": {
            "x": 10,
            "y": 10,
            "width": 20,
            "height": 20,
            "rotation": 0,
            "rectanglelabels": ["dog"],
        },
    }


def test_an_image_without_proposals_has_no_prediction() -> None:
    """People begin with the bare image, as they do if none was asked for."""
    assert tasks()[1]["predictions"] == []
    assert [task["predictions"] for task in tasks(proposing=False)] == [[], []]


@pytest.mark.parametrize(
    ("place", "links", "address"),
    [
        ("s3://bucket/batch 7", "", "s3://bucket/batch 7"),
        ("gs://bucket/batch", "", "gs://bucket/batch"),
        ("az://container/batch", "", "azure-blob://container/batch"),
        ("s3://bucket/batch", "https://host/a", "https://host/a"),
        ("file:///a/b", "https://host/a", "https://host/a"),
        ("file:///a/b", "", "/data/local-files/?d=b"),
    ],
)
def test_an_image_is_an_address(place: str, links: str, address: str) -> None:
    """The user's, or else in the bucket by the tool's own scheme, or else by local files."""
    found = [task["data"]["image"] for task in tasks(place=place, links=links)]
    assert found == [f"{address}/images/0000_stem.jpg", f"{address}/images/0002_stem.png"]


def test_the_configuration_has_the_classes_and_the_names_that_predictions_use() -> None:
    """In the data set's order; boxes cannot be turned."""
    view = fromstring(LabelStudioPicks(batch()).files()["config.xml"])
    image, labels = view
    assert (image.tag, image.attrib) == ("Image", {"name": "image", "value": "$image"})
    assert labels.tag == "RectangleLabels"
    assert labels.attrib == {"name": "label", "toName": "image", "canRotate": "false"}
    assert [label.get("value") for label in labels] == ["cat", "dog", "Eisbär"]
    assert len({label.get("background") for label in labels}) == 3
