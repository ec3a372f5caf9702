"""The section about the pool."""

from dataclasses import replace
from typing import Any

import pytest

from job.report.pool.contents import PoolContents
from job.report.pool.model import DrawnMetric
from job.report.pool.sampling import Estimated
from job.report.sections.base import Section
from job.report.sections.pool import PoolSection
from tests.unit.report.make_context import POOL, built, cells, context, facts

METRIC = DrawnMetric("a", 0, 1, (2, 4), 60, 120, Estimated(0.4, 0.25, 0.5))


def of_pool(pool: PoolContents = POOL, **changes: Any) -> Section:
    return built(PoolSection(), context(pool=pool, **changes))


def test_without_a_random_draw_there_is_no_section() -> None:
    """It would have nothing to say."""
    assert PoolSection().build(context()) is None


def test_each_estimate_has_its_interval_beside_it() -> None:
    """A share of boxes that was hardly seen has none."""
    table = cells(of_pool().html)
    assert ["images without a box, %", "12.5 (6.0 to 20.0)"] in table
    assert ["boxes in an image", "2.00 (1.50 to 2.75)"] in table
    assert ["cow", "30", "50.0 (40.0 to 60.0)", "75.0 (70.0 to 80.0)", "50.0"] in table
    assert ["horse", "2", "3.0 (1.0 to 10.0)", "25.0", "50.0"] in table


def test_the_ground_truth_stands_beside_them_if_the_oracle_knows_it() -> None:
    """People do not, and there is no such column."""
    assert "share by the ground truth, %" in of_pool().html
    unknown = facts(pool_class_counts={"cow": 0, "horse": 0})
    found = built(PoolSection(), context(unknown, pool=POOL))
    assert "share by the ground truth, %" not in found.html


@pytest.mark.parametrize(
    ("num_labelled", "said"),
    [(60, ""), (61, "The 1 labelled image that was not"), (90, "The 30 labelled images that were")],
)
def test_it_says_which_images_it_rests_on(num_labelled: int, said: str) -> None:
    """Those that were drawn, and those that others chose."""
    html = of_pool(pool=replace(POOL, num_labelled=num_labelled)).html
    assert "the 600 images of the pool, by 60 labelled images that were drawn at random" in html
    assert said in html
    assert ("count as they are" in html) == bool(said)


def test_it_compares_no_arms() -> None:
    """What is estimated is no saving, and the page says so."""
    assert "They compare no arms, and no saving follows from them." in of_pool().html


def test_a_model_is_measured_on_the_pool_and_on_the_test_set() -> None:
    """With the interval, the images, the boxes and the rounds that it rests on."""
    html = of_pool(drawn_metrics=(METRIC,)).html
    assert (
        "a, seed 0: the model of round 1 has an mAP of 0.400 (95 % interval 0.250 to 0.500) on the"
        " images that were unlabelled then. This rests on 60 images with 120 boxes that were drawn"
        " at random later, in rounds 2 and 4. On the test set it has 0.600." in html
    )
    assert "which has none below 0.05" in html


def test_it_says_what_is_missing_to_measure_a_model() -> None:
    """Ten boxes a class, of a round that was scored."""
    assert "that takes 20 boxes (10 a class)" in of_pool().html


def test_drawn_images_without_a_label_are_told() -> None:
    """The estimates do not hold for them."""
    assert "3 drawn images got no label" in of_pool(pool=replace(POOL, num_without=3)).html


def test_all_of_it_is_written_as_tables_and_numbers() -> None:
    """A row for each class and for each model."""
    found = of_pool(drawn_metrics=(METRIC,))
    assert [row["name"] for row in found.tables["pool-classes"]] == ["cow", "horse"]
    assert found.tables["drawn-metrics"][0]["metric_low"] == 0.25
    assert list(found.numbers) == ["pool", "drawn_metrics"]
