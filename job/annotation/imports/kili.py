"""Kili's own export: one JSON file of all assets, or one of each."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from job.annotation.answers import Answer, DrawnBox
from job.annotation.imports.found import SIDES, Found, size_of
from job.errors import BadDataError
from job.runtime.names import given

LABELS = ("labels", "latestLabels", "latestLabel")
"""The key of an asset's labels, by the kind of the export."""
BY_PEOPLE = {"DEFAULT", "REVIEW"}
"""The types of labels that people make. Others are predictions, and what is not submitted."""

_CORNERS = 4


def is_kili(entry: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is an asset of Kili with labels."""
    return "externalId" in entry and any(key in entry for key in LABELS)


def read_kili(assets: Sequence[Mapping[str, Any]], where: str) -> Iterator[Found]:
    """Yield the labels that people made, the earliest of each asset first.

    Raises:
        BadDataError: It is not as Kili writes it.
    """
    for number, asset in enumerate(assets):
        name = str(asset["externalId"])
        told = f"{where}: asset {number} {given(name)}"
        try:
            answers = [_answer(label, asset, told) for label in _labels(asset)]
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            message = f"{told}: not a label as Kili exports it: {type(error).__name__} {error}"
            raise BadDataError(message) from error
        if asset.get("skipped") is True or asset.get("status") == "SKIPPED":
            answers.append(Answer(image_id="", is_refused=True, raw={"skipped": True}))
        for answer in answers:
            yield Found(name, told, answer, in_shares=True)


def _labels(asset: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the labels of people, in the order of time."""
    values = [asset[key] for key in LABELS if asset.get(key)]
    labels = [
        label for value in values for label in (value if isinstance(value, list) else [value])
    ]
    by_people = [label for label in labels if label and label.get("labelType") in BY_PEOPLE]
    return sorted(by_people, key=lambda label: str(label.get("createdAt") or ""))


def _answer(label: Mapping[str, Any], asset: Mapping[str, Any], where: str) -> Answer:
    boxes, problems = [], []
    for name, job in (label.get("jsonResponse") or {}).items():
        if name == "ROTATION_JOB" and job.get("rotation"):
            problems.append("a turned image")
        for annotation in job.get("annotations") or ():
            corners = _corners(annotation)
            if corners is None:
                problems.append(f"a {annotation.get('type') or 'shape'} that is not upright")
            else:
                boxes.append(DrawnBox(str(annotation["categories"][0]["name"]), corners))
    size = asset.get("resolution") or {}
    seconds, at = label.get("secondsToLabel"), label.get("createdAt")
    return Answer(
        image_id="",
        boxes=tuple(boxes),
        is_refused=label.get("isSkipped") is True,
        by=str((label.get("author") or {}).get("email") or ""),
        at=datetime.fromisoformat(at) if at else None,
        seconds=float(seconds) if seconds else None,
        is_ground_truth=label.get("labelType") == "REVIEW",
        size_wh=size_of([size.get(side) for side in SIDES], where),
        problems=tuple(problems),
        raw=label,
    )


def _corners(annotation: Mapping[str, Any]) -> tuple[float, float, float, float] | None:
    """Return the corners of an upright box in shares; None if it is another shape."""
    polygons = annotation.get("boundingPoly") or []
    if len(polygons) != 1 or annotation.get("type", "rectangle") != "rectangle":
        return None
    vertices = polygons[0]["normalizedVertices"]
    xs = sorted(vertex["x"] for vertex in vertices)
    ys = sorted(vertex["y"] for vertex in vertices)
    if len(vertices) != _CORNERS or not (_is_pair(xs) and _is_pair(ys)):
        return None
    return xs[0], ys[0], xs[-1], ys[-1]


def _is_pair(ascending: list[float]) -> bool:
    """Return whether four numbers are two, each of them twice, but for the last digits."""
    a, b, c, d = ascending
    return max(b - a, d - c) < 1e-6 * max(1.0, abs(d))
