"""A limit on the images of one group, such as the frames of one video.

Without it, random picks see long videos in proportion to their length, and the highest scores are
often those of one scene.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pydantic import PositiveInt

from job.acquisition.strategy import Pick, Selection, Task
from job.acquisition.wrappers.base import Wrapper, rankings
from job.errors import ConfigError


class GroupLimit(Wrapper):
    """Limits how many images of one group are labelled, in all rounds together.

    The data set must have groups (`al-job ingest ... --groups` or `--group-by`). The strategy
    inside chooses among the images of groups that are below the limit. It is asked for the budget,
    then for twice as many picks and so on, and its picks are taken in their order unless their
    group is full. If the limit leaves fewer images than the budget, it is raised by one for all
    groups until there are enough. Images in no group have no limit. Nothing is read of the images,
    so it can wrap `random`, also in round 0.
    """

    max_per_group: PositiveInt = 1
    """The highest number of labelled images of one group, as long as the budget allows it. 1 suits
    copies of one photograph, and the frames of many short videos."""

    @property
    def needs_groups(self) -> bool:
        """Yes."""
        return True

    def select(self, task: Task) -> Selection:
        """Take the picks of the strategy inside, in their order, unless their group is full.

        Raises:
            ConfigError: The data set has no groups.
        """
        if not task.groups:
            message = (
                "group_limit: the data set has no groups; ingest it with --groups or --group-by"
            )
            raise ConfigError(message)
        labelled = _count(task.labelled.ids, task.groups)
        wanted = min(task.budget, len(task.unlabelled.ids))
        limit = self._limit(labelled, _count(task.unlabelled.ids, task.groups), wanted)
        open_ids = tuple(
            image_id
            for image_id in task.unlabelled.ids
            if image_id not in task.groups or labelled[task.groups[image_id]] < limit
        )
        selection = Selection(())
        unlabelled = replace(task.unlabelled, ids=open_ids)
        for ranked in rankings(self.inner, replace(task, unlabelled=unlabelled, budget=wanted)):
            selection = _within(ranked, task.groups, labelled, limit, wanted)
            if len(selection.picks) == wanted:
                break
        return selection

    def _limit(self, labelled: Counter[str | None], left: Counter[str | None], wanted: int) -> int:
        """Return `max_per_group`, or the lowest limit above it that leaves enough images."""
        limit, most = self.max_per_group, (labelled + left).total()
        while limit < most and wanted > sum(
            number if group is None else min(number, max(limit - labelled[group], 0))
            for group, number in left.items()
        ):
            limit += 1
        return limit


def _count(ids: Iterable[str], groups: Mapping[str, str]) -> Counter[str | None]:
    """Return how many images each group has; None is that of the images in no group."""
    return Counter(groups.get(image_id) for image_id in ids)


def _within(
    ranked: Selection,
    groups: Mapping[str, str],
    labelled: Counter[str | None],
    limit: int,
    wanted: int,
) -> Selection:
    """Return the first picks whose groups have room; their reasons say how full a group is."""
    picks: list[Pick] = []
    taken = labelled.copy()
    for pick in ranked.picks:
        group = groups.get(pick.id)
        if len(picks) == wanted or (group is not None and taken[group] == limit):
            continue
        taken[group] += 1
        why = "" if group is None else f"; no. {taken[group]} of the group {group}"
        picks.append(replace(pick, reason=pick.reason + why))
    return Selection(tuple(picks))
