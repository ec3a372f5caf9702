"""What people drew in Label Studio, as an answer; nothing of it is checked but its form."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from job.annotation.answers import Answer, DrawnBox
from job.annotation.label_studio.tasks import PROPOSAL

Region = Mapping[str, Any]

_NOT_REGIONS = {"choices", "datetime", "number", "rating", "relation", "taxonomy", "textarea"}
"""Kinds of results that say something of an image or of a box, and draw none."""


def answer_of(
    image_id: str, annotation: Mapping[str, Any], people: Mapping[int, str] | None = None
) -> Answer:
    """Return what one annotation says of an image.

    Args:
        image_id: The image.
        annotation: As the API or an export has it.
        people: From the number of each user to what they are called.

    Raises:
        ArithmeticError, AttributeError, KeyError, TypeError, ValueError: It is not as Label
            Studio's page makes it.
    """
    regions = [each for each in annotation.get("result", ()) if each["type"] not in _NOT_REGIONS]
    problems = tuple(dict.fromkeys(problem for each in regions for problem in _problems(each)))
    is_refused = bool(annotation.get("was_cancelled"))
    changed = annotation.get("updated_at") or annotation.get("created_at")
    seconds = annotation.get("lead_time")
    return Answer(
        image_id=image_id,
        boxes=() if problems or is_refused else tuple(map(_box, regions)),
        is_refused=is_refused,
        by=_name(annotation.get("completed_by"), people or {}),
        at=datetime.fromisoformat(changed) if changed else None,
        seconds=None if seconds is None else float(seconds),
        is_ground_truth=bool(annotation.get("ground_truth")),
        tells_proposals=True,
        size_wh=None if problems or not regions else _size(regions[0]),
        problems=() if is_refused else problems,
        raw=annotation,
    )


def answer_of_any(
    image_id: str, annotation: Mapping[str, Any], people: Mapping[int, str]
) -> Answer:
    """Return what one annotation of the API says, which takes any content from whoever sends it."""
    try:
        return answer_of(image_id, annotation, people)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        told = answer_of(image_id, {**annotation, "result": []}, people)
        return replace(told, problems=("not as Label Studio's page makes it",), raw=annotation)


def _problems(region: Region) -> Iterator[str]:
    """Yield what of a result cannot be expressed as a box of one class."""
    kind = region["type"].removesuffix("labels")
    value = region.get("value", {})
    if kind != "rectangle" or not {"x", "y", "width", "height"} <= value.keys():
        yield f"a {kind}, not a box"
        return
    labels = value.get("rectanglelabels") or []
    if len(labels) != 1:
        yield f"a box of {len(labels)} classes" if labels else "a box without a class"
    if (value.get("rotation") or 0) % 360:
        yield "a rotated box"
    if (region.get("image_rotation") or 0) % 360:
        yield "a box on a rotated image"
    if not (region.get("original_width") and region.get("original_height")):
        yield "a box without the size of its image"


def _size(region: Region) -> tuple[int, int]:
    return int(region["original_width"]), int(region["original_height"])


def _box(region: Region) -> DrawnBox:
    value, (width, height) = region["value"], _size(region)
    left, top = value["x"] * width / 100, value["y"] * height / 100
    right, bottom = left + value["width"] * width / 100, top + value["height"] * height / 100
    name = str(region.get("id", ""))
    is_proposed = name.startswith(PROPOSAL) and region.get("origin") != "manual"
    return DrawnBox(
        label=str(value["rectanglelabels"][0]),
        corners_xyxy=(left, top, right, bottom),
        proposal=name if is_proposed else None,
    )


def _name(user: Any, people: Mapping[int, str]) -> str:
    """Return what an annotator is called: the address, or else the user's number."""
    if isinstance(user, Mapping):
        return str(user.get("email") or f"user {user.get('id')}")
    return "" if user is None else people.get(user, f"user {user}")
