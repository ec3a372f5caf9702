"""The planned rounds that have no result."""

from job.config import loading
from job.plan import Plan
from job.report.analysis.missing import ALL_THERE, MissingRounds, missing_rounds
from tests.unit.report.make_context import CONFIG, ROWS

ARMS = ("random", "a", "b")


def test_rounds_without_a_row_are_missing() -> None:
    """Two arms, seeds and rounds; the fully supervised arm is not compared and not counted."""
    plan = Plan(loading.parse(f"{CONFIG}full_supervision: true\n", "made"))
    assert missing_rounds(plan, ROWS) == ALL_THERE
    assert missing_rounds(plan, ROWS[1:-2]) == MissingRounds({"random": 1, "a": 2})
    assert missing_rounds(plan, ROWS[:4]) == MissingRounds({"a": 4})


def test_an_arm_is_unfinished_if_it_or_the_baseline_lacks_rounds() -> None:
    """Also an arm that has not begun."""
    assert ALL_THERE.unfinished(ARMS, "random") == set()
    assert MissingRounds({"b": 1}).unfinished(ARMS, "random") == {"b"}
    assert MissingRounds({"random": 1}).unfinished(ARMS, "random") == {"a", "b"}
    assert MissingRounds({"c": 9}).unfinished(ARMS, "random") == {"c"}


def test_what_is_final_is_not_waited_for() -> None:
    """Though it stays known as missing."""
    assert MissingRounds({"random": 1, "b": 2}, is_final=True).unfinished(ARMS, "random") == set()


def test_arms_that_have_not_begun_are_to_be_compared() -> None:
    """The baseline is not, also if it lacks rounds."""
    assert ALL_THERE.num_compared(ARMS, "random") == 2
    assert MissingRounds({"c": 9, "random": 1}).num_compared(ARMS, "random") == 3
