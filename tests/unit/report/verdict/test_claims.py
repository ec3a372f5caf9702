"""What is said of an arm's savings, and of whether it pays."""

import pytest

from job.report.analysis.comparison import compare
from job.report.analysis.curves import Axis, Curve
from job.report.analysis.savings import savings_of
from job.report.verdict.judgement import judge
from tests.unit.report.make_curves import BASE, NOISE, added, curve, curves, wobbling
from tests.unit.report.verdict.judged import summary, verdict

FREE: dict[Axis, list[float]] = {"money": [0, 0, 0]}


def needing(boxes: list[float]) -> list[Curve]:
    """An arm of five seeds that reach random's final 0.5 at 148, 149, 150, 151 and 152 images."""
    costs: dict[Axis, list[float]] = {
        "boxes": boxes,
        "annotation_seconds": [36_000, 72_000, 108_000],
        "money": [100, 200, 300],
    }
    at_200 = [0.3 + 0.2 / share for share in (0.48, 0.49, 0.50, 0.51, 0.52)]
    return curves("a", [[0.3, each, each + 0.1] for each in at_200], costs)


STEADY = curves(
    "random",
    [[0.3, 0.4, 0.5]] * 5,
    {
        "boxes": [250, 500, 750],
        "annotation_seconds": [36_000, 72_000, 108_000],
        "money": [100, 200, 300],
    },
)


def test_what_is_saved() -> None:
    """Random needs 300, the arm 150 give or take 2.

    Of all 3,125 resamples' means 56 are more than 1.2 images below, and 126 at least that many:
    2.5 % are 78. So the interval is 1.2 images or 0.4 % to each side.
    """
    (found,) = summary([*STEADY, *needing([250, 500, 750])]).verdicts
    images, boxes, hours, money = found.savings
    assert all(each.is_shown for each in found.savings)
    assert images.sentence == (
        "In labelled images: to reach random's final mAP of 0.500 it needs 150 and random 300:"
        " 50.0 % less (95 % interval 49.6 to 50.4 %; 5 seeds)."
    )
    assert "it needs 375 and random 750" in boxes.sentence
    assert "it needs 15.0 and random 30.0" in hours.sentence
    assert "it needs 150.00 and random 300.00" in money.sentence


def test_what_is_lost_is_said_too() -> None:
    """Half the images, but they have 1,500 boxes; 1.2 images more or less are 30 boxes, 4 %."""
    (found,) = summary([*STEADY, *needing([250, 2750, 4000])]).verdicts
    images, boxes, *_ = found.savings
    assert "% less" in images.sentence
    assert boxes.is_shown
    assert boxes.sentence.endswith(
        "it needs 1,500 and random 750: 100.0 % more (95 % interval 96.0 to 104.0 %; 5 seeds)."
    )


def test_a_saving_against_seeds_that_never_arrive_is_at_least() -> None:
    """Three of random's seeds end below their mean, so that their need is only known from below."""
    found = verdict(wobbling(0.1, 0.1))
    images = found.savings[0]
    assert images.saving.num_at_least == 3
    assert images.is_shown
    assert "and random at least 2" in images.sentence
    assert ": at least " in images.sentence
    paying = verdict(wobbling(0.1, 0.1), setup=1).pays
    assert paying is not None
    assert paying.sentence.startswith("It pays here: at least ")


def test_a_loss_against_seeds_that_never_arrive_is_not_shown() -> None:
    """They may have needed still more, so that it may be none."""
    boxes: dict[Axis, list[float]] = {"boxes": [250, 2950, 4000], **FREE}
    all_curves = [*curves("random", BASE), *curves("a", wobbling(0.1, 0.1), boxes)]
    (found,) = summary(all_curves).verdicts
    assert found.savings[1].saving.percent is not None
    assert found.savings[1].saving.percent.mean < 0
    assert found.savings[1].sentence == (
        "In labelled boxes: no saving is shown; random may need more than it had spent at its end."
    )


