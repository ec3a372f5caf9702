"""What is measured of a release: how soon the next stage begins, and the driver's memory."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from heapq import heappop, heappush

from job.keys import StageRef
from job.plan import Plan
from tests.e2e.release import Release


def driver_memory(release: Release) -> int:
    """Return the most memory that the only driver of a finished release had resident, in MiB."""
    [line] = _told(release, "driver.memory")
    return int(str(line["peak_mib"]))


def _told(release: Release, event: str) -> list[dict[str, object]]:
    """Return the lines about an event of the log of a release's only driver."""
    [pod] = release.pods("driver")
    lines = release.namespace.kubectl("logs", pod["metadata"]["name"]).splitlines()
    told = (json.loads(line) for line in lines if f'"event": "{event}"' in line)
    return list(told)


def hand_overs(release: Release, contents: Mapping[str, bytes], slots: int) -> list[float]:
    """Return the seconds from what a stage waited for to its Job.

    A stage waits for the markers of those it needs, and for one of the slots.

    Args:
        release: One that is finished, undisturbed, with one partition a scoring.
        contents: Its store.
        slots: How many stages may run at a time.
    """
    plan = Plan(release.config)
    attempts = {ref: _attempt(ref, contents) for ref in plan.stages()}
    done = {ref: _done(ref, attempt, contents) for ref, attempt in attempts.items()}
    lines = _told(release, "job.created")
    created = {
        ref: next(_time(str(e["timestamp"])) for e in lines if attempt.startswith(f"{e['job']}-"))
        for ref, attempt in attempts.items()
    }
    return list(_waits(plan, created, done, slots))


def _waits(
    plan: Plan,
    created: Mapping[StageRef, datetime],
    done: Mapping[StageRef, datetime],
    slots: int,
) -> Iterator[float]:
    begun = min(created.values())
    free = [begun] * slots
    for ref in sorted(created, key=created.__getitem__):
        needed = [done[each] for each in plan.needs(ref)]
        last = max(heappop(free), *needed, begun)
        if needed:
            yield (created[ref] - last).total_seconds()
        heappush(free, done[ref])


def _attempt(ref: StageRef, contents: Mapping[str, bytes]) -> str:
    """The pod that did a stage."""
    return str(json.loads(contents[ref.done])["attempt"])


def _done(ref: StageRef, attempt: str, contents: Mapping[str, bytes]) -> datetime:
    """Return when the stage logged that its marker is written."""
    lines = contents[ref.log(attempt)].decode().splitlines()
    [line] = [line for line in lines if '"event": "stage.done"' in line]
    return _time(json.loads(line)["timestamp"])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
