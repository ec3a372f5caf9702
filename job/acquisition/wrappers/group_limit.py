"""A limit on the images of one group, such as the frames of one video.

Without it, random picks see long videos in proportion to their length, and the highest scores are
often those of one scene.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pydantic import PositiveInt

from job.acquisition.strategy import Pick, Selection, Task
from job.acquisition.wrappers.base import Wrapper
from job.errors import BadDataError, ConfigError


class GroupLimit(Wrapper):
    """Limits how many images of one group are labelled, in all rounds together.

    The data set must have groups: `al-job ingest ... --groups` or `--group-by`. The picks of the
    strategy inside are taken in their order until their group is full. Then it is asked again, for
    more and more picks, among the images of the other groups. When all groups are full, the limit
    is raised by one, and so on. Images in no group have no limit. Nothing is read of the images, so
    it can also wrap `random`, and select round 0.
    """

    max_per_group: PositiveInt = 1
    """The highest number of labelled images of one group, as long as other groups have any left. 1
    suits copies of one photograph, and spreads the picks as far as possible over videos."""

    @property
    def needs_groups(self) -> bool:
        """Yes."""
        return True

    def select(self, task: Task) -> Selection:
        """Take the picks of the strategy inside as far as their groups have room.

        Raises:
            ConfigError: The data set has no groups.
            BadDataError: The strategy inside picks nothing.
        """
        if not task.groups:
            message = (
                "group_limit: the data set has no groups; ingest it with --groups or --group-by"
            )
            raise ConfigError(message)
        taken = _count(task.labelled.ids, task)
        limit, left = self._first_limit(task, taken), dict.fromkeys(task.unlabelled.ids)
        picks: list[Pick] = []
        asked = task.budget
        while left and len(picks) < task.budget:
            has_room = [each for each in left if _has_room(each, task, taken, limit)]
            if not has_room:
                limit += 1
                continue
            for pick in self._ask(task, has_room, asked):
                if len(picks) < task.budget and _has_room(pick.id, task, taken, limit):
                    picks.append(_counted(pick, task, taken))
                    del left[pick.id]
            asked *= 2  # few of them had room
        return Selection(tuple(picks))

    def _first_limit(self, task: Task, taken: Counter[str | None]) -> int:
        """Return the limit to begin with.

        It is `max_per_group` or, if that leaves less room than the budget needs, the highest limit
        up to which all groups will be full.
        """
        unlabelled = _count(task.unlabelled.ids, task)

        def room(limit: int) -> int:
            return sum(
                number if group is None else min(number, max(limit - taken[group], 0))
                for group, number in unlabelled.items()
            )

        limits = range(self.max_per_group, self.max_per_group + len(task.pool_ids) + 1)
        return limits[max(bisect_right(limits, task.budget, key=room) - 1, 0)]

    def _ask(self, task: Task, ids: list[str], budget: int) -> tuple[Pick, ...]:
        unlabelled = replace(task.unlabelled, ids=tuple(ids))
        picks = self.inner.select(replace(task, unlabelled=unlabelled, budget=budget)).picks
        if not picks:
            message = f"group_limit: {self.of.strategy!r} picks none of {len(ids)} images"
            raise BadDataError(message)
        return picks


def _count(ids: Iterable[str], task: Task) -> Counter[str | None]:
    """Return the number of images of each group; None counts those in no group."""
    return Counter(task.groups.get(each) for each in ids)


def _has_room(image_id: str, task: Task, taken: Counter[str | None], limit: int) -> bool:
    return image_id not in task.groups or taken[task.groups[image_id]] < limit


def _counted(pick: Pick, task: Task, taken: Counter[str | None]) -> Pick:
    """Count a pick, and return it with its number in its group."""
    group = task.groups.get(pick.id)
    if group is None:
        return pick
    taken[group] += 1
    return replace(pick, reason=f"{pick.reason}; no. {taken[group]} of the group {group}")
