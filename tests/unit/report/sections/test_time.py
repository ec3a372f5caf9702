"""The section of the time."""

from job.report.sections.time import TimeSection
from tests.unit.report.make_context import cells, context, facts, round_facts


def test_seconds_and_overhead_of_each_arm() -> None:
    """Two rounds: 40 s of training; the arm selects 2 s and has round 0 scored 1 s: 3 of 40."""
    table = cells(TimeSection().build(context()).html)
    assert table[0] == [
        "arm",
        "select",
        "annotate",
        "train",
        "evaluate",
        "score",
        "overhead, %",
    ]
    assert table[2] == ["a", "2.0", "2.0", "40.0", "2.0", "1.0", "7.5"]
    assert table[1][-2:] == ["0.0", "5.0"]


def test_without_training_there_is_no_overhead() -> None:
    """A share of nothing is not shown."""
    known = facts([round_facts("random", 0, 0, seconds={"select": 1.0})], arms=("random",))
    assert cells(TimeSection().build(context(known)).html)[1][-1] == ""
