"""What people drew in Label Studio, as answers."""

from datetime import UTC, datetime
from typing import Any

import pytest

from job.annotation.answers import Answer, DrawnBox
from job.annotation.book import Said
from job.annotation.label_studio.regions import answer_of, answer_of_any
from tests.label_studio.asking import region
from tests.unit.annotation.answering import NOON

POLYGON = region(type="polygonlabels", value={"points": [[0, 0], [1, 1]]})


def said(*regions: dict[str, Any], **rest: Any) -> Answer:
    """The answer of an annotation with these boxes."""
    return answer_of("i", {"result": list(regions), **rest})


def test_a_box_is_in_pixels() -> None:
    """10 % of 100 and of 80 pixels are 10 and 8; 20 % and 40 % are 20 and 32."""
    answer = said(region())
    assert answer.boxes == (DrawnBox("dog", (10.0, 8.0, 30.0, 40.0)),)
    assert answer.size_wh == (100, 80)
    assert answer.problems == ()


@pytest.mark.parametrize(
    ("origin", "name", "proposal"),
    [
        ("prediction", "proposal-7", "proposal-7"),
        ("prediction-changed", "proposal-7", "proposal-7"),
        ("manual", "proposal-7", None),
        ("manual", "Xy3", None),
        ("prediction", "of-another-model", None),
    ],
)
def test_a_proposed_box_keeps_its_name(origin: str, name: str, proposal: str | None) -> None:
    """Whether it was moved or not; a box that was drawn has none."""
    (box,) = said(region(id=name, origin=origin)).boxes
    assert box.proposal == proposal


@pytest.mark.parametrize(
    ("drawn", "problem"),
    [
        (POLYGON, "a polygon, not a box"),
        (region(type="brushlabels"), "a brush, not a box"),
        (region(value={"rectanglelabels": []}), "a box without a class"),
        (region(value={"rectanglelabels": ["a", "b"]}), "a box of 2 classes"),
        (region(value={"rotation": 12.5}), "a rotated box"),
        (region(image_rotation=90), "a box on a rotated image"),
        (region(original_width=None), "a box without the size of its image"),
    ],
)
def test_what_no_box_can_say_is_a_problem(drawn: dict[str, Any], problem: str) -> None:
    """It is told once, and none of the image's boxes is taken."""
    answer = said(region(), drawn, drawn)
    assert (answer.problems, answer.boxes) == ((problem,), ())


def test_a_box_that_was_turned_all_around_is_upright() -> None:
    """Label Studio counts up to 360 degrees."""
    assert said(region(value={"rotation": 360})).problems == ()


def test_words_about_an_image_are_no_boxes() -> None:
    """A project may ask for more than we need."""
    assert said({"type": "choices", "value": {"choices": ["night"]}}, region()).problems == ()


def test_a_skipped_image_is_refused() -> None:
    """Whatever was drawn before; its seconds count."""
    answer = said(POLYGON, was_cancelled=True, lead_time=4)
    assert (answer.is_refused, answer.boxes, answer.problems) == (True, (), ())
    assert answer.seconds == 4


def test_an_image_without_boxes_is_answered() -> None:
    """It shows no object; nobody knows its size from that."""
    answer = said()
    assert (answer.is_refused, answer.boxes, answer.size_wh) == (False, (), None)


@pytest.mark.parametrize(
    ("user", "name"),
    [(3, "ann@b.org"), (4, "user 4"), ({"id": 3, "email": "x@y.org"}, "x@y.org"), (None, "")],
)
def test_an_annotator_has_an_address_or_a_number(user: Any, name: str) -> None:
    """The API has the number, an export may have both."""
    assert answer_of("i", {"completed_by": user}, {3: "ann@b.org"}).by == name


def test_an_answer_is_as_old_as_its_last_change() -> None:
    """And nobody measured its time if it came by the API."""
    answer = said(
        created_at="2026-11-30T09:00:00Z", updated_at="2026-11-30T10:00:00Z", lead_time=None
    )
    assert answer.at == datetime(2026, 11, 30, 10, tzinfo=UTC)
    assert answer.seconds is None
    assert answer.raw["created_at"] == "2026-11-30T09:00:00Z"


@pytest.mark.parametrize(
    "drawn",
    [
        "no region",
        {"value": {}},
        region(type=None),
        {"type": "rectanglelabels", "value": None},
        region(value={"x": "left"}),
        region(value={"width": None}),
        region(value={"rotation": "half"}),
        region(original_width="wide"),
        region(original_width=10**400),
    ],
)
def test_what_somebody_sends_to_the_api_needs_attention_in_any_form(drawn: Any) -> None:
    """Label Studio takes it as it is; the other answers of a look have to be read."""
    annotation = {"result": [region(), drawn], "completed_by": 3, "lead_time": 4}
    answer = answer_of_any("i", annotation, {3: "ann@b.org"})
    assert (answer.boxes, answer.problems) == ((), ("not as Label Studio's page makes it",))
    assert (answer.by, answer.seconds, answer.raw) == ("ann@b.org", 4, annotation)
    assert Said.of(answer, NOON).answer == answer


def test_a_box_of_the_api_may_leave_out_that_it_is_upright() -> None:
    """A rotation of null is none; a class that is no text is not one of ours."""
    drawn = region(value={"rotation": None, "rectanglelabels": [3]}, image_rotation=None)
    answer = said(drawn)
    assert answer.problems == ()
    assert Said.of(answer, NOON).answer.boxes[0].label == "3"


def test_a_time_without_a_zone_is_in_utc() -> None:
    """It can be compared with all other times."""
    assert said(updated_at="2026-11-30T10:00:00").at == datetime(2026, 11, 30, 10, tzinfo=UTC)
