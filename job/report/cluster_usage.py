"""What the Jobs of each kind of stage took of a cluster, in rows for people."""

from collections.abc import Mapping

from job.artifacts.usage import Usage
from job.keys import STAGES
from job.records.pace import Pace

HEADER = ("stage", "Jobs", "pods", "failed", "queue, min", "pod hours", "GPU hours", "money")
"""The queue is the mean of a Job; all else are sums."""


PACE_HEADER = ("stage", "images", "images/s", "waiting, %", "GPU memory, GiB")
"""Images a second of a process, the share of the time in which it waited for images, its peak."""


def usage_rows(usage: Mapping[str, Usage]) -> list[tuple[str, ...]]:
    """Return a row for each kind of stage, in the order of a round, and one for all together.

    Args:
        usage: By the stage's name; one that this version does not know comes last.
    """
    names = [*(stage for stage in STAGES if stage in usage), *(usage.keys() - set(STAGES))]
    rows = [_row(name, usage[name]) for name in names]
    return [*rows, _row("all", sum(usage.values(), Usage()))]


def pace_rows(usage: Mapping[str, Usage]) -> list[tuple[str, ...]]:
    """Return a row for each kind of stage in which a network saw images."""
    return [_pace_row(name, usage[name].pace) for name in STAGES if _has_pace(usage.get(name))]


def _has_pace(usage: Usage | None) -> bool:
    return usage is not None and usage.pace.images > 0


def _pace_row(name: str, pace: Pace) -> tuple[str, ...]:
    return (
        name,
        str(pace.images),
        f"{pace.images_per_second:.1f}",
        f"{100 * pace.waiting_share:.0f}",
        f"{pace.gpu_mib / 1024:.1f}" if pace.gpu_mib else "",
    )


def _row(name: str, usage: Usage) -> tuple[str, ...]:
    hours = (usage.pod_seconds / 3600, usage.gpu_seconds / 3600)
    return (
        name,
        *(str(number) for number in (usage.jobs, usage.pods, usage.failed)),
        f"{usage.queue_seconds / max(usage.jobs, 1) / 60:.1f}",
        *(f"{each:.2f}" for each in hours),
        f"{usage.money:,.2f}" if usage.money else "",
    )
