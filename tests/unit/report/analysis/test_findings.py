"""All that the curves say."""

from job.report.analysis.findings import Findings, find
from job.report.analysis.missing import MissingRounds
from tests.unit.report.make_context import ROWS, row


def test_the_parts_are_of_the_same_curves() -> None:
    """Two arms under two seeds; what is not compared is a curve and nothing else."""
    rows = [*ROWS, row("fully-supervised", 0, 1, 0.9)]
    found = find(rows, ("random", "a"), 600)
    assert [each.arm for each in found.curves] == ["random"] * 2 + ["a"] * 2 + ["fully-supervised"]
    assert found.comparison.arms == found.penalties.arms == ("random", "a")
    assert found.comparison.pool_images == 600
    assert {each.arm for each in found.savings} == {"a"}
    assert {each.arm for each in found.areas} == {"a"}
    assert [each.area for each in found.primary] == [found.areas[0]]


def test_what_is_missing_and_what_matters_reach_every_test() -> None:
    """An arm that is not finished has no corrected test, of whatever kind."""
    found = find(ROWS, ("random", "a"), 600, MissingRounds({"a": 1}), smallest_effect=0.3)
    assert [each.smallest_effect for each in found.primary] == [0.3]
    assert [each.is_finished for each in found.primary] == [False]
    assert corrected(found) == {None}
    assert None not in corrected(find(ROWS, ("random", "a"), 600))


def corrected(found: Findings) -> set[float | None]:
    """The corrected p of all tests that have one of their own."""
    primary = {each.p_holm for each in found.primary}
    savings = {each.p_corrected for each in found.savings if each.p is not None}
    return primary | savings | {each.p_holm for each in found.comparison.differences if each.p}
