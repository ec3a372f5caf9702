"""What a test set from the pool will be, before it is drawn."""

from dataclasses import dataclass

from job.acquisition.strategies.held_out import draw, with_groups
from job.data.dataset import Dataset


@dataclass(frozen=True)
class Draw:
    """How many images of a pool a test set takes."""

    test: int
    """Images of the test set: as many as are wanted, or all that may be drawn."""
    held_out: int
    """These, and with them all images of their groups, which no arm may select."""
    left: int
    """Images that arms may select: neither held out, nor labelled when they came along."""


def find_draw(dataset: Dataset, size: int) -> Draw:
    """Return what a test set of so many images takes of a data set's pool.

    In an experiment that has begun, a test set that grows takes other images, since arms have
    selected some; their numbers are about the same.
    """
    ids, given = dataset.ids("pool"), frozenset(dataset.given_ids())
    groups, unlabelled = dataset.groups("pool"), [each for each in ids if each not in given]
    drawn = draw(unlabelled, given, groups, size)
    held_out = with_groups(drawn, groups)
    left = sum(each not in held_out for each in unlabelled)
    return Draw(len(drawn), len(held_out), left)
