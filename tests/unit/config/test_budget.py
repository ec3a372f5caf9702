"""The section `budget` of the configuration."""

import pytest

from job.config import loading
from job.config.budget import BudgetConfig
from job.config.schema import Config
from job.errors import ConfigError

BASE = "experiment: e\ndataset: {name: d}\narms: {a: {strategy: random}}\n"


def parse(text: str) -> Config:
    return loading.parse(BASE + text, "e.yaml")


def test_a_budget_is_the_same_in_each_later_round() -> None:
    """Round 0 has its own; unset, they are 100 and 50."""
    budget = parse("budget: {initial: 7}").budget
    assert [budget.of_round(index) for index in range(3)] == [7, 50, 50]
    assert budget.total(3) == 107


def test_totals_are_what_is_labelled_after_each_round() -> None:
    """A round selects the difference to the total before; the rounds are as many as the totals."""
    config = parse("budget: {totals: [50, 100, 200, 400]}")
    assert config.rounds == 4
    assert [config.budget.of_round(index) for index in range(4)] == [50, 50, 100, 200]
    assert config.budget.total(3) == 200


def test_totals_survive_being_written_out() -> None:
    """The stored configuration has every setting, and is read as the same."""
    config = parse("budget: {totals: [5, 9]}")
    assert loading.parse(config.to_yaml(), "stored").budget == config.budget


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("budget: {totals: [5, 5]}", "totals: 5 follows 5: each has to be more than the last"),
        ("budget: {totals: [9, 5]}", "totals: 5 follows 9: each has to be more than the last"),
        ("budget: {totals: []}", "budget.totals"),
        ("budget: {totals: [0, 5]}", "budget.totals"),
        ("budget: {totals: [5], initial: 5}", "instead of initial and per_round"),
        ("budget: {initial: null}", "expected initial and per_round, or totals"),
        ("rounds: 3\nbudget: {totals: [5, 9]}", "rounds: 3, but budget.totals has 2"),
    ],
)
def test_a_budget_that_contradicts_itself_is_refused(text: str, words: str) -> None:
    """Totals rise and stand alone, and their number is that of the rounds."""
    with pytest.raises(ConfigError) as error:
        parse(text)
    assert words in str(error.value)


def test_totals_that_differ_do_not_grow() -> None:
    """Only totals at the end are growth, and other budgets have none."""
    small, large = BudgetConfig(totals=(5, 9)), BudgetConfig(totals=(5, 9, 20))
    assert small.grows_into(large)
    assert not large.grows_into(small)
    assert not BudgetConfig().grows_into(small)
