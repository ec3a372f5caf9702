"""The test set that an experiment draws from its pool, once and for all of its arms and seeds.

No configuration names it: the setting `test` does what is said here.
"""

from collections.abc import Collection, Iterable, Mapping
from hashlib import sha256

from job.acquisition.strategy import Pick, Selection, Strategy, Task

REASON = "drawn for the test set"


class HeldOut(Strategy):
    """Draws images in the order of a hash, whole groups one after the other.

    The hash is of the id alone, or of the name of the group. So all experiments on a data set have
    the same test set, and all versions of the data set have the same order. Nobody can draw again
    until it suits.

    The last group is taken in part if that is enough. What is left of it is kept from all arms, and
    comes first when the test set grows. A group of which an image is labelled is left out.
    """

    def select(self, task: Task) -> Selection:
        """Draw `task.budget` of the unlabelled images; every score is 0."""
        ids = candidates(task.unlabelled.ids, task.labelled.ids, task.groups)
        ids.sort(key=lambda each: (_hash(task.groups.get(each, each)), _hash(each)))
        return Selection(tuple(Pick(each, 0.0, REASON) for each in ids[: task.budget]))


def _hash(name: str) -> bytes:
    return sha256(name.encode()).digest()


def candidates(
    unlabelled: Iterable[str], labelled: Collection[str], groups: Mapping[str, str]
) -> list[str]:
    """Return the images that a test set may be drawn from: none of them is like a labelled one.

    Args:
        unlabelled: The images that are left.
        labelled: Those that models are trained on.
        groups: The group of each image of the pool that is in one.
    """
    trained = with_groups(labelled, groups)
    return [each for each in unlabelled if each not in trained]


def with_groups(ids: Collection[str], groups: Mapping[str, str]) -> frozenset[str]:
    """Return images, and with them all images of their groups.

    Args:
        ids: The images.
        groups: The group of each image of the pool that is in one.
    """
    found = {groups[each] for each in ids if each in groups}
    mates = (each for each, group in groups.items() if group in found)
    return frozenset([*ids, *mates])
