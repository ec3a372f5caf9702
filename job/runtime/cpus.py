"""How many CPUs this process may use: not how many the machine has."""

import math
import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_MOUNT = Path("/sys/fs/cgroup")
_MEMBERSHIP = Path("/proc/self/cgroup")


def usable_cpus(mount: Path = _MOUNT, membership: Path = _MEMBERSHIP) -> int:
    """Return the CPUs of the process's affinity, or fewer if a cgroup's quota is lower.

    A quota of 2.5 CPUs counts as 2, so that no thread waits for the next period; at least 1.

    Args:
        mount: Where the control groups are mounted.
        membership: The file that names the process's control groups.
    """
    return max(1, math.floor(min([_affinity(), *_quotas(mount, membership)])))


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
        _, controllers, path = line.split(":", 2)
        # The one hierarchy of version 2 has no name, those of version 1 that of their controllers.
        if not controllers or "cpu" in controllers.split(","):
            own = PurePosixPath(path).relative_to("/")
            # In a container the path may be the host's: then only its last parent is there.
            for group in (own, *own.parents):
                yield _quota(mount / controllers / group)


def _quota(group: Path) -> float:
    """Return a control group's quota in CPUs; infinity if it has none."""
    for names in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        try:
            quota, period = " ".join((group / name).read_text() for name in names).split()
        except (OSError, ValueError):
            continue
        return math.inf if quota in {"max", "-1"} else int(quota) / int(period)
    return math.inf
