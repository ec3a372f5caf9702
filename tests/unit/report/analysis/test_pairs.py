"""Where two arms can be compared."""

from job.report.analysis.comparison import compare
from job.report.analysis.pairs import common_range, pairs, points, share_rounds
from tests.unit.report.make_curves import boxes, curve


def test_points_are_evenly_spaced_over_what_all_lasting_curves_cover() -> None:
    """From the last to begin to the first to end; a seed that failed early does not shorten it."""
    all_curves = [
        boxes("random", 0, [0.1] * 5, [100, 200, 300, 400, 500]),
        boxes("a", 0, [0.1] * 5, [140, 200, 300, 400, 540]),
        boxes("a", 1, [0.1] * 2, [110, 120]),
    ]
    assert points(all_curves, "boxes").tolist() == [140, 230, 320, 410, 500]


def test_points_of_images_are_the_rounds_own() -> None:
    """As long as all arms and seeds have the same number of images at the same round."""
    same = [curve("random", 0, [0.1, 0.2, 0.3]), curve("a", 0, [0.1, 0.2])]
    assert share_rounds(same)
    assert points(same, "images").tolist() == [100, 200, 300]
    other = [*same, curve("a", 1, [0.1, 0.2, 0.3], {"images": [100, 190, 280]})]
    assert not share_rounds(other)
    assert points(other, "images").tolist() == [100, 150, 200]
    assert compare(other).interpolated
    assert not compare(same).interpolated


def test_an_arm_that_only_began_does_not_hide_the_others() -> None:
    """One round covers no range."""
    others = [boxes("random", 0, [0.3, 0.5], [200, 400]), boxes("a", 0, [0.4, 0.6], [300, 500])]
    assert common_range([*others, boxes("b", 0, [0.3], [200])], "boxes") == (300, 400)
    assert common_range([boxes("b", 0, [0.3], [200])], "boxes") is None
    assert points([boxes("b", 0, [0.3], [200])], "boxes").tolist() == []


def test_arms_without_a_seed_in_common_have_no_pairs() -> None:
    """There is nothing to subtract."""
    assert pairs([curve("a", 0, [0.1]), curve("b", 1, [0.1])], "a", "b", "images") == []
