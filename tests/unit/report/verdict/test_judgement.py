"""What is said of each arm: better, worse or not shown, and why."""

import numpy as np
import pytest

from tests.unit.report.make_curves import BASE, NOISE, added, curve, curves, wobbling
from tests.unit.report.verdict.judged import summary, verdict


def test_a_constant_difference_is_shown() -> None:
    """5 points more in every seed and round after the shared one: better from 200 images on."""
    found = verdict(added([0, 0.05, 0.05]))
    assert found.outcome == "better"
    assert found.sentence == (
        "a beats random from 200 labelled images on: there by 5.0 points of mAP (95 % interval 5.0"
        " to 5.0; 5 seeds; corrected p < 0.001); at 300, the last, by 5.0 points."
    )
    assert found.start is not None
    assert (found.start.x, found.start.seeds) == (200, (0, 1, 2, 3, 4))
    assert (found.reasons, found.cautions) == ((), ())


def test_an_arm_can_be_worse() -> None:
    """The same with a minus: it is said, with the amount as a positive number."""
    found = verdict(wobbling(-0.05, -0.04))
    assert found.outcome == "worse"
    assert found.sentence.startswith(
        "a is worse than random from 200 labelled images on: there by 5.0 points of mAP"
        " (95 % interval 4.9 to 5.1; 5 seeds;"
    )
    assert found.sentence.endswith("; at 300, the last, by 4.0 points.")
    assert not any(each.is_shown for each in found.savings)


def test_noise_is_not_shown() -> None:
    """No test is below 0.05, and the interval at the end holds 0: both are said."""
    found = verdict(added(NOISE))
    assert found.outcome == "not shown"
    assert found.start is None
    assert found.sentence == "It is not shown that a beats random."
    tests, end = found.reasons
    assert tests.startswith("No p is below 0.05 after correction for 2 tests; the smallest is p = ")
    assert end.startswith("At 300 images, the last budget, the difference is 0.6 points of mAP;")
    assert end.endswith("holds 0.")
    assert all("not shown" in each.sentence for each in found.savings)


def test_an_interval_alone_claims_nothing() -> None:
    """1 to 8 points, all above 0, with p = 0.03, which for two tests is 0.06."""
    more = [[0, 0.01 * each, noise[1]] for each, noise in zip((5, 1, 4, 2, 8), NOISE, strict=True)]
    swapped = [[first, last, middle] for first, middle, last in more]
    found = verdict(added(swapped))
    assert found.outcome == "not shown"
    assert found.end is not None
    assert found.end.estimate.low is not None
    assert found.end.estimate.low > 0
    assert found.end.p is not None
    assert found.end.p < 0.05 < (found.end.p_holm or 0)
    assert found.reasons[1].endswith("does not hold 0, but claims nothing without the test.")


def test_the_first_budget_is_one_that_is_significant_and_from_which_on_all_are_ahead() -> None:
    """At 200 it is ahead without significance, at 300 with, at 400 without, but still ahead."""
    four = [[*row, row[-1] + 0.05] for row in BASE]
    more = np.array([[0, *noise[1:], noise[1]] for noise in NOISE])
    more[:, 1] += 0.012
    more[:, 3] += 0.012
    more[:, 2] = [0.030, 0.031, 0.032, 0.033, 0.034]
    arm = [[float(each) for each in row] for row in np.array(four) + more]
    (found,) = summary([*curves("random", four), *curves("a", arm)]).verdicts
    assert found.outcome == "better"
    assert found.start is not None
    assert found.end is not None
    assert (found.start.x, found.end.x) == (300, 400)


def test_a_lead_that_is_lost_is_not_shown() -> None:
    """5 points ahead at 200 images, and a point behind, without significance, at 300."""
    more = [[0, 0.05 + 0.001 * number, noise[2] - 0.016] for number, noise in enumerate(NOISE)]
    found = verdict(added(more))
    assert found.outcome == "not shown"
    assert found.reasons == (
        "At 200 images it is ahead (5.2 points of mAP, corrected p < 0.001), but at 300 it is not.",
    )


def test_a_lead_that_turns_is_worse_and_says_so() -> None:
    """Significantly ahead at 200 images, significantly behind at 300."""
    found = verdict(wobbling(0.05, -0.05))
    assert found.outcome == "worse"
    assert found.start is not None
    assert found.start.x == 300
    assert "worse than random at 300 labelled images, the last budget: by 5.0 points" in (
        found.sentence
    )
    assert found.cautions == ("With fewer images it is the other way round.",)


def test_fewer_than_five_seeds_claim_nothing() -> None:
    """Four seeds, ten points less a twentieth, and still: nothing."""
    found = summary([*curves("random", BASE[:4]), *curves("a", wobbling(0.1, 0.1)[:4])])
    assert found.headline == "Nothing is claimed: 4 seeds paired with random, and 5 are needed."
    (arm,) = found.verdicts
    assert arm.outcome == "not shown"
    assert arm.reasons == ("4 paired seeds: with fewer than 5 nothing is claimed.",)
    assert arm.end is not None
    assert arm.end.estimate.mean == pytest.approx(0.0995)


def test_one_seed_claims_nothing() -> None:
    """There is neither interval nor test."""
    found = summary([*curves("random", BASE[:1]), *curves("a", wobbling(0.1, 0.1)[:1])])
    (arm,) = found.verdicts
    assert arm.reasons == ("1 paired seed: with fewer than 5 nothing is claimed.",)
    assert arm.end is not None
    assert (arm.end.estimate.low, arm.end.p) == (None, None)


def test_arms_without_a_common_seed_claim_nothing() -> None:
    """There is no pair."""
    (found,) = summary([curve("random", 0, BASE[0]), curve("a", 1, BASE[0])]).verdicts
    assert found.reasons == ("0 paired seeds: with fewer than 5 nothing is claimed.",)
    assert found.end is None


