"""The section of the time."""

from dataclasses import asdict, replace

from job.artifacts.usage import Usage
from job.records.pace import Pace
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


def test_what_jobs_took_of_a_cluster_is_a_table_of_its_own() -> None:
    """Only of an experiment that ran on one, and in the page's numbers."""
    known = facts([round_facts("random", 0, 0, seconds={"select": 1.0})], arms=("random",))
    assert TimeSection().build(context(known)).numbers == {}
    usage = Usage(1, 60.0, 3600.0, 7200.0, 5.0, 2, 1, Pace(6400, 64.0, 16.0, 15_360))
    section = TimeSection().build(context(replace(known, usage={"train": usage})))
    rows = cells(section.html)
    assert ["train", "1", "2", "1", "1.0", "1.00", "2.00", "5.00"] in rows
    assert ["train", "6400", "100.0", "25", "15.0"] in rows
    assert section.numbers == {"cluster": {"train": asdict(usage)}}
