"""Images that look alike."""

import pytest

from job.report.data import look_alikes
from job.report.data.look_alikes import find_look_alikes
from tests.unit.report.data.conftest import MakeDataset

COW = ("cow", 1, 1, 40, 40)


def test_the_same_picture_in_other_bytes_is_found(make_dataset: MakeDataset) -> None:
    """In the pool, and across pool and test, which is a leak."""
    dataset = make_dataset([(1, [COW]), (2, [COW]), (1, [])], [(2, [COW]), (3, [COW])])
    found = find_look_alikes(dataset, 4)
    assert found.num_compared == {"pool": 3, "test": 2}
    assert (found.num_in_pool, found.num_across) == (2, 1)
    [pair] = found.closest_across
    assert (pair.first, pair.second) == (("test", 0), ("pool", 1))
    [pair] = found.closest_in_pool
    assert {pair.first, pair.second} == {("pool", 0), ("pool", 2)}
    assert pair.share <= look_alikes.MAX_SHARE


def test_at_most_so_many_pairs_are_shown(make_dataset: MakeDataset) -> None:
    """All of them are counted."""
    dataset = make_dataset([(number, [COW]) for number in (1, 1, 2, 2)], [(3, [COW])])
    found = find_look_alikes(dataset, 1)
    assert found.num_in_pool == 4
    assert len(found.closest_in_pool) == 1


def test_of_a_large_split_runs_of_neighbours_are_compared(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Frames of a video look like the next one, and not like a distant one."""
    monkeypatch.setattr(look_alikes, "MAX_COMPARED", {"pool": 4, "test": 4})
    monkeypatch.setattr(look_alikes, "RUN", 2)
    dataset = make_dataset([(number // 2, [COW]) for number in range(9)], [(30, [COW])])
    found = find_look_alikes(dataset, 9)
    assert found.num_compared == {"pool": 4, "test": 1}
    assert [(pair.first, pair.second) for pair in found.closest_in_pool] == [
        (("pool", 0), ("pool", 1))
    ]


def test_a_picture_of_one_color_looks_like_nothing(
    make_dataset: MakeDataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its hash would be noise."""
    monkeypatch.setattr(look_alikes, "MIN_CONTRAST", 1000.0)
    found = find_look_alikes(make_dataset([(1, [COW]), (1, [])], [(1, [COW])]), 4)
    assert found.num_compared == {"pool": 0, "test": 0}
    assert (found.num_in_pool, found.num_across) == (0, 0)
