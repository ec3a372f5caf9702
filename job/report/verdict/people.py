"""What people did, in words."""

from collections.abc import Iterator, Sequence

from job.config.annotation import AnnotationConfig
from job.report.analysis.intervals import t_interval
from job.report.people.anchoring import Anchoring, Rate
from job.report.people.rounds import AskedRound, People
from job.report.people.times import MIN_ANSWERS, MeasuredTime
from job.report.wording import counted, listing, percent, rough

_SHOWN = 3
"""Late images that are named."""


def late_sentence(people: People) -> str:
    """Return a sentence on answers that came too late; empty if there are none."""
    if not people.late:
        return ""
    names = [*people.late[:_SHOWN], *["others"] * (len(people.late) > _SHOWN)]
    one = len(people.late) == 1
    return (
        f"{counted(len(people.late), 'answered image')} ({listing(names)})"
        f" {'is' if one else 'are'} not used: the answer came after the round was done, or the"
        " image was not asked for. It counts when a round picks the image."
    )


def summary(people: People) -> str:
    """Return in a line what became of the images that people were asked for."""
    images = [image for each in people.rounds for image in each.asked]
    fates = [image.fate for image in images]
    late = f"; {counted(len(people.late), 'late answer')}" * bool(people.late)
    return (
        f"people: {fates.count('labelled')} of {counted(len(images), 'image')} labelled,"
        f" {fates.count('refused')} refused, {fates.count('open')} open{late}"
    )


def agreement_sentence(rounds: Sequence[AskedRound]) -> str:
    """Return how well several annotators of one image agree; empty if no image has several."""
    values = [
        image.agreement for each in rounds for image in each.asked if image.agreement is not None
    ]
    if not values:
        return ""
    found = t_interval(values)
    where = f"over {counted(len(values), 'image')} that several people labelled"
    if found.low is None or found.high is None:
        return f"Two annotators share {percent(found.mean)} of their boxes, {where}."
    return (
        f"Two annotators share {percent(found.mean)} of their boxes (95 % interval"
        f" {100 * max(found.low, 0):.0f} to {100 * min(found.high, 1):.0f} %), {where}: the F"
        " measure, by class and IoU. A model cannot be measured better than people agree."
    )


def anchoring_sentence(found: Anchoring) -> str:
    """Return whether people keep more proposals than labels can support."""
    facts = (
        f"people kept {_rate(found.kept)} of {found.kept.boxes:,.0f} proposals as they were, and"
        f" {_rate(found.right)} of the same models' boxes are right on the test set"
    )
    if not found.is_suspicious:
        said = "No anchoring is seen, which does not prove that anybody took care."
        return f"Proposals: {facts}. {said}"
    return (
        f"Labels may follow the model (anchoring): {facts}. Whoever corrects proposals keeps no"
        f" more than are right, and here it is {100 * found.excess:.0f} points more, at least"
        f" {100 * found.low:.1f}. The reason is another one if the model is right more often on the"
        " pool than on the test set. Look at kept boxes, raise annotation.proposals, or label some"
        " rounds without proposals."
    )


def _rate(of: Rate) -> str:
    return f"{percent(of.value)} (95 % interval {100 * of.low:.0f} to {100 * of.high:.0f} %)"


def cost_sentence(rounds: Sequence[AskedRound]) -> str:
    """Return which part of the hours of annotation was measured, and which is assumed."""
    answers = [answer for each in rounds for answer in each.answers]
    measured = [each.counted_seconds for each in answers if each.seconds is not None]
    assumed = [each.counted_seconds for each in answers if each.seconds is None]
    if not measured:
        return (
            "Nobody measured the time of people. All hours are assumed, by the costs of the"
            " configuration, as is all money."
        )
    rest = (
        f" The other {_hours(sum(assumed))} are assumed for"
        f" {counted(len(assumed), 'answer')} whose time nobody measured."
    )
    return (
        f"Hours are measured: {_hours(sum(measured))} of {counted(len(measured), 'answer')}."
        f"{rest * bool(assumed)} Money is assumed by the prices of the configuration."
    )


def time_sentences(times: Sequence[MeasuredTime], config: AnnotationConfig) -> Iterator[str]:
    """Yield what the measured time means for the costs of the configuration."""
    beyond = sum(each.raw - each.counted for each in times)
    if beyond >= 1:
        yield (
            f"{_hours(beyond)} beyond annotation.max_seconds_per_image"
            f" ({config.max_seconds_per_image:g}) do not count: somebody left the image open."
        )
    shown = config.proposals is not None
    now = [each for each in times if each.with_proposals == shown] or list(times[-1:])
    for each in now:
        if each.seconds:
            yield (
                "To assume for labels to come what was measured, set annotation.seconds_per_image:"
                f" {rough(each.seconds.per_image.mean)} and annotation.seconds_per_box:"
                f" {rough(each.seconds.per_box.mean)}. They are {config.seconds_per_image:g} and"
                f" {config.seconds_per_box:g} now."
            )
        else:
            yield (
                "Seconds for an image and for a box cannot be told apart yet: that takes"
                f" {MIN_ANSWERS} measured answers, with different numbers of boxes."
            )


def _hours(seconds: float) -> str:
    hours = rough(seconds / 3600)
    return f"{hours} hour{'s' * (hours != '1')}"
