"""The book of labels: what people answered in an experiment, whoever asked them.

It consists of objects that nothing changes or removes. All arms and seeds share it.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from itertools import chain
from math import isfinite
from typing import Any, Self

from pydantic import AwareDatetime, TypeAdapter

from job.annotation.answers import Answer
from job.keys import ExperimentKeys
from job.storage import Store
from job.storage.documents import checked, dump_json, load_json

_REMEDY = "restore it from a copy of the store"
_NAME_DIGITS = 16
_ANSWER = TypeAdapter(Answer)


@dataclass(frozen=True)
class Said:
    """An answer, and when it reached us."""

    answer: Answer
    received: datetime
    digest: str
    """Of all that the answer says, but not of how the tool said it."""
    name: str = ""
    """The object of the book that has it; empty: none has it yet."""

    @classmethod
    def of(cls, answer: Answer, received: datetime, name: str = "") -> Self:
        """Return an answer as it can be compared with others."""
        plain = _ANSWER.validate_python(_row(replace(answer, raw={})))
        text = json.dumps(_row(plain), sort_keys=True)
        return cls(answer, received, sha256(text.encode()).hexdigest(), name)

    @property
    def time(self) -> datetime:
        """When it was given: as the tool says it, else when it reached us."""
        return self.answer.at or self.received


ByImage = Mapping[str, tuple[Said, ...]]
"""By the id of an image: the last answer of each annotator, in the order of time."""


def last_of_each(said: Iterable[Said]) -> ByImage:
    """Return the last answer of each annotator, in the order of time; of equals the later one."""
    last: dict[tuple[str, str], Said] = {}
    for each in sorted(said, key=lambda each: each.time):
        key = (each.answer.image_id, each.answer.by)
        last.pop(key, None)  # so that the order is that of the last ones
        last[key] = each
    found: dict[str, tuple[Said, ...]] = {}
    for (image_id, _), each in last.items():
        found[image_id] = (*found.get(image_id, ()), each)
    return found


@dataclass(frozen=True)
class _Content:
    """An object of the book."""

    received: AwareDatetime
    answers: tuple[Answer, ...]


class Book:
    """The book of an experiment, read once."""

    def __init__(self, store: Store, experiment: str) -> None:
        self._store = store
        self._keys = ExperimentKeys(experiment)

    @cached_property
    def _answers(self) -> ByImage:
        keys = self._store.list(self._keys.answers())
        return last_of_each(each for key in keys for each in self._read(key))

    def answers(self, ids: Collection[str] | None = None) -> dict[str, tuple[Said, ...]]:
        """Return the last answer of each annotator, in the order of time, by image.

        Args:
            ids: The images; None: all that have an answer. Those without one are left out.

        Raises:
            BadDataError: An object of the book is damaged, or written by a newer version.
        """
        wanted = self._answers if ids is None else ids
        return {each: self._answers[each] for each in wanted if each in self._answers}

    def lacks(self, said: Said) -> bool:
        """Whether an answer is another one than the last of its annotator in the book."""
        answer = said.answer
        known = [
            each for each in self._answers.get(answer.image_id, ()) if each.answer.by == answer.by
        ]
        return not known or (said.time >= known[-1].time and said.digest != known[-1].digest)

    def add(self, answers: Iterable[Answer], now: datetime | None = None) -> str:
        """Write the answers that the book lacks, as one object.

        Args:
            answers: In the order of time. Of each annotator and image the last one counts.
            now: When they reached us; None: now.

        Returns:
            The object's name; empty: the book has all of them already.
        """
        received = now or datetime.now(UTC)
        given = last_of_each(Said.of(each, received) for each in answers if _is_finite(each))
        new = [each for said in given.values() for each in said if self.lacks(each)]
        if not new:
            return ""
        data = dump_answers([each.answer for each in new], received)
        name = sha256(data).hexdigest()[:_NAME_DIGITS]
        self._store.write(self._keys.answers(f"{name}.json"), data)
        booked = [replace(each, name=name) for each in new]
        self._answers = last_of_each(chain(*self._answers.values(), booked))
        return name

    def _read(self, key: str) -> list[Said]:
        """Return the answers of an object."""
        name = key.rpartition("/")[2].removesuffix(".json")
        said = load_answers(self._store.read(key), f"{self._store.url}: {key}", _REMEDY)
        return [replace(each, answer=replace(each.answer, raw={}), name=name) for each in said]


def dump_answers(answers: Iterable[Answer], received: datetime) -> bytes:
    """Return answers as they are stored; those are left out that JSON cannot say."""
    rows = [_row(answer) for answer in answers if _is_finite(answer)]
    return dump_json({"received": received.isoformat(), "answers": rows})


def load_answers(data: bytes, where: str, remedy: str) -> list[Said]:
    """Read what `dump_answers` wrote.

    Raises:
        BadDataError: It is damaged, or written by a newer version.
    """
    content = checked(_Content, load_json(data, where, remedy), where, remedy)
    return [Said.of(answer, content.received) for answer in content.answers]


def _row(answer: Answer) -> dict[str, Any]:
    """Return an answer as it is stored."""
    return {**asdict(answer), "at": answer.at.isoformat() if answer.at else None}


def _is_finite(answer: Answer) -> bool:
    """Whether all corners are numbers, as JSON can say them; others are no label anyway."""
    return all(isfinite(each) for box in answer.boxes for each in box.corners_xyxy)
