"""Arms against each other, by hand."""

import numpy as np
import pytest
from scipy import stats

from job.report.comparison import Comparison, compare
from job.report.curves import AXES, Axis, Curve, Float64s
from job.report.verdict import verdicts


def curve(arm: str, seed: int, metric: list[float], first: int = 0, boxes: float = 1) -> Curve:
    """Rounds from `first` on, of 100 images each; so many boxes an image."""
    rounds = np.arange(first, first + len(metric))
    images: Float64s = 100.0 * (rounds + 1.0).astype(np.float64)
    costs: dict[Axis, Float64s] = {
        axis: images * boxes if axis == "boxes" else images for axis in AXES
    }
    return Curve(arm, seed, rounds, np.array(metric), costs)


def both(differences: list[list[float]], start: float = 0.2) -> Comparison:
    """`random` rises by 0.1 a round; `mine` differs from it by so much in each seed's rounds."""
    curves = []
    for seed, by in enumerate(differences):
        base = [start + 0.1 * index for index in range(len(by))]
        curves.append(curve("random", seed, base))
        curves.append(curve("mine", seed, [a + b for a, b in zip(base, by, strict=True)]))
    return compare(curves)


def test_differences_are_paired_by_seed() -> None:
    """Round 1: 0.02, 0.04; round 2: 0.10, 0.20. Their tests are scipy's, corrected for two."""
    found = both([[0, 0.02, 0.10], [0, 0.04, 0.20]])
    assert found.baseline == "random"
    first, second = found.of("mine")
    assert (first.round, first.images, first.num_seeds) == (1, 200, 2)
    assert first.mean == pytest.approx(0.03)
    p = stats.ttest_1samp([0.02, 0.04], 0).pvalue  # that of [0.10, 0.20] is the same
    assert [first.p, second.p] == pytest.approx([p, p])
    assert [first.p_holm, second.p_holm] == pytest.approx([2 * p, 2 * p])


def test_a_seed_without_a_round_is_left_out_there() -> None:
    """Each figure says on how many seeds it rests; a failed one is no zero."""
    curves = [
        curve("random", 0, [0.2, 0.3, 0.4]),
        curve("random", 1, [0.2, 0.3, 0.4]),
        curve("mine", 0, [0.2, 0.4, 0.5]),
        curve("mine", 1, [0.2, 0.5]),
        curve("mine", 2, [0.2, 0.9]),
    ]
    first, second = compare(curves).of("mine")
    assert [first.num_seeds, second.num_seeds] == [2, 1]
    assert [first.mean, second.mean] == pytest.approx([0.15, 0.1])
    assert second.p is None


def test_the_first_arm_stands_in_for_random() -> None:
    """Where there is no random arm."""
    found = compare([curve("a", 0, [0.2, 0.3]), curve("b", 0, [0.2, 0.4])])
    assert (found.baseline, [each.arm for each in found.differences]) == ("a", ["b"])


def test_the_full_pool_is_no_arm() -> None:
    """It is a bound."""
    found = compare([curve("random", 0, [0.2]), curve("full-pool", 0, [0.9], first=1)])
    assert found.arms == ("random",)


def test_areas_are_mean_heights_over_the_common_range() -> None:
    """In images from 100 to 300: random 0.2, 0.3, 0.4, mean 0.3; mine is 0.1 above from 200 on."""
    found = both([[0, 0.1, 0.1], [0, 0.1, 0.1]])
    random, mine = (each for each in found.areas if each.axis == "images")
    assert (random.low, random.high) == (100, 300)
    assert random.mean == pytest.approx(0.3)
    assert mine.mean == pytest.approx(0.3 + 0.05 / 2 + 0.1 / 2)
    assert mine.difference == pytest.approx(0.075)


def test_an_axis_without_a_common_range_has_no_area() -> None:
    """The boxes of one arm begin where the other's end."""
    curves = [curve("random", 0, [0.2, 0.3]), curve("mine", 0, [0.2, 0.3], boxes=10)]
    axes = {area.axis for area in compare(curves).areas}
    assert axes == {"images", "annotation_seconds", "money", "wall_seconds"}


def test_a_saving_is_what_the_baseline_needed_more() -> None:
    """Random ends at 0.4, at 300 images; mine reaches 0.4 half way from 100 (0.2) to 200 (0.6)."""
    curves = [curve("random", 0, [0.2, 0.3, 0.4]), curve("mine", 0, [0.2, 0.6, 0.6])]
    (saving,) = [each for each in compare(curves).savings if each.axis == "images"]
    assert [saving.target, saving.needed, saving.saved_share] == pytest.approx([0.4, 150, 0.5])
    assert (saving.num_seeds, saving.num_never) == (1, 0)


def test_a_goal_that_is_never_reached_is_counted() -> None:
    """And is no saving."""
    curves = [curve("random", 0, [0.2, 0.3, 0.4]), curve("mine", 0, [0.2, 0.3, 0.3])]
    saving = compare(curves).savings[0]
    assert (saving.num_never, saving.needed, saving.saved_share) == (1, None, None)


def test_the_penalty_matrix_counts_budgets_won() -> None:
    """Mine wins round 2 surely (0.1 with little spread), round 1 not: 1 of 2. Random wins none."""
    found = both([[0, 0.3, 0.10], [0, -0.3, 0.11], [0, 0.0, 0.12]])
    assert found.penalties == {("random", "mine"): 0.0, ("mine", "random"): 0.5}


STEADY = [[0, 0.05 + e, 0.05 - e] for e in (0, 0.001, -0.001, 0.002, -0.002)]
NOISE = [[0, e, -e] for e in (0.03, -0.03, 0.01, -0.01, 0.0)]


def test_better_is_said_with_from_when_and_how_sure() -> None:
    """Five seeds, 5 points above throughout: from the first round with a difference on."""
    (verdict,) = verdicts(both(STEADY))
    assert verdict.is_better is True
    assert verdict.sentence.startswith("mine is better than random from 200 images on: +5.0 points")
    assert verdict.details[0].startswith("After round 2 (300 images): +5.0 points of mAP against")
    assert "% fewer images" in verdict.details[1]


def test_worse_is_said_too() -> None:
    """The same below."""
    (verdict,) = verdicts(both([[-x for x in row] for row in STEADY]))
    assert verdict.is_better is False
    assert "mine is worse than random from 200 images on: -5.0 points" in verdict.sentence


def test_noise_is_not_shown() -> None:
    """A mean of 0 over five seeds."""
    (verdict,) = verdicts(both(NOISE))
    assert verdict.is_better is None
    assert "not shown" in verdict.sentence


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 seed is fewer than"), (4, "4 seeds are fewer")]
)
def test_with_fewer_than_five_seeds_nothing_is_claimed(count: int, words: str) -> None:
    """However clear it looks."""
    (verdict,) = verdicts(both(STEADY[:count]))
    assert verdict.is_better is None
    assert words in verdict.sentence


def test_before_any_round_there_is_nothing_to_say() -> None:
    """Round 0 is the same for all."""
    (verdict,) = verdicts(both([[0], [0]]))
    assert verdict.sentence == "mine: no round to compare with random yet."
