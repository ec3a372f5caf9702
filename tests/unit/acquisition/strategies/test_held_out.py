"""The draw of a test set: by a hash, whole groups, and nothing that is like what is trained on."""

from collections.abc import Mapping
from hashlib import sha256

import numpy as np

from job.acquisition.strategies.held_out import HeldOut, with_groups
from job.acquisition.strategy import Images, Task

IDS = tuple(f"image-{number}" for number in range(40))


def by_hash(names: tuple[str, ...]) -> list[str]:
    return sorted(names, key=lambda name: sha256(name.encode()).hexdigest())


def drawn(
    budget: int,
    ids: tuple[str, ...] = IDS,
    labelled: tuple[str, ...] = (),
    groups: Mapping[str, str] | None = None,
) -> list[str]:
    task = Task(
        unlabelled=Images(ids),
        labelled=Images(labelled),
        pool_ids=(*ids, *labelled),
        classes=("a",),
        class_counts={"a": 0},
        budget=budget,
        rng=np.random.default_rng(0),
        groups=groups or {},
    )
    return list(HeldOut().select(task).ids)


def test_the_draw_is_the_order_of_the_hashes() -> None:
    """Of the ids alone, so that anybody can repeat it; the order of the store does not matter."""
    assert drawn(7) == by_hash(IDS)[:7]
    assert drawn(7, IDS[::-1]) == drawn(7)


def test_a_larger_draw_begins_with_the_smaller_one() -> None:
    """Also if it is made in two parts: what is drawn already is gone from the images."""
    first = drawn(5)
    rest = tuple(each for each in IDS if each not in first)
    assert [*first, *drawn(4, rest)] == drawn(9)


def test_whole_groups_are_drawn_and_the_last_one_in_part() -> None:
    """20 pairs: 5 images are two pairs and a half, in the order of the groups' hashes."""
    groups = {image: f"pair-{number // 2}" for number, image in enumerate(IDS)}
    order = by_hash(tuple(dict.fromkeys(groups.values())))
    found = drawn(5, groups=groups)
    assert [groups[each] for each in found] == [order[0]] * 2 + [order[1]] * 2 + [order[2]]
    other_half = drawn(1, tuple(each for each in IDS if each not in found), groups=groups)
    assert groups[other_half[0]] == order[2]


def test_a_group_with_a_labelled_image_is_never_drawn() -> None:
    """Its images are like one that models are trained on."""
    groups = {image: f"pair-{number // 2}" for number, image in enumerate(IDS)}
    found = drawn(40, IDS[1:], IDS[:1], groups)
    assert sorted(found) == sorted(IDS[2:])


def test_images_bring_their_groups_along() -> None:
    """An image without a group comes alone."""
    groups = {"a": "1", "b": "1", "c": "2", "d": "2"}
    assert with_groups(["a", "x"], groups) == {"a", "b", "x"}
    assert with_groups([], groups) == frozenset()
