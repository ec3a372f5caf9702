"""What the attempts at a stage logged, as the store keeps it when their pods are gone."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from job.keys import StageRef

Lines = list[dict[str, Any]]


def logs_of(ref: StageRef, contents: Mapping[str, bytes]) -> list[Lines]:
    """Return the lines of each attempt at a stage that has any, the first attempt first."""
    prefix = ref.log("").removesuffix(".log")
    texts = [data.decode() for key, data in contents.items() if key.startswith(prefix)]
    logs = [[json.loads(e) for e in text.splitlines() if e.startswith("{")] for text in texts]
    return sorted(filter(None, logs), key=lambda lines: lines[0]["timestamp"])


def span(lines: Lines) -> tuple[datetime, datetime]:
    """Return when an attempt logged its first and its last line."""
    first, last = (datetime.fromisoformat(lines[i]["timestamp"]) for i in (0, -1))
    return first, last


def field_of(lines: Lines, event: str, name: str) -> list[Any]:
    """Return what an attempt said in this field of its lines of an event."""
    return [line[name] for line in lines if line["event"] == event]
