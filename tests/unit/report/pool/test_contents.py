"""What a pool shows, by its sample."""

import pytest

from job.report.pool.contents import contents_of
from job.report.pool.draws import Draws
from job.report.pool.sampling import LabelledRound
from tests.unit.report.pool.make_images import annotation

COW = annotation(("cow", 0.0))
BOTH = annotation(("cow", 0.0), ("horse", 20.0), ("horse", 40.0))
NONE = annotation()


def draws(arm: str, num_drawn: int) -> Draws:
    """Ten drawn images: half of them have a cow and two horses, the others one cow or nothing."""
    truth = dict(zip("abcdefghij", [BOTH, COW, BOTH, NONE] * 2 + [BOTH, COW], strict=True))
    return Draws(
        arm=arm,
        seed=7,
        refs=(),
        rounds=(LabelledRound(tuple(truth)[:num_drawn], (), 100),),
        before=(),
        truth=truth,
        classes=("cow", "horse", "sheep"),
        num_rest=100 - num_drawn,
        num_without=0,
    )


def test_classes_boxes_and_empty_images() -> None:
    """By hand: of 10 images 8 have a cow and 5 two horses, 2 are empty; 18 boxes."""
    found = contents_of([draws("random", 10)])
    assert found
    cow, horse, sheep = found.classes
    assert (cow.num_seen, horse.num_seen, sheep.num_seen) == (8, 5, 0)
    assert [each.images.value for each in found.classes] == pytest.approx([0.8, 0.5, 0.0])
    assert [each.boxes.value for each in found.classes] == pytest.approx([8 / 18, 10 / 18, 0.0])
    assert found.boxes_per_image.value == pytest.approx(1.8)
    assert found.empty.value == pytest.approx(0.2)
    assert (found.num_drawn, found.num_labelled, found.num_pool) == (10, 10, 100)


def test_a_class_that_was_hardly_seen_has_no_share_of_boxes_with_an_interval() -> None:
    """How many images show it has one: it is a count."""
    found = contents_of([draws("random", 10)])
    assert found
    assert [each.boxes.low is None for each in found.classes] == [False, False, True]
    assert found.classes[2].images.high


def test_the_draws_that_say_most_are_taken() -> None:
    """The pool of all arms is the same."""
    found = contents_of([draws("few", 5), draws("many", 10), draws("none", 0)])
    assert found
    assert found.arm == "many"
    assert contents_of([draws("none", 0)]) is None
