"""How many CPUs this process may use: not how many the machine has."""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from job.errors import UsageError

_MOUNT = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def usable_cpus(mount: Path = _MOUNT, membership: Path = _MEMBERSHIP) -> int:
    """Return the CPUs of the process's affinity, or a cgroup's quota or `AL_CPUS` if it is lower.

    A quota of 2.5 CPUs counts as 2, so that no thread waits for the next period; at least 1.
    `AL_CPUS` is what a pod asked for: it may use more, at the cost of its neighbours. 0: nothing.

    Args:
        mount: Where the control groups are mounted.
        membership: The file that names the process's control groups.

    Raises:
        UsageError: `AL_CPUS` is not a whole number.
    """
    return _whole(min(_bounds(mount, membership).values()))


def cpus_in_words(mount: Path = _MOUNT, membership: Path = _MEMBERSHIP) -> str:
    """Return these CPUs with what bounds them, such as `2 CPUs, the quota of its control group`.

    Raises:
        UsageError: `AL_CPUS` is not a whole number.
    """
    bounds = _bounds(mount, membership)
    words = min(bounds, key=bounds.__getitem__)
    return f"{_whole(bounds[words])} CPUs{words}"


def _bounds(mount: Path, membership: Path) -> dict[str, float]:
    """Return what bounds the CPUs, in words; of equal bounds, the one that is hardest to move."""
    return {
        "": _affinity(),
        ", the quota of its control group": min(_quotas(mount, membership), default=math.inf),
        ", what the pod asks for (AL_CPUS)": _asked_for(),
    }


def _whole(cpus: float) -> int:
    return max(1, math.floor(cpus))


def _asked_for() -> float:
    text = os.environ.get("AL_CPUS") or "0"
    if not text.isdecimal():
        message = f"AL_CPUS={text}: expected a whole number of CPUs"
        raise UsageError(message)
    return int(text) or math.inf


def _affinity() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quotas(mount: Path, membership: Path) -> Iterator[float]:
    """Yield the quota, in CPUs, of each control group that the process is in, nested ones too."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not path.startswith("/"):
            continue  # not a line of this file as it is documented
        own = PurePosixPath(path).relative_to("/")
        for folder in _hierarchies(controllers):
            # In a container the path may be the host's: then only its last parent is there.
            for group in (own, *own.parents):
                yield _quota(mount / folder / group)


def _hierarchies(controllers: str) -> set[str]:
    """Return the folders in which a hierarchy with these controllers may be, if it limits CPUs.

    The one hierarchy of version 2 has no name. Those of version 1 have the names of their
    controllers, not always in the order of the folder's name, and links with the name of each.
    """
    if not controllers:
        return {""}
    return {controllers, "cpu"} if "cpu" in controllers.split(",") else set()


def _quota(group: Path) -> float:
    """Return a control group's quota in CPUs; infinity if it has none."""
    for names in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        try:
            quota, period = " ".join((group / name).read_text() for name in names).split()
            return math.inf if quota in {"max", "-1"} else int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):
            continue
    return math.inf