def test_no_saving_of_an_arm_that_is_not_better() -> None:
    """It has random's final 0.5 at 167 images in each seed, but falls behind: no saving."""
    (found,) = summary([*STEADY, *curves("a", [[0.3, 0.6, 0.45]] * 5)], setup=1).verdicts
    assert found.outcome == "worse"
    images = found.savings[0]
    assert images.saving.p == 0.0
    assert images.sentence == (
        "In labelled images: no saving is shown; the arm itself is not shown to be better."
    )
    assert found.pays is not None
    assert not found.pays.is_shown


def test_a_metric_of_ones_own() -> None:
    """It is not called what random ended with."""
    all_curves = [*curves("random", BASE), *curves("a", wobbling(0.1, 0.1))]
    savings = savings_of(all_curves, target=0.4)
    (found,) = judge(compare(all_curves), savings).verdicts
    assert found.savings[0].sentence.startswith("In labelled images: to reach a mAP of 0.400 it ")


def test_no_saving_where_a_seed_never_arrives() -> None:
    """A point better in each seed: seeds 0 and 3 end at 0.51 and 0.52, below random's 0.524."""
    found = verdict(added([[0, 0.01, 0.01]] * 5))
    assert found.outcome == "better"
    assert found.savings[0].sentence == (
        "In labelled images: no saving is shown; in 2 of 5 seeds it does not reach random's final"
        " mAP of 0.524."
    )


def test_no_saving_that_rests_on_few_seeds() -> None:
    """The arm is better at 200 images, for which all seeds count, but one did not last."""
    four = [[*row, row[-1], row[-1]] for row in BASE]
    arm = [[*row, row[-1], row[-1]] for row in wobbling(0.05, 0.05)]
    short = [curve("a", seed, row[:2] if seed == 1 else row) for seed, row in enumerate(arm)]
    (found,) = summary([*curves("random", four), *short]).verdicts
    assert found.outcome == "better"
    assert found.savings[0].sentence == (
        "In labelled images: no saving is shown; 4 paired seeds lasted to the end, and with fewer"
        " than 5 nothing is claimed."
    )


def test_no_saving_that_the_test_does_not_show() -> None:
    """A point ahead at 200 images, but only seed 0 has 0.5 before 300, at 215, 28.2 % earlier.

    One value beside four zeros has t = 1. Drawn 5 times with 1/5, it comes up at most twice in
    94.2 %, at most three times in 99.3 %: the interval ends at 3/5 of it.
    """
    ends = (1.0, 0.5, 0.5, 0.5, 0.5)
    starts = (0.41, 0.4101, 0.4102, 0.4103, 0.4104)
    arm = [[0.3, start, end] for start, end in zip(starts, ends, strict=True)]
    (found,) = summary([*STEADY, *curves("a", arm)]).verdicts
    assert found.outcome == "better"
    assert found.savings[0].sentence == (
        "In labelled images: no saving is shown; 5.6 % in the mean (95 % interval 0.0 to 16.9 %;"
        " p = 0.374)."
    )


def test_it_pays() -> None:
    """150 of 300 in money are saved, give or take 1.2: more than 100."""
    (found,) = summary([*STEADY, *needing([250, 500, 750])], setup=100).verdicts
    assert found.pays is not None
    assert found.pays.is_shown
    assert found.pays.sentence == (
        "It pays here: 150.00 is saved on annotation, 50.00 after the set-up cost of 100.00."
    )


def test_it_is_not_shown_to_pay_where_the_interval_reaches_below_the_cost() -> None:
    """149 of cost are less than the 150 saved, but more than the interval's lower end, 148.8."""
    (found,) = summary([*STEADY, *needing([250, 500, 750])], setup=149).verdicts
    assert found.pays is not None
    assert found.pays.case.net.mean == pytest.approx(1)
    assert not found.pays.is_shown


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
