"""What is said of each arm: better, worse, equal or not shown, and why."""

import numpy as np

from job.report.analysis.missing import MissingRounds
from tests.unit.report.make_curves import BASE, NOISE, added, curve, curves, wobbling
from tests.unit.report.verdict.judged import summary, verdict

LAST = (
    "At 300 images, the last, it is {} points of mAP {} (95 % interval {} to {}; corrected"
    " p < 0.001)."
)
AHEAD = "its probability of improvement is 100 % (95 % interval 57 to 100 %)."


def test_a_constant_difference_is_shown() -> None:
    """4 points more in every seed and round after the shared one: three quarters of the range."""
    found = verdict(added([0, 0.04, 0.04]))
    assert found.outcome == "better"
    assert found.sentence == (
        "a beats random: from 100 to 300 labelled images its mAP is 3.0 points higher on average"
        " (95 % interval 3.0 to 3.0; 5 seeds; corrected p < 0.001)."
    )
    assert found.reasons == ()
    assert found.details == (
        f"It is ahead of random in 5 of 5 seeds: {AHEAD}",
        "At single numbers of images, corrected for 2 tests, it is ahead at 200 and 300.",
        LAST.format(4.0, "ahead", 4.0, 4.0),
    )


def test_an_arm_can_be_worse() -> None:
    """The same with a minus: it is said, with the amount as a positive number."""
    found = verdict(wobbling(-0.05, -0.04))
    assert found.outcome == "worse"
    assert found.sentence.startswith(
        "a is worse than random: from 100 to 300 labelled images its mAP is 3.5 points lower on"
        " average (95 % interval 3.4 to 3.6; 5 seeds; corrected p < 0.001)."
    )
    assert found.details[1].endswith("it is behind at 200 and 300.")
    assert found.details[2].startswith("At 300 images, the last, it is 4.0 points of mAP behind (")
    assert not any(each.is_shown for each in found.savings)


def test_noise_is_not_shown() -> None:
    """Neither a difference nor equality: the figures and both p are said."""
    found = verdict(added(NOISE))
    assert found.outcome == "not shown"
    assert found.sentence == "It is not shown that a beats random."
    (figures,) = found.reasons
    assert figures.startswith("From 100 to 300 labelled images its mAP is 0.4 points higher on")
    assert "It is not shown either that the two are equal within 1 point (corrected p = " in figures
    (seeds,) = found.details
    assert seeds == (
        "It is ahead of random in 4 of 5 seeds: its probability of improvement is 80 % (95 %"
        " interval 38 to 96 %)."
    )
    assert all("not shown" in each.sentence for each in found.savings)


def test_an_arm_can_be_equal() -> None:
    """Within a point, by the interval that the two one-sided tests stand for."""
    found = verdict(added([[0, each, each] for each in (0.004, -0.004, 0.006, 0, 0.002)]))
    assert found.outcome == "equal"
    assert found.sentence == (
        "a and random are equal within 1 point: from 100 to 300 labelled images the mAP of a is 0.1"
        " points higher on average (90 % interval -0.2 to 0.4; 5 seeds; corrected p = 0.001)."
    )
    assert len(found.details) == 1
    assert found.reasons == ()


def test_a_lead_that_is_too_small_to_matter_is_said_to_be_one() -> None:
    """Equal, with what is shown all the same."""
    found = verdict(wobbling(0.008, 0.008))
    assert found.outcome == "equal"
    assert found.details[0] == (
        "That it is ahead of random is shown all the same (corrected p < 0.001), by less than what"
        " matters."
    )
    assert found.is_ahead
    behind = verdict(wobbling(-0.008, -0.008))
    assert behind.details[0].startswith("That it is behind random is shown all the same")
    assert not behind.is_ahead


def test_an_interval_at_one_budget_claims_nothing() -> None:
    """Ahead at 200 images in every seed, by so much that p is small there, and not on the whole."""
    ends = enumerate((-0.2, 0.1, -0.15, 0.05, -0.1))
    found = verdict(added([[0, 0.03 + 0.001 * number, end] for number, end in ends]))
    assert found.outcome == "not shown"
    assert not any("At single" in each for each in found.details)


def test_budgets_at_which_it_is_the_other_way_round_are_told() -> None:
    """Ahead on the whole and at 200 images, behind at the last."""
    found = verdict(wobbling(0.08, -0.05))
    assert found.outcome == "better"
    assert found.details[1:] == (
        "At single numbers of images, corrected for 2 tests, it is ahead at 200 and behind at 300.",
        LAST.format(5.0, "behind", 4.8, 5.2),
    )


