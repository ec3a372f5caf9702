"""What is said of an arm's savings, and of whether it pays."""

from dataclasses import replace

import pytest

from job.report.analysis.curves import Axis, Curve
from job.report.analysis.savings import savings_of
from job.report.verdict.claims import saving_claim
from tests.unit.report.make_curves import BASE, NOISE, added, curves, wobbling
from tests.unit.report.verdict.judged import summary, verdict

FREE: dict[Axis, list[float]] = {"money": [0, 0, 0]}


def needing(boxes: list[float]) -> list[Curve]:
    """An arm of five seeds that reach random's final 0.5 at 148, 149, 150, 151 and 152 images."""
    at_200 = [0.3 + 0.2 / share for share in (0.48, 0.49, 0.50, 0.51, 0.52)]
    return curves("a", [[0.3, each, each + 0.1] for each in at_200], COSTS | {"boxes": boxes})


COSTS: dict[Axis, list[float]] = {
    "boxes": [250, 500, 750],
    "annotation_seconds": [36_000, 72_000, 108_000],
    "money": [100, 200, 300],
}
STEADY = curves("random", [[0.3, 0.4, 0.5]] * 5, COSTS)


def test_what_is_saved() -> None:
    """Random needs 300, the arm 150 give or take 2: the interval is 2 images to each side.

    Of 148 to 152 the standard error is 0.71 images, and t is 2.776: 0.65 % of 300.
    """
    (found,) = summary([*STEADY, *needing([250, 500, 750])]).verdicts
    images, boxes, hours, money = found.savings
    assert all(each.is_shown for each in found.savings)
    assert images.sentence == (
        "In labelled images: to reach random's final mAP of the same seed (0.500 on average) it"
        " needs 150 and random 300: 50 % less (95 % interval 49 to 51 %; 5 seeds; corrected"
        " p < 0.001)."
    )
    assert "it needs 375 and random 750" in boxes.sentence
    assert "it needs 15.0 and random 30.0" in hours.sentence
    assert "it needs 150.00 and random 300.00" in money.sentence


def test_what_is_lost_is_said_too() -> None:
    """Half the images, but they have 1,500 boxes; 2 images more or less are 49 boxes, 7 %."""
    (found,) = summary([*STEADY, *needing([250, 2750, 4000])]).verdicts
    images, boxes, *_ = found.savings
    assert "% less" in images.sentence
    assert boxes.is_shown
    assert boxes.sentence.endswith(
        "it needs 1,500 and random 750: 100 % more (95 % interval 93 to 107 %; 5 seeds; corrected"
        " p < 0.001)."
    )


def test_no_saving_of_an_arm_that_is_not_better() -> None:
    """It has random's final 0.5 at 200 images in each seed, but falls behind: no saving."""
    (found,) = summary([*STEADY, *curves("a", [[0.3, 0.5, 0.25]] * 5)], setup=1).verdicts
    assert found.outcome == "worse"
    images = found.savings[0]
    assert images.saving.p == 0.0
    assert images.sentence == (
        "In labelled images: no saving is shown; the arm itself is not shown to be ahead."
    )
    assert found.pays is not None
    assert not found.pays.is_shown


def test_no_saving_where_a_seed_never_arrives() -> None:
    """Better over all in each seed, and behind at the end in one: it alone hides the saving."""
    found = verdict(added([*[[0, 0.03, 0.01]] * 4, [0, 0.04, -0.01]]))
    assert found.outcome == "better"
    assert found.savings[0].sentence == (
        "In labelled images: no saving is shown; in 1 of 5 seeds it does not reach random's final"
        " mAP of the same seed (0.524 on average)."
    )


