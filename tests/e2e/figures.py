"""What is measured of a release: how soon the next stage begins, and the driver's memory."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from heapq import heappop, heappush

from job.keys import StageRef
from job.plan import Plan
from tests.e2e.cluster import CommandError
from tests.e2e.release import Release

SECONDS_BETWEEN_LOOKS = 5
CGROUP = "/sys/fs/cgroup/memory.peak /sys/fs/cgroup/memory/memory.max_usage_in_bytes"
"""With control groups of version 2, and of version 1."""


class DriverMemory:
    """The most that the driver used, in MiB."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._num_looks = 0
        self.resident = 0.0
        """Of its largest process."""
        self.whole = 0.0
        """Of its container, what the kernel caches of files with it."""

    def look(self) -> None:
        """Ask the running driver, now and then."""
        self._num_looks += 1
        if self._num_looks % SECONDS_BETWEEN_LOOKS:
            return
        command = f"cat {CGROUP} 2> /dev/null; cat /proc/[0-9]*/status"
        for pod in self._release.pods("driver"):
            try:
                name = pod["metadata"]["name"]
                text = self._release.namespace.kubectl("exec", name, "--", "sh", "-c", command)
            except CommandError:  # it has ended, or not begun
                continue
            if match := re.match(r"\d+", text):  # older kernels do not tell
                self.whole = max(self.whole, int(match[0]) / 2**20)
            peaks = re.findall(r"^VmHWM:\s+(\d+) kB", text, re.MULTILINE)
            self.resident = max(self.resident, *(int(peak) / 2**10 for peak in peaks))


def hand_overs(release: Release, contents: Mapping[str, bytes], slots: int) -> list[float]:
    """Return the seconds from what a stage waited for to its pod, at most.

    A stage waits for the markers of those it needs, and for one of the slots. Pods' times are whole
    seconds, so up to one of them may not have passed.

    Args:
        release: One that is finished, undisturbed, with one partition a scoring.
        contents: Its store.
        slots: How many stages may run at a time.
    """
    plan = Plan(release.config)
    attempts = {ref: _attempt(ref, contents) for ref in plan.stages()}
    done = {ref: _done(ref, attempt, contents) for ref, attempt in attempts.items()}
    pods = {pod["metadata"]["name"]: pod for pod in release.pods()}
    created = {
        ref: _time(pods[attempt]["metadata"]["creationTimestamp"])
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
            yield (created[ref] + timedelta(seconds=1) - last).total_seconds()
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
