"""Answers made by hand."""

from datetime import UTC, datetime

from job.annotation.answers import Answer, DrawnBox
from job.annotation.book import Said

NOON = datetime(2024, 11, 30, 12, tzinfo=UTC)
DOG = DrawnBox("dog", (10.0, 10.0, 30.0, 30.0))
CAT = DrawnBox("cat", (0.0, 0.0, 20.0, 20.0))


def at(minute: int) -> datetime:
    """A moment after noon."""
    return NOON.replace(minute=minute)


def answer(*boxes: DrawnBox, image: str = "a", by: str = "ann", **rest: object) -> Answer:
    """An annotator's answer to an image."""
    return Answer(image, boxes, by=by, **rest)  # type: ignore[arg-type]


def said(*answers: Answer) -> list[Said]:
    """Answers that reached us one minute after the other."""
    return [Said.of(each, at(minute)) for minute, each in enumerate(answers)]
