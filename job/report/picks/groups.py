"""How many groups of images, such as videos, each arm has labelled."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from job.report.analysis.facts import Facts


@dataclass(frozen=True)
class LabelledGroups:
    """What an arm has labelled up to a round, mean over the seeds that have it."""

    arm: str
    round: int
    images: float
    groups: float


@dataclass(frozen=True)
class Groups:
    """The groups of a pool, and what was labelled of them.

    An image in no group counts as a group of its own.
    """

    num_pool: int
    """All groups of the pool."""
    labelled: tuple[LabelledGroups, ...]
    """A row for each arm and round that a seed has."""


def groups_of(
    facts: Facts,
    groups: Mapping[str, str],
    pool_ids: Sequence[str],
    given_ids: Mapping[int, Collection[str]],
) -> Groups | None:
    """Return how many groups were labelled; None if the data set has no groups.

    Args:
        facts: With the picks of all rounds.
        groups: The group of each image of the pool that is in one.
        pool_ids: All images of the pool.
        given_ids: The first round of each version -> its images whose labels came along.
    """
    if not groups:
        return None
    found: dict[tuple[str, int], list[tuple[int, int]]] = {}
    labelled: dict[tuple[str, int], set[str]] = {}
    for each in facts.rounds:  # in their order, for each arm and seed
        mine = labelled.setdefault((each.arm, each.seed), set())
        mine.update(given_ids.get(each.round, ()), (pick.id for pick in each.labelled))
        if each.arm in facts.arms and "annotate" not in each.missing:
            found.setdefault((each.arm, each.round), []).append(
                (len(mine), num_groups(mine, groups))
            )
    rows = [
        LabelledGroups(
            *of, fmean(images for images, _ in counts), fmean(each for _, each in counts)
        )
        for of, counts in found.items()
    ]
    return Groups(num_groups(pool_ids, groups), tuple(rows))


def num_groups(ids: Iterable[str], groups: Mapping[str, str]) -> int:
    """Return how many groups some images are of; one in no group is a group of its own."""
    # The id of one may be the name of another's group.
    return len({(image_id in groups, groups.get(image_id, image_id)) for image_id in ids})
