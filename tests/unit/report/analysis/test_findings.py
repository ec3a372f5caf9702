"""All that the curves say."""

from job.report.analysis.findings import find
from tests.unit.report.make_context import ROWS, row


def test_the_parts_are_of_the_same_curves() -> None:
    """Two arms under two seeds; what is not compared is a curve and nothing else."""
    rows = [*ROWS, row("fully-supervised", 0, 1, 0.9)]
    found = find(rows, ("random", "a"), 600)
    assert [each.arm for each in found.curves] == ["random"] * 2 + ["a"] * 2 + ["fully-supervised"]
    assert found.comparison.arms == found.penalties.arms == ("random", "a")
    assert found.comparison.pool_images == 600
    assert {each.arm for each in found.savings} == {"a"}
    assert {each.arm for each in found.areas} == {"random", "a"}
