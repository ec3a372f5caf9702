"""The JSON that Label Studio exports: its tasks with all annotations."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from job.annotation.imports.found import Found
from job.annotation.label_studio.regions import answer_of
from job.errors import BadDataError
from job.runtime.names import given


def is_label_studio(entry: Mapping[str, Any]) -> bool:
    """Return whether a JSON object is a task."""
    return isinstance(entry.get("data"), dict) and isinstance(entry.get("annotations"), list)


def read_label_studio(tasks: Sequence[Mapping[str, Any]], where: str) -> Iterator[Found]:
    """Yield the annotations, the earliest of each task first.

    Raises:
        BadDataError: One is not as Label Studio writes it.
    """
    for number, task in enumerate(tasks):
        name = _name(task)
        told = f"{where}: task {task.get('id', number)} {given(name)}"
        try:
            answers = [answer_of("", each) for each in _by_time(task["annotations"])]
        except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
            message = f"{told}: not an annotation as Label Studio exports it: {error!r}"
            raise BadDataError(message) from error
        yield from (Found(name, told, answer) for answer in answers)


def _by_time(annotations: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    return sorted(annotations, key=lambda each: str(each.get("updated_at") or ""))


def _name(task: Mapping[str, Any]) -> str:
    """Return the key of a task that we made, or the file of the image."""
    data = task["data"]
    if data.get("al_key"):
        return str(data["al_key"])
    parts = urlsplit(str(data.get("image") or ""))
    local = parse_qs(parts.query).get("d", [""])[0]  # /data/local-files/?d=folder/name.jpg
    return local or parts.path
