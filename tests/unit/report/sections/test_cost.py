"""The section of what a metric takes."""

from job.report.sections.cost import CostSection
from tests.unit.report.make_context import cells, context


def test_areas_are_in_points_and_in_the_units_of_the_axes() -> None:
    """Between 100 and 200 images random has 0.3 in the mean, the arm 0.4; hours, not seconds."""
    table = cells(CostSection().build(context()).html)
    assert ["a", "labelled images", "100.0", "200.0", "2", "40.0", "+10.0", "+10.0 to +10.0"] in (
        table
    )
    assert ["random", "hours of annotation", "0.3", "0.6", "2", "30.0", "", ""] in table


def test_savings_are_in_percent_of_what_the_baseline_needs() -> None:
    """Random has its 0.4 at 200 images, the arm at 150: a quarter less."""
    found = CostSection().build(context())
    assert ["a", "labelled images", "0.400", "+25", "+25.0 to +25.0", "0.000", "2", "0"] in (
        cells(found.html)
    )
    assert not any("needs" in name for row in found.tables["savings"] for name in row)
    assert found.numbers.keys() == {"savings", "areas"}