def test_a_lead_that_no_single_budget_shows() -> None:
    """Three points in all seeds, which lie before or behind the middle: noise at each budget."""
    swing = np.array([[0, 0.05, -0.06], [0, -0.05, 0.14], [0, 0.08, -0.13], [0, -0.01, 0.07]])
    more = [*swing.tolist(), [0, 0.03, 0.01]]
    found = verdict(added([[0, b + 0.02, c + 0.02] for _, b, c in more]))
    assert found.outcome == "better"
    assert found.details[1].endswith("it is not shown to be ahead or behind.")


def test_fewer_than_five_seeds_claim_nothing() -> None:
    """Four seeds, ten points less a twentieth, and still: nothing."""
    found = summary([*curves("random", BASE[:4]), *curves("a", wobbling(0.1, 0.1)[:4])])
    assert found.headline == "Nothing is claimed: 4 seeds paired with random, and 5 are needed."
    (arm,) = found.verdicts
    assert arm.outcome == "not shown"
    few, so_far = arm.reasons
    assert few == "4 paired seeds: with fewer than 5 nothing is claimed."
    assert so_far.startswith("So far, from 100 to 300 labelled images its mAP is 7.5 points higher")


def test_one_seed_claims_nothing() -> None:
    """There is neither interval nor test."""
    found = summary([*curves("random", BASE[:1]), *curves("a", wobbling(0.1, 0.1)[:1])])
    (arm,) = found.verdicts
    few, so_far = arm.reasons
    assert few == "1 paired seed: with fewer than 5 nothing is claimed."
    assert so_far.endswith("higher on average (one seed, so no interval; 1 seed).")
    assert arm.test is not None
    assert (arm.test.area.difference.low, arm.test.p) == (None, None)


def test_arms_without_a_common_seed_claim_nothing() -> None:
    """There is no pair."""
    (found,) = summary([curve("random", 0, BASE[0]), curve("a", 1, BASE[0])]).verdicts
    assert found.reasons == ("0 paired seeds: with fewer than 5 nothing is claimed.",)
    assert (found.test, found.details) == (None, ())


def test_arms_without_a_common_range_claim_nothing() -> None:
    """Five seeds of one round, which differ there: there is no area."""
    random = curves("random", [[0.3]] * 5)
    (found,) = summary([*random, *curves("a", [[0.31], [0.34], [0.29], [0.3], [0.33]])]).verdicts
    assert found.reasons == ("There is no range of images over which both are measured.",)


def test_nothing_is_claimed_before_all_rounds_are_there() -> None:
    """However clear it looks: a page that is looked at after each round would claim too often."""
    both = [*curves("random", BASE), *curves("a", wobbling(0.05, 0.05))]
    found = summary(both, setup=1, missing=MissingRounds({"a": 3, "random": 1}))
    assert found.headline == "Nothing is claimed yet: 4 rounds to come."
    (arm,) = found.verdicts
    assert arm.outcome == "not shown"
    waits, so_far = arm.reasons
    assert waits.startswith("Not finished: 3 rounds of a and 1 round of random to come. Nothing is")
    assert so_far.startswith("So far, from 100 to 300 labelled images its mAP is 3.8 points higher")
    assert not any(each.is_shown for each in arm.savings)
    assert arm.pays is not None
    assert not arm.pays.is_shown
    assert any(
        "Not finished: 3 rounds of a and 1 round of random to come" in n for n in found.notes
    )


def test_an_arm_that_is_finished_does_not_wait_for_others() -> None:
    """Its claims hold whatever the others show; those that are not finished are named."""
    all_curves = [*curves("random", BASE), *curves("a", wobbling(0.05, 0.05))]
    half = curves("b", [row[:2] for row in wobbling(0.05, 0.05)])
    found = summary([*all_curves, *half], missing=MissingRounds({"b": 5, "c": 10}))
    assert found.headline == "a beats random here. b and c are not finished."
    assert [each.outcome for each in found.verdicts] == ["better", "not shown"]


def test_what_is_reported_as_final_is_claimed_with_a_note() -> None:
    """Rounds that will not come are named, and what the claims then rest on."""
    both = [*curves("random", BASE), *curves("a", wobbling(0.05, 0.05))]
    found = summary(both, missing=MissingRounds({"a": 1}, is_final=True))
    assert found.headline == "a beats random here."
    assert any(note.startswith("Reported as final without 1 round of a") for note in found.notes)


