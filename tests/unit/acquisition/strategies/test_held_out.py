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


def test_images_are_drawn_from_groups_with_a_fifth_of_the_pool() -> None:
    """8 of 40 images, in groups of 4: those of two groups; if 12 are wanted, of three."""
    groups = {image: f"run-{number // 4}" for number, image in enumerate(IDS)}
    order = by_hash(tuple(dict.fromkeys(groups.values())))
    members = tuple(each for each in IDS if groups[each] in order[:2])
    assert drawn(2, groups=groups) == by_hash(members)[:2]
    assert drawn(8, groups=groups) == by_hash(members)
    assert {groups[each] for each in drawn(12, groups=groups)} == set(order[:3])


def test_what_is_left_of_drawn_groups_comes_first_when_more_is_drawn() -> None:
    """All of them are drawn from again, and no more than one further group."""
    groups = {image: f"run-{number // 4}" for number, image in enumerate(IDS)}
    one, two, three, *_ = by_hash(tuple(dict.fromkeys(groups.values())))
    first = drawn(2, groups=groups)
    rest = tuple(each for each in IDS if each not in first)
    members = tuple(each for each in rest if groups[each] in {one, two, three})
    assert drawn(3, rest, groups=groups) == by_hash(members)[:3]


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
