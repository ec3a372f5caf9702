"""The JSON of Label Studio, as version 1.23.2 exports it."""

from typing import Any

import pytest

from job.annotation.imports.label_studio import read_label_studio
from job.errors import BadDataError

KEY = "mine/seed-3/brust/round-002/a"


def region(name: str, x: float) -> dict[str, Any]:
    """A box in an image of 100 x 200 pixels."""
    value = {"x": x, "y": 10, "width": 20, "height": 20, "rotation": 0, "rectanglelabels": [name]}
    return {
        "original_width": 100,
        "original_height": 200,
        "image_rotation": 0,
        "value": value,
        "id": "a1b2c3",
        "from_name": "label",
        "to_name": "image",
        "type": "rectanglelabels",
        "origin": "manual",
    }


def task(*annotations: dict[str, Any], **data: object) -> dict[str, Any]:
    """A task with its annotations."""
    return {"id": 5, "data": data, "annotations": [*annotations], "predictions": [], "drafts": []}


def annotation(*regions: dict[str, Any], **changes: object) -> dict[str, Any]:
    """What somebody has submitted."""
    return {
        "id": 9,
        "completed_by": 1,
        "result": [*regions],
        "was_cancelled": False,
        "ground_truth": False,
        "updated_at": "2026-11-30T09:00:00.000000Z",
        "lead_time": 12.5,
        **changes,
    }


def test_annotations_are_read_in_the_order_of_time() -> None:
    """With their boxes in pixels and the seconds that they took."""
    later = annotation(region("cat", 30), updated_at="2026-11-30T10:00:00.000000Z")
    found = list(read_label_studio([task(later, annotation(region("dog", 10)), al_key=KEY)], "a"))
    assert [each.name for each in found] == [KEY, KEY]
    first, second = (each.answer for each in found)
    assert [(box.label, box.corners_xyxy) for box in first.boxes] == [("dog", (10, 20, 30, 60))]
    assert [(box.label, box.corners_xyxy) for box in second.boxes] == [("cat", (30, 20, 50, 60))]
    assert (first.seconds, first.is_refused) == (12.5, False)


def test_an_empty_annotation_and_a_skipped_one_say_so() -> None:
    """A task that nobody has annotated says nothing."""
    tasks = [task(annotation(), al_key="a"), task(annotation(was_cancelled=True)), task()]
    found = list(read_label_studio(tasks, "a.json"))
    assert [each.answer.is_refused for each in found] == [False, True]
    assert not any(each.is_silent for each in found)


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("/data/upload/7/1a2b3c4d-0001_a.jpg", "/data/upload/7/1a2b3c4d-0001_a.jpg"),
        ("/data/local-files/?d=to-ls/images/0001_a.jpg", "to-ls/images/0001_a.jpg"),
        ("https://host/images/0001_a.jpg?signed=1", "/images/0001_a.jpg"),
    ],
)
def test_a_task_of_somebody_else_is_known_by_its_image(image: str, name: str) -> None:
    """It has no key of ours."""
    (found,) = read_label_studio([task(annotation(), image=image)], "a.json")
    assert found.name == name


def test_what_label_studio_would_not_write_is_refused() -> None:
    """With the task's number."""
    with pytest.raises(BadDataError, match=r"^a.json: task 5 'x': not an annotation as"):
        list(read_label_studio([task(annotation({"id": 1}), al_key="x")], "a.json"))
    with pytest.raises(BadDataError, match=r"^a.json: task 5 'x': not an annotation as"):
        list(read_label_studio([{**task(al_key="x"), "annotations": [3]}], "a.json"))
    with pytest.raises(BadDataError, match=r"^a.json: task 5 'x': not an annotation as"):
        list(read_label_studio([task(annotation(lead_time=10**400), al_key="x")], "a.json"))


@pytest.mark.parametrize("seconds", [-500.0, float("nan"), float("inf")])
def test_seconds_that_nobody_can_have_taken_count_as_not_measured(seconds: float) -> None:
    """A cost would be lower for them."""
    (found,) = read_label_studio([task(annotation(lead_time=seconds), al_key="a")], "a.json")
    assert found.answer.seconds is None
