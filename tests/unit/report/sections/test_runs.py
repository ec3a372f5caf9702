"""The section of the runs."""

from job.report.sections.runs import RunsSection
from tests.unit.report.make_context import cells, context, facts, round_facts


def test_a_finished_experiment() -> None:
    """Says so, and has every seed's own numbers."""
    html = RunsSection().build(context()).html
    assert "Every round of every arm and seed is done." in html
    assert cells(html)[1] == ["random", "0", "0", "100", "250", "0.200", "-", "10.0", "0.0"]


def test_what_is_missing_is_listed_with_its_attempts() -> None:
    """One attempt, two attempts, and none."""
    rounds = [
        round_facts("a", 1, 1, missing=("train", "evaluate"), attempts={"train": 1}),
        round_facts("a", 2, 1, missing=("train",), attempts={"train": 2}),
    ]
    html = RunsSection().build(context(facts(rounds))).html
    assert "Every round" not in html
    assert cells(html)[1:3] == [
        ["a", "1", "1", "train (1 attempt failed or running), evaluate"],
        ["a", "2", "1", "train (2 attempts failed or running)"],
    ]


def test_stages_that_were_tried_again_are_listed() -> None:
    """Only those that are done: the others are missing."""
    rounds = [
        round_facts("a", 1, 1, missing=("evaluate",), attempts={"train": 2, "evaluate": 3}),
        round_facts("a", 2, 1),
    ]
    table = cells(RunsSection().build(context(facts(rounds))).html)
    assert ["a", "1", "1", "train: 2"] in table
    assert not any(row[:2] == ["a", "2"] for row in table[:5])
