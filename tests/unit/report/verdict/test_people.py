"""What people did, in words."""

import pytest

from job.artifacts.outcome import AnnotatorOutcome, ImageOutcome
from job.config.annotation import AnnotationConfig
from job.report.analysis.intervals import Estimate
from job.report.people.anchoring import Rate, anchoring
from job.report.people.rounds import People
from job.report.people.times import MeasuredTime, Seconds
from job.report.verdict.people import (
    agreement_sentence,
    anchoring_sentence,
    cost_sentence,
    late_sentence,
    summary,
    time_sentences,
)
from tests.unit.report.make_context import asked_image, asked_round


@pytest.mark.parametrize(
    ("late", "said"),
    [
        ((), ""),
        (("a",), "1 answered image (a) is not used: "),
        (("a", "b", "c", "d"), "4 answered images (a, b, c and others) are not used: "),
    ],
)
def test_late_answers_are_named(late: tuple[str, ...], said: str) -> None:
    """The first three of them."""
    assert late_sentence(People((), late)).startswith(said)


def test_agreement_is_a_mean_over_images() -> None:
    """By hand: 1 and 0.5 in turn, 0.75 in the mean; t = 2.365 with 7 degrees of freedom."""
    images = [
        ImageOutcome(str(n), "labelled", agreement=value) for n, value in enumerate([1.0, 0.5] * 4)
    ]
    said = agreement_sentence([asked_round(*images, ImageOutcome("x", "labelled"))])
    assert "share 75 % of their boxes (95 % interval 53 to 97 %), over 8 images" in said
    assert agreement_sentence([asked_round(asked_image("x"))]) == ""
    assert "share 100 % of their boxes, over 1 image " in agreement_sentence(
        [asked_round(images[0])]
    )


def test_more_kept_than_right_is_a_warning() -> None:
    """With both rates, their intervals, and what to do."""
    said = anchoring_sentence(anchoring(Rate(95, 100, 40, 0.9, 0.98), Rate(60, 100, 80, 0.5, 0.7)))
    assert said == (
        "Labels may follow the model (anchoring): people kept 95 % (95 % interval 90 to 98 %) of"
        " 100 proposals as they were, and 60 % (95 % interval 50 to 70 %) of the same models' boxes"
        " are right on the test set. Whoever corrects proposals keeps no more than are right,"
        " and here it is 35 points more, at least 23.8. The reason is another one if the model is"
        " right more often on the pool than on the test set. Look at kept boxes, raise"
        " annotation.proposals, or label some rounds without proposals."
    )


def test_fewer_kept_than_right_is_none() -> None:
    """Both rates stand there all the same."""
    said = anchoring_sentence(anchoring(Rate(40, 100, 40, 0.3, 0.5), Rate(60, 100, 80, 0.5, 0.7)))
    assert said.startswith("Proposals: people kept 40 %")
    assert said.endswith("No anchoring is seen, which does not prove that anybody took care.")


def test_measured_hours_and_assumed_ones_are_told_apart() -> None:
    """By hand: an hour of 2 answers measured, and half an hour of 30 assumed."""
    measured = [asked_image(each, 1800.0) for each in "ab"]
    assumed = [asked_image(f"x{n}") for n in range(30)]
    assert cost_sentence([asked_round(*measured, *assumed)]) == (
        "Hours are measured: 1 hour of 2 answers. The other 0.5 hours are assumed for 30 answers"
        " whose time nobody measured. Money is assumed by the prices of the configuration."
    )
    assert cost_sentence([asked_round(*assumed)]).startswith("Nobody measured the time of people.")


def _time(*, with_proposals: bool, image: float, raw: float = 3600.0) -> MeasuredTime:
    seconds = Seconds(Estimate(image, 1, 2, 9), Estimate(4.56, 1, 2, 9)) if image else None
    return MeasuredTime(
        with_proposals=with_proposals,
        answers=20,
        boxes=40,
        raw=raw,
        counted=3600.0,
        assumed=1800.0,
        seconds=seconds,
    )


def test_the_costs_to_set_are_those_of_how_people_label_now() -> None:
    """With proposals if the configuration has them, else without."""
    times = [_time(with_proposals=False, image=41.7), _time(with_proposals=True, image=12.3)]
    (plain,) = time_sentences(times, AnnotationConfig())
    assert "annotation.seconds_per_image: 42 and annotation.seconds_per_box: 4.6." in plain
    assert "They are 63 and 5.9 now." in plain
    (shown,) = time_sentences(times, AnnotationConfig(annotator="files", proposals=0.5))
    assert "annotation.seconds_per_image: 12 " in shown


def test_what_cannot_be_said_yet_is_said_to_be_so() -> None:
    """Too few answers, or as many boxes in all."""
    (said,) = time_sentences([_time(with_proposals=False, image=0)], AnnotationConfig())
    assert said.startswith("Seconds for an image and for a box cannot be told apart yet")
    assert list(time_sentences([], AnnotationConfig())) == []


def test_time_beyond_the_limit_is_told() -> None:
    """It does not count."""
    times = [_time(with_proposals=False, image=40, raw=5400.0)]
    said, _ = time_sentences(times, AnnotationConfig())
    assert said.startswith("0.5 hours beyond annotation.max_seconds_per_image (600) do not count")


def test_an_answer_for_another_arm_is_not_paid_twice() -> None:
    """Its time is that of the round that asked."""
    answer = AnnotatorOutcome("ann", 1, seconds=3600.0, counted_seconds=3600.0)
    shared = ImageOutcome("a", "labelled", (answer,), is_shared=True)
    assert cost_sentence([asked_round(shared, asked_image("x", 7200.0))]).startswith(
        "Hours are measured: 2 hours of 1 answer."
    )


def test_a_line_says_what_became_of_all_images() -> None:
    """Those that another arm had asked for are not counted again."""
    each = asked_round(
        asked_image("a"),
        ImageOutcome("b", "refused"),
        ImageOutcome("c", "open"),
        ImageOutcome("d", "labelled", is_shared=True),
    )
    assert summary(People((each,), ())) == "people: 1 of 3 images labelled, 1 refused, 1 open"
    assert summary(People((each,), ("x",))).endswith("1 open; 1 late answer")
