"""Picks for Kili."""

import json
from typing import Any

from job.export.pick_formats.kili import KiliPicks
from tests.unit.export.batches import ODD, batch

KEY = "mine/seed-3/brust/round-002/"


def read(name: str, **options: Any) -> Any:
    return json.loads(KiliPicks(batch(**options)).files()[name])


def test_the_best_pick_has_the_highest_priority() -> None:
    """Of three picks it is 3; the last one has 1, also if the second is left out."""
    first, last = read("assets.json")
    assert first == {
        "externalId": KEY + ODD,
        "content": "images/0000_stem.jpg",
        "priority": 3,
        "jsonMetadata": {"id": ODD, "rank": 0, "score": 0.5, "reason": 'why "so"'},
    }
    assert (last["externalId"], last["priority"]) == (f"{KEY}a", 1)


def test_images_may_be_links() -> None:
    """Below the address that the user gives."""
    found = [asset["content"] for asset in read("assets.json", links="https://host/a")]
    assert found == ["https://host/a/images/0000_stem.jpg", "https://host/a/images/0002_stem.png"]


def test_a_prediction_has_corners_from_0_to_1_and_a_confidence_in_percent() -> None:
    """From the lower left corner clockwise; an image without proposals has no prediction."""
    (prediction,) = read("predictions.json")
    assert prediction["externalId"] == KEY + ODD
    assert prediction["modelName"] == "mine/seed-3/brust/round-001"
    dog, bear = prediction["jsonResponse"]["OBJECT_DETECTION_JOB"]["annotations"]
    (polygon,) = dog["boundingPoly"]
    corners = [(each["x"], each["y"]) for each in polygon["normalizedVertices"]]
    assert corners == [(0.1, 0.3), (0.1, 0.1), (0.3, 0.1), (0.3, 0.3)]
    assert (dog["type"], dog["categories"]) == ("rectangle", [{"name": "dog", "confidence": 88}])
    assert bear["categories"] == [{"name": "Eisbär", "confidence": 30}]


def test_without_proposals_there_is_no_file_of_them() -> None:
    """Assets and interface are the same."""
    with_any, without = (KiliPicks(batch(proposing=each)).files() for each in (True, False))
    assert list(without) == ["interface.json", "assets.json"]
    assert {name: with_any[name] for name in without} == without


def test_the_interface_has_one_job_with_the_classes() -> None:
    """In the data set's order; an image without an object needs no box."""
    (job,) = read("interface.json")["jobs"].values()
    assert (job["mlTask"], job["tools"], job["required"]) == ("OBJECT_DETECTION", ["rectangle"], 0)
    assert list(job["content"]["categories"]) == ["cat", "dog", "Eisbär"]
