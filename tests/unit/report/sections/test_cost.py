"""The section of what a metric takes."""

from job.report.sections.cost import CostSection
from tests.unit.report.make_context import ROWS, cells, context, row


def test_areas_are_in_points_and_in_the_units_of_the_axes() -> None:
    """Between 100 and 200 images random has 0.3 in the mean, the arm 0.4; hours, not seconds."""
    table = cells(CostSection().build(context()).html)
    points = ["2", "40.0", "30.0", "+10.0", "+10.0 to +10.0"]
    assert ["a", "labelled images", "100.0", "200.0", *points] in table
    assert ["a", "hours of annotation", "0.3", "0.6", *points] in table


def test_savings_are_in_percent_of_what_the_baseline_needs() -> None:
    """Random has its 0.4 at 200 images, the arm at 150: a quarter less."""
    found = CostSection().build(context())
    to_reach = ["a", "labelled images", "0.400", "150", "200"]
    assert [*to_reach, "+25", "+25 to +25", "< 0.001", "< 0.001", "2 of 2"] in cells(found.html)
    assert not any("needs" in name for row in found.tables["savings"] for name in row)
    assert found.numbers.keys() == {"savings", "areas"}


def test_no_saving_is_told_of_an_arm_that_does_not_get_there_in_every_seed() -> None:
    """Seed 1 of the arm ends at 0.3: the other seed alone would have saved a quarter."""
    rows = [*ROWS[:-1], row("a", 1, 1, 0.3)]
    found = CostSection().build(context(rows=rows))
    assert ["a", "labelled images", "0.400", "", "", "", "", "", "", "1 of 2"] in cells(found.html)
