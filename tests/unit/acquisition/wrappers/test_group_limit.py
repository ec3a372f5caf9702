"""The limit on the images of one group."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Images, Pick, Selection, Strategy, Task
from job.acquisition.wrappers.group_limit import GroupLimit
from job.config.schema import ArmConfig
from job.errors import BadDataError, ConfigError
from tests.unit.acquisition.records import Box, Image, Labels, candidates, reasons_of, task_of

COUNTS = {"cow": 1, "sheep": 1}
# Entropies fall from a to f: the strategy inside picks in the order of the alphabet.
P = dict(zip("abcdef", (0.5, 0.6, 0.7, 0.8, 0.9, 0.95), strict=True))


def select(
    groups: Mapping[str, str],
    budget: int,
    *,
    ids: str = "abcdef",
    labelled: tuple[str, ...] = (),
    max_per_group: int = 1,
) -> Selection:
    images = candidates({i: Image([Box([P[i], 1 - P[i]])]) for i in ids}, 2)
    task = task_of(images, Labels(COUNTS, Images(labelled)), budget)
    strategy = GroupLimit(of=ArmConfig(strategy="entropy"), max_per_group=max_per_group)
    return strategy.select(replace(task, groups=groups))


def test_a_full_group_is_passed_over() -> None:
    """Of x, only a is taken; the strategy inside is asked again for another one."""
    selection = select({"a": "x", "b": "x", "c": "x", "d": "y"}, 2)
    assert selection.ids == ("a", "d")
    assert reasons_of(selection)[1].endswith("; no. 1 of the group y")


def test_labelled_images_count() -> None:
    """X has one labelled image, so its limit of 2 leaves room for one more."""
    groups = dict.fromkeys(("a", "b", "old"), "x")
    selection = select(groups, 2, labelled=("old",), max_per_group=2)
    assert selection.ids == ("a", "c")
    assert reasons_of(selection)[0].endswith("; no. 2 of the group x")


def test_images_in_no_group_have_no_limit() -> None:
    """Each of them is a group of its own."""
    selection = select({"f": "x"}, 3)
    assert selection.ids == ("a", "b", "c")
    assert "group" not in reasons_of(selection)[0]


def test_the_limit_is_raised_when_all_groups_are_full() -> None:
    """Four of x and two of y: one of each, a second one of each, and then what is left of x."""
    groups = dict.fromkeys("abcd", "x") | dict.fromkeys("ef", "y")
    assert select(groups, 2).ids == ("a", "e")
    assert sorted(select(groups, 4).ids) == ["a", "b", "e", "f"]
    assert sorted(select(groups, 5).ids) == ["a", "b", "c", "e", "f"]
    assert sorted(select(groups, 9).ids) == list("abcdef")


def test_the_raised_limit_is_fair_to_groups_with_few_labels() -> None:
    """X has three labelled images and y none: y is filled up to 2 before x gets a fourth."""
    groups = dict.fromkeys(("a", "b", "1", "2", "3"), "x") | dict.fromkeys("ef", "y")
    assert select(groups, 2, ids="abef", labelled=("1", "2", "3")).ids == ("e", "f")
    assert set(select(groups, 3, ids="abef", labelled=("1", "2", "3")).ids) == {"a", "e", "f"}


def test_a_data_set_without_groups_is_refused() -> None:
    """The limit would silently do nothing."""
    with pytest.raises(ConfigError, match="group_limit: the data set has no groups; ingest it"):
        select({}, 1)


class Counting(Strategy):
    """Picks in the order of the ids, and counts how often it is asked."""

    asked: list[int] = []  # noqa: RUF012 - a field

    def select(self, task: Task) -> Selection:
        self.asked.append(task.budget)
        return Selection(tuple(Pick(each, 0.0, "") for each in task.unlabelled.ids[: task.budget]))


def test_a_strategy_that_sees_one_group_first_is_asked_a_few_times() -> None:
    """To score a large pool takes seconds: 50 groups of 40 do not take 50 passes."""
    ids = tuple(f"{number:04d}" for number in range(2000))
    strategy, inner = GroupLimit(of=ArmConfig(strategy="random")), Counting()
    strategy.__dict__["inner"] = inner
    task = task_of(Images(ids), Labels(COUNTS), 50)
    task = replace(task, groups={each: f"g{int(each) // 40}" for each in ids})
    assert strategy.select(task).ids == ids[::40]
    assert len(inner.asked) <= 7
    inner.asked.clear()
    assert len(strategy.select(replace(task, budget=1000)).ids) == 1000
    assert len(inner.asked) <= 7


class Silent(Strategy):
    """Picks nothing."""

    def select(self, task: Task) -> Selection:  # noqa: ARG002 - the signature of all strategies
        return Selection(())


def test_a_strategy_inside_that_picks_nothing_is_refused() -> None:
    """It would be asked for ever."""
    strategy = GroupLimit(of=ArmConfig(strategy="random"))
    strategy.__dict__["inner"] = Silent()
    task = replace(task_of(Images(("a",)), Labels(COUNTS)), groups={"a": "x"})
    with pytest.raises(BadDataError, match="group_limit: 'random' picks none of 1 images"):
        strategy.select(task)


def test_it_can_wrap_what_reads_nothing() -> None:
    """So it can select round 0, whoever is inside tells that groups are needed."""
    inside = ArmConfig(strategy="group_limit", of={"strategy": "random"})
    assert not GroupLimit(of=ArmConfig(strategy="random")).reads
    outer = GroupLimit(of=ArmConfig(strategy="random_share", of=inside.model_dump()))
    assert outer.inner.needs_groups


def test_round_0_can_be_selected_if_the_strategy_inside_can_select_it() -> None:
    """A wrapper adds what it reads itself."""
    recommended = {"strategy": "recommended"}
    limited = ArmConfig(strategy="group_limit", of=recommended)
    assert make_strategy(limited).reads_cold_start == {"embedding"}
    apart = {"strategy": "near_duplicate_filter", "of": {"strategy": "random"}}
    assert make_strategy(ArmConfig.model_validate(apart)).reads_cold_start == {"embedding"}
    costly = ArmConfig(strategy="cost_aware", of={"strategy": "coreset"})
    assert make_strategy(costly).reads_cold_start == {"embedding", "objectness"}
