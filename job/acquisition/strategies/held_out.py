"""The test set that an experiment draws from its pool, once and for all of its arms and seeds.

No configuration names it: the setting `test` does what is said here.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from hashlib import sha256

from job.acquisition.strategy import Pick, Selection, Strategy, Task

REASON = "drawn for the test set"
PART_OF_POOL = 5
"""A fifth of the pool is drawn from: images of one group are nearly copies, and a test set of few
groups tells little, however many images it has."""


class HeldOut(Strategy):
    """Draws images in the order of a hash of their ids, from groups in the order of another one.

    The hashes are of the names alone. So all experiments on a data set have the same test set, and
    nobody can draw again until it suits.
    """

    def select(self, task: Task) -> Selection:
        """Draw `task.budget` of the unlabelled images; every score is 0."""
        ids = draw(task.unlabelled.ids, task.labelled.ids, task.groups, task.budget)
        return Selection(tuple(Pick(each, 0.0, REASON) for each in ids))


def draw(
    unlabelled: Collection[str], labelled: Collection[str], groups: Mapping[str, str], size: int
) -> list[str]:
    """Return the images of a test set, or fewer if there are not so many.

    They are of the first groups that have a fifth of the pool together, or as many images as are
    wanted. A group is held out as a whole: none that has a labelled image is drawn from, and
    `with_groups` says which images may not be selected any more. An image without a group is a
    group of its own.

    Args:
        unlabelled: The images that are left.
        labelled: Those that models are trained on.
        groups: The group of each image of the pool that is in one.
        size: How many images to draw.
    """
    trained = with_groups(labelled, groups)
    members: dict[str, list[str]] = defaultdict(list)
    for image_id in unlabelled:
        if image_id not in trained:
            members[groups.get(image_id, image_id)].append(image_id)
    wanted = max(size, (len(unlabelled) + len(labelled)) // PART_OF_POOL)
    chosen: list[str] = []
    for group in sorted(members, key=_hash):
        if len(chosen) >= wanted:
            break
        chosen += members[group]
    return sorted(chosen, key=_hash)[:size]


def _hash(name: str) -> bytes:
    return sha256(name.encode()).digest()


def with_groups(ids: Collection[str], groups: Mapping[str, str]) -> frozenset[str]:
    """Return images, and with them all images of their groups.

    Args:
        ids: The images.
        groups: The group of each image of the pool that is in one.
    """
    found = {groups[each] for each in ids if each in groups}
    mates = (each for each, group in groups.items() if group in found)
    return frozenset([*ids, *mates])