def test_without_random_the_first_arm_stands_in() -> None:
    """And a note says so."""
    found = summary([*curves("entropy", BASE), *curves("a", wobbling(0.05, 0.05))])
    assert found.verdicts[0].sentence.startswith("a beats entropy: ")
    assert "Arms are compared with entropy, not with random." in found.notes


def test_a_single_arm_has_no_verdict() -> None:
    """There is nothing to compare it with."""
    found = summary(curves("random", BASE))
    assert found.verdicts == ()
    assert found.headline == "random is the only arm: there is nothing to compare it with."


def test_the_same_arm_twice_is_equal() -> None:
    """All differences are exactly 0: they have no p, and are within any margin."""
    found = verdict(BASE)
    assert found.outcome == "equal"
    assert found.test is not None
    assert (found.test.p, found.test.p_equal) == (None, 0.0)


def test_a_shared_round_is_not_taken_for_equality() -> None:
    """Five seeds in round 0, where all are alike, and three in the rounds that differ."""
    arm = [*curves("a", wobbling(0.1, 0.1))[:3], curve("a", 3, [0.32]), curve("a", 4, [0.30])]
    (found,) = summary([*curves("random", BASE), *arm]).verdicts
    assert found.reasons[0] == "3 paired seeds: with fewer than 5 nothing is claimed."


def test_an_arm_that_ended_early_in_all_seeds_is_told() -> None:
    """It shortens the range over which it is compared."""
    notes = summary([*curves("random", BASE), *curves("a", [row[:2] for row in BASE])]).notes
    assert (
        "a: seeds 0, 1, 2, 3 and 4 of fewer rounds than the longest, which has 3: areas and savings"
        " are taken over what all seeds of an arm have."
    ) in notes
    assert not any("fewer rounds" in note for note in summary(curves("random", BASE)).notes)


def test_a_failed_seed_is_told_and_the_others_count() -> None:
    """Six seeds of random; seed 2 of the arm failed after round 0, which leaves five."""
    random = [*curves("random", BASE), curve("random", 5, [0.3, 0.42, 0.53])]
    arm = [*curves("a", wobbling(0.05, 0.05)), curve("a", 5, [0.3, 0.47, 0.58])]
    arm[2] = curve("a", 2, [0.29])
    found = summary([*random, *arm])
    assert found.verdicts[0].outcome == "better"
    assert found.verdicts[0].test is not None
    assert found.verdicts[0].test.area.seeds == (0, 1, 3, 4, 5)
    assert "a: seed 2 ended early." in found.notes
    without = summary([*random, *(each for each in arm if each.seed not in {1, 2})])
    assert "a: seeds 1 and 2 missing." in without.notes
    assert without.verdicts[0].outcome == "not shown"


def test_headline_of_several_arms() -> None:
    """Those that win, those that lose, those that are equal, and the rest."""
    found = summary(
        [
            *curves("random", BASE),
            *curves("a", wobbling(0.05, 0.05)),
            *curves("b", wobbling(0.04, 0.04)),
            *curves("c", wobbling(-0.05, -0.05)),
            *curves("d", added(NOISE)),
            *curves("e", wobbling(0.001, 0.001)),
        ]
    )
    assert found.headline == (
        "a and b beat random here. c is worse. e is equal to it within 1 point. For d nothing is"
        " shown."
    )
    assert [each.outcome for each in found.verdicts] == [
        "better",
        "better",
        "worse",
        "not shown",
        "equal",
    ]
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


def test_any_rounds_may_be_missing() -> None:
    """Whatever is left of an experiment, its page can be made, and claims nothing yet."""
    rng = np.random.default_rng(0)
    all_curves = [*curves("random", BASE), *curves("a", wobbling(0.05, 0.05))]
    for _ in range(30):
        left = []
        for each in all_curves:
            kept = np.flatnonzero(rng.random(3) < 0.6)
            if len(kept):
                left.append(
                    curve(each.arm, each.seed, each.metric[kept].tolist(), None, kept.tolist())
                )
        if left:
            found = summary(left, setup=1, missing=MissingRounds({"random": 1, "a": 1}))
            assert {each.outcome for each in found.verdicts} <= {"not shown"}
