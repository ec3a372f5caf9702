"""The section of what a metric takes."""

from job.report.people.rounds import People
from job.report.sections.cost import CostSection
from tests.unit.report.make_context import (
    ROWS,
    asked_image,
    asked_round,
    built,
    cells,
    context,
    facts,
    row,
)


def test_areas_are_in_points_and_in_the_units_of_the_axes() -> None:
    """Between 100 and 200 images random has 0.3 in the mean, the arm 0.4; hours, not seconds."""
    table = cells(built(CostSection(), context()).html)
    points = ["2", "40.0", "30.0", "+10.0", "+10.0 to +10.0"]
    assert ["a", "labelled images", "100.0", "200.0", *points] in table
    assert ["a", "hours of annotation", "0.3", "0.6", *points] in table


def test_savings_are_in_percent_of_what_the_baseline_needs() -> None:
    """Random has its 0.4 at 200 images, the arm at 150: a quarter less."""
    found = built(CostSection(), context())
    to_reach = ["a", "labelled images", "0.400", "150", "200"]
    assert [*to_reach, "+25", "+25 to +25", "< 0.001", "< 0.001", "2 of 2"] in cells(found.html)
    assert not any("needs" in name for row in found.tables["savings"] for name in row)
    assert found.numbers.keys() == {"savings", "areas"}


def test_no_saving_is_told_of_an_arm_that_does_not_get_there_in_every_seed() -> None:
    """Seed 1 of the arm ends at 0.3: the other seed alone would have saved a quarter."""
    rows = [*ROWS[:-1], row("a", 1, 1, 0.3)]
    found = built(CostSection(), context(rows=rows))
    assert ["a", "labelled images", "0.400", "", "", "", "", "", "", "1 of 2"] in cells(found.html)


def test_what_people_took_stands_beside_what_was_assumed() -> None:
    """By hand: 20 images with 1 to 4 boxes, 30 s an image and 10 s a box, not 63 and 5.9."""
    images = [
        asked_image(str(n), 30.0 + 10.0 * boxes, boxes) for n, boxes in enumerate([1, 2, 3, 4] * 5)
    ]
    people = People((asked_round(*images),), ())
    html = built(CostSection(), context(people=people)).html
    measured, assumed = 20 * 30 + 50 * 10, 20 * 63 + 50 * 5.9
    hours = [f"{measured / 3600:.2f}", f"{assumed / 3600:.2f}"]
    ends = ["30.0 (30.0 to 30.0)", "10.0 (10.0 to 10.0)"]
    assert ["without proposals", "20", "50", *hours, *ends] in cells(html)
    assert "annotation.seconds_per_image: 30 and annotation.seconds_per_box: 10." in html


def test_with_one_arm_and_an_oracle_there_is_nothing_to_say() -> None:
    """Nothing is compared, and nobody was asked: the page has no such section."""
    rows = [each for each in ROWS if each.arm == "random"]
    assert CostSection().build(context(facts(arms=("random",)), rows=rows)) is None


def test_with_one_arm_what_people_took_is_told_all_the_same() -> None:
    """It needs no comparison."""
    rows = [each for each in ROWS if each.arm == "random"]
    people = People((asked_round(asked_image("x", 25.0)),), ())
    found = built(CostSection(), context(facts(arms=("random",)), rows=rows, people=people))
    assert cells(found.html)[1][:3] == ["without proposals", "1", "1"]
    assert found.numbers["measured_time"]