def test_no_saving_that_the_test_does_not_show() -> None:
    """Five points ahead at 200 images, but only seed 0 has 0.5 before 300: at 233, 22 % earlier.

    One value beside four zeros has t = 1, whose p is 0.374. There is one arm to correct for.
    """
    ends = (0.6, 0.5, 0.5, 0.5, 0.5)
    starts = (0.45, 0.451, 0.452, 0.453, 0.454)
    arm = [[0.3, start, end] for start, end in zip(starts, ends, strict=True)]
    (found,) = summary([*STEADY, *curves("a", arm, COSTS)]).verdicts
    assert found.outcome == "better"
    assert found.savings[0].saving.p == pytest.approx(0.374, abs=5e-4)
    assert found.savings[0].sentence == (
        "In labelled images: no saving is shown; 4 % on average (95 % interval -8 to 17 %; 5 seeds;"
        " corrected p = 0.374)."
    )


def test_a_saving_that_only_the_correction_hides_is_not_shown() -> None:
    """A p of 0.04 is that of one of four arms: it could be the luck of one of them."""
    saving = savings_of([*STEADY, *needing([250, 500, 750])])[0]
    found = saving_claim(replace(saving, p=0.04, p_corrected=0.16), is_ahead=True)
    assert not found.is_shown
    assert found.sentence.endswith("5 seeds; corrected p = 0.160).")


def test_it_pays() -> None:
    """150 of 300 in money are saved, give or take 2: more than 100."""
    (found,) = summary([*STEADY, *needing([250, 500, 750])], setup=100).verdicts
    assert found.pays is not None
    assert found.pays.is_shown
    assert found.pays.sentence == (
        "It pays here: 150.00 is saved on annotation, 50.00 after the set-up cost of 100.00"
        " (corrected p < 0.001)."
    )


def test_it_is_not_shown_to_pay_where_the_test_does_not_show_it() -> None:
    """Of 150 saved, 149 of cost leave 1, which is sqrt(2) standard errors: p = 0.230."""
    (found,) = summary([*STEADY, *needing([250, 500, 750])], setup=149).verdicts
    assert found.pays is not None
    assert found.pays.case is not None
    assert found.pays.case.net.mean == pytest.approx(1)
    assert not found.pays.is_shown
    assert "the set-up costs 149.00 (corrected p = 0.230)." in found.pays.sentence


def test_it_does_not_pay_before_the_arm_has_got_there_in_every_seed() -> None:
    """Though it is ahead, and others may have saved much."""
    (found,) = summary([*STEADY, *curves("a", [[0.3, 0.6, 0.6]] * 4 + [[0.3, 0.4, 0.49]])]).verdicts
    assert found.pays is None
    ends = [[0.3, 0.5 + 0.01 * seed, 0.6] for seed in range(4)]
    arm = curves("a", [*ends, [0.3, 0.49, 0.49]])
    (found,) = summary([*STEADY, *arm], setup=1).verdicts
    assert found.is_ahead
    assert found.pays is not None
    assert found.pays.case is None
    assert found.pays.sentence == "It is not shown to pay here: no saving of money is shown."


def test_it_does_not_pay_here_and_would_from_a_size_or_price_on() -> None:
    """A set-up of 600 is 4 times the 150 saved: 4 times 300 images, or 4 times the price."""
    (found,) = summary([*STEADY, *needing([250, 500, 750])], setup=600).verdicts
    assert found.pays is not None
    assert not found.pays.is_shown
    assert "the set-up costs 600.00" in found.pays.sentence
    assert "from about 1,200 images that would be labelled without it" in found.pays.sentence
    assert "from 4.0 times the prices" in found.pays.sentence


def test_what_saves_nothing_is_not_shown_to_pay() -> None:
    """Not even where its mean is above the set-up cost: the saving has to be shown."""
    found = verdict(added(NOISE), setup=0.0)
    assert found.pays is not None
    assert found.pays.sentence == "It is not shown to pay here: no saving of money is shown."
    assert verdict(added(NOISE)).pays is None


def test_without_prices_there_is_no_word_of_money() -> None:
    """Neither a saving nor whether it pays."""
    all_curves = [*curves("random", BASE, FREE), *curves("a", wobbling(0.1, 0.1), FREE)]
    (found,) = summary(all_curves, setup=100).verdicts
    assert [each.saving.axis for each in found.savings] == ["images", "boxes", "annotation_seconds"]
    assert found.pays is None