def test_without_random_the_first_arm_stands_in() -> None:
    """And a note says so."""
    found = summary([*curves("entropy", BASE), *curves("a", wobbling(0.05, 0.05))])
    assert found.verdicts[0].sentence.startswith("a beats entropy from 200")
    assert "Arms are compared with entropy, not with random." in found.notes


def test_a_single_arm_has_no_verdict() -> None:
    """There is nothing to compare it with."""
    found = summary(curves("random", BASE))
    assert found.verdicts == ()
    assert found.headline == "random is the only arm: there is nothing to compare it with."


def test_the_same_arm_twice_does_not_differ() -> None:
    """All differences are exactly 0: no test, no claim."""
    assert verdict(BASE).reasons == ("The two do not differ at any budget.",)


def test_a_shared_round_is_not_taken_for_equality() -> None:
    """Five seeds in round 0, where all are alike, and three in the rounds that differ."""
    arm = [*curves("a", wobbling(0.1, 0.1))[:3], curve("a", 3, [0.32]), curve("a", 4, [0.30])]
    (found,) = summary([*curves("random", BASE), *arm]).verdicts
    assert found.reasons == ("3 paired seeds: with fewer than 5 nothing is claimed.",)


def test_an_arm_that_ended_early_in_all_seeds_is_told() -> None:
    """It shortens the range over which all are compared."""
    notes = summary([*curves("random", BASE), *curves("a", [row[:2] for row in BASE])]).notes
    assert (
        "a: seeds 0, 1, 2, 3 and 4 of fewer rounds than the longest, which has 3: areas, savings"
        " and the final mAP are taken over what all have."
    ) in notes
    assert not any("fewer rounds" in note for note in summary(curves("random", BASE)).notes)


def test_a_failed_seed_is_told_and_the_others_count() -> None:
    """Six seeds of random; seed 2 of the arm failed after round 0, which leaves five."""
    random = [*curves("random", BASE), curve("random", 5, [0.3, 0.42, 0.53])]
    arm = [*curves("a", wobbling(0.05, 0.05)), curve("a", 5, [0.3, 0.47, 0.58])]
    arm[2] = curve("a", 2, [0.29])
    found = summary([*random, *arm])
    assert found.verdicts[0].outcome == "better"
    assert found.verdicts[0].start is not None
    assert found.verdicts[0].start.seeds == (0, 1, 3, 4, 5)
    assert "a: seed 2 ended early." in found.notes
    without = summary([*random, *(each for each in arm if each.seed not in {1, 2})])
    assert "a: seeds 1 and 2 missing." in without.notes
    assert without.verdicts[0].outcome == "not shown"


def test_budgets_that_not_all_seeds_have_yet() -> None:
    """Three seeds went on to 400 images and are behind there: not claimed, and not hidden."""
    longer = [[*row, 0.6] for row in BASE]
    arm = wobbling(0.05, 0.05)
    going = [curve("a", seed, [*row, 0.1] if seed < 3 else row) for seed, row in enumerate(arm)]
    (found,) = summary([*curves("random", longer), *going]).verdicts
    assert found.outcome == "better"
    assert found.end is not None
    assert found.end.x == 300
    assert "; at 300, the last with at least 5 seeds, by 5.0 points." in found.sentence
    assert found.cautions == (
        "At 400 images fewer than 5 seeds are paired: nothing is claimed there.",
    )


def test_a_claim_beyond_half_the_pool_is_cautioned() -> None:
    """It begins at 300 of 500 images; one that begins at 200 only has the note."""
    more = [[0, noise[1] - 0.006, 0.05 + 0.001 * each] for each, noise in enumerate(NOISE)]
    found = verdict(added(more), 500)
    assert found.start is not None
    assert (found.start.x, found.start.beyond_half) == (300, True)
    (caution,) = found.cautions
    assert caution == (
        "This begins only beyond half of the pool (500 images), where all arms have mostly the same"
        " images."
    )
    assert verdict(wobbling(0.05, 0.05), 500).cautions == ()
    whole = summary([*curves("random", BASE), *curves("a", wobbling(0.05, 0.05))], 500)
    assert any("from 300 images on are more than half of the pool" in each for each in whole.notes)


def test_headline_of_several_arms() -> None:
    """Those that win, those that lose, and those of which nothing is shown."""
    found = summary(
        [
            *curves("random", BASE),
            *curves("a", wobbling(0.05, 0.05)),
            *curves("b", wobbling(0.04, 0.04)),
            *curves("c", wobbling(-0.05, -0.05)),
            *curves("d", added(NOISE)),
        ]
    )
    assert found.headline == "a and b beat random here. c is worse. For d nothing is shown."
    assert [each.outcome for each in found.verdicts] == ["better", "better", "worse", "not shown"]
    for each in found.verdicts:
        assert {claim.saving.arm for claim in each.savings} == {each.arm}


def test_headline_without_a_winner() -> None:
    """It is said first that there is none."""
    found = summary([*curves("random", BASE), *curves("a", added(NOISE))])
    assert found.headline == "No arm is shown to beat random here."


def test_notes_tell_the_smallest_permutation_p_and_of_interpolation() -> None:
    """1/16 at 5 seeds; points between rounds where numbers of images differ at the same round."""
    found = summary([*curves("random", BASE), *curves("a", added(NOISE))])
    assert any("with 5 seeds its p cannot be below 1/16." in each for each in found.notes)
    assert not any("straight lines" in each for each in found.notes)
    other = curves("a", added(NOISE), {"images": [100, 190, 280]})
    found = summary([*curves("random", BASE), *other])
    assert any("straight lines" in each for each in found.notes)
