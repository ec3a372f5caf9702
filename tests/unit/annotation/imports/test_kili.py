"""Kili's own export, as its SDK 26.2 writes it."""

from typing import Any

import pytest

from job.annotation.answers import DrawnBox
from job.annotation.imports.kili import is_kili, read_kili
from job.errors import BadDataError
from job.export.pick_formats.kili import JOB
from tests.unit.export.batches import picked


def label(**changes: object) -> dict[str, Any]:
    """A label of two boxes, which somebody has submitted."""
    boxes = [shape("dog", (0.1, 0.1, 0.3, 0.3)), shape("cat", (0.0, 0.25, 0.505, 1.0))]
    return {
        "author": {"id": "u1", "email": "ann@example.org", "firstname": "Ann", "lastname": "B"},
        "createdAt": "2026-11-30T09:00:00.000Z",
        "isLatestLabelForUser": True,
        "labelType": "DEFAULT",
        "jsonResponse": {JOB: {"annotations": boxes}},
        **changes,
    }


def shape(name: str, corners: tuple[float, ...], **changes: object) -> dict[str, Any]:
    """A box by its four corners, from the lower left one clockwise."""
    left, top, right, bottom = corners
    corner = ((left, bottom), (left, top), (right, top), (right, bottom))
    vertices = [{"x": x, "y": y} for x, y in corner]
    return {
        "boundingPoly": [{"normalizedVertices": vertices}],
        "categories": [{"name": name, "confidence": 100}],
        "children": {},
        "mid": "20261130090000000-1",
        "type": "rectangle",
        **changes,
    }


def asset(*labels: dict[str, Any], **changes: object) -> dict[str, Any]:
    """An asset with all of its labels."""
    name = "mine/seed-3/brust/round-002/a"
    size = {"height": 200, "width": 100}
    return {"id": "x", "externalId": name, "resolution": size, "labels": [*labels], **changes}


def test_labels_of_people_are_read() -> None:
    """With who made them and when; a review counts as ground truth."""
    times = {"createdAt": "2026-11-30T10:00:00.000Z", "secondsToLabel": 12}
    found = list(read_kili([asset(label(labelType="REVIEW", **times), label())], "data.json"))
    answers = [each.of(picked(0, "a")) for each in found]
    boxes = (DrawnBox("dog", (10, 20, 30, 60)), DrawnBox("cat", (0, 50, 50.5, 200)))
    assert [answer.boxes for answer in answers] == [boxes, boxes]
    assert [answer.is_ground_truth for answer in answers] == [False, True]
    assert [answer.seconds for answer in answers] == [None, 12]
    assert {(answer.by, answer.size_wh) for answer in answers} == {("ann@example.org", (100, 200))}
    assert found[0].name == "mine/seed-3/brust/round-002/a"


def test_what_nobody_has_submitted_is_no_answer() -> None:
    """Predictions, and labels that were only saved; an empty label says that nothing is there."""
    kinds = ("PREDICTION", "INFERENCE", "AUTOSAVE")
    assert not list(read_kili([asset(*(label(labelType=kind) for kind in kinds))], "data.json"))
    latest = asset(latestLabel=label(jsonResponse={JOB: {"annotations": []}}))
    del latest["labels"]
    (empty,) = read_kili([latest], "data.json")
    assert (empty.answer.boxes, empty.is_silent) == ((), False)


@pytest.mark.parametrize("changes", [{"skipped": True}, {"status": "SKIPPED"}])
def test_a_skipped_asset_is_refused(changes: dict[str, Any]) -> None:
    """Whichever of the two ways the project says it in."""
    (found,) = read_kili([asset(**changes)], "data.json")
    assert found.answer.is_refused


@pytest.mark.parametrize(
    ("response", "problem"),
    [
        ({JOB: {"annotations": [shape("a", (0, 0, 1, 1), type="semantic")]}}, "a semantic that is"),
        (
            {JOB: {"annotations": [shape("a", (0, 0, 1, 1), boundingPoly=[])]}},
            "a rectangle that is",
        ),
        ({"ROTATION_JOB": {"rotation": 90}}, "a turned image"),
    ],
)
def test_other_shapes_are_problems_of_their_image(response: dict[str, Any], problem: str) -> None:
    """They are not turned into boxes."""
    (found,) = read_kili([asset(label(jsonResponse=response))], "data.json")
    assert found.answer.problems[0].startswith(problem)


def test_a_rotated_box_is_a_problem() -> None:
    """Its corners are not those of two columns and two rows."""
    box = shape("a", (0.2, 0.2, 0.4, 0.4))
    box["boundingPoly"][0]["normalizedVertices"][0]["x"] = 0.25
    (found,) = read_kili([asset(label(jsonResponse={JOB: {"annotations": [box]}}))], "data.json")
    assert found.answer.problems == ("a rectangle that is not upright",)


def test_what_kili_would_not_write_is_refused() -> None:
    """With the asset's name."""
    assert is_kili(asset())
    assert not is_kili({"externalId": "a", "content": "images/a.jpg", "priority": 1})
    with pytest.raises(BadDataError, match=r"^data.json: asset 0 'mine/seed-3/.*: not a label as"):
        list(read_kili([asset(label(jsonResponse=["x"]))], "data.json"))
    nameless = {JOB: {"annotations": [shape("a", (0.2, 0.2, 0.4, 0.4), categories=[])]}}
    for wrong in (label(jsonResponse=nameless), label(secondsToLabel=10**400)):
        with pytest.raises(BadDataError, match=r"not a label as Kili exports it: "):
            list(read_kili([asset(wrong)], "data.json"))


def test_a_class_is_a_text() -> None:
    """So that the book can keep it; whether there is such a class is asked later."""
    response = {JOB: {"annotations": [shape("a", (0.2, 0.2, 0.4, 0.4), categories=[{"name": 7}])]}}
    (found,) = read_kili([asset(label(jsonResponse=response))], "data.json")
    assert [box.label for box in found.answer.boxes] == ["7"]
