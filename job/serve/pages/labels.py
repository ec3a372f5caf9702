"""What labelling took, and what annotators have done."""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass

from job.artifacts.outcome import AnnotatorOutcome, Edits, Fate, RoundOutcome
from job.errors import AlJobError
from job.keys import RoundRef
from job.report.sections.base import Section
from job.report.wording import percent
from job.serve.looks import Look
from job.serve.pages.frame import below, fill, in_words

FATES: tuple[Fate, ...] = ("labelled", "refused", "open")
_HEADER = (
    "round",
    *FATES,
    "boxes",
    "hours",
    "measured",
    "kept",
    "moved",
    "added",
    "removed",
    "agreement",
)
"""Kept, moved and removed are boxes that were proposed."""
_PEOPLE_HEADER = ("annotator", "images", "refused", "boxes", "hours", "seconds an image, measured")
_COST_HEADER = ("arm and seed", "images", "boxes", "hours", "money")
_ASSUMED = "What labelling took so far, as it counts: by measured time, else by the assumed costs"


def labels_section(look: Look) -> Section | None:
    """Return what annotators have done; None if nothing is labelled yet."""
    costs = list(_costs(look))
    if not costs:
        return None
    outcomes = dict(_outcomes(look))
    html = fill(
        "labels",
        rounds=[(in_words(ref), below(ref), _cells(each)) for ref, each in outcomes.items()],
        header=_HEADER,
        people_header=_PEOPLE_HEADER,
        people=list(_people(list(outcomes.values()))),
        cost_header=_COST_HEADER,
        costs=costs,
        cost_caption=_ASSUMED if outcomes else "What labelling took so far, by the assumed costs",
    )
    return Section(title="Labels", html=html)


def _outcomes(look: Look) -> Iterator[tuple[RoundRef, RoundOutcome]]:
    refs = [*look.plan.test_rounds(), *(ref for _, ref in look.plan.rounds())]
    for ref in dict.fromkeys(refs):  # round 0 is listed once for each arm
        try:
            outcome = look.reader.outcome(ref)
        except AlJobError:  # told as a problem of the experiment
            continue
        if outcome:
            yield ref, outcome


def _cells(outcome: RoundOutcome) -> tuple[str, ...]:
    """Return a row of what became of a round."""
    told = Told.of(outcome)
    fates = (str(len(outcome.ids(fate))) for fate in FATES)
    agreed = [each.agreement for each in outcome.images if each.agreement is not None]
    edits = astuple(told.edits) if told.edits else [""] * 4
    return (
        *fates,
        str(told.boxes),
        f"{told.hours:.2f}",
        percent(told.measured_share),
        *map(str, edits),
        f"{sum(agreed) / len(agreed):.2f}" if agreed else "",
    )


@dataclass(frozen=True)
class Told:
    """What annotators did, of several answers together."""

    images: int
    refused: int
    boxes: int
    hours: float
    measured: int
    """Answers of which the time was measured."""
    seconds: float
    """Of these, as they were measured."""
    edits: Edits | None

    @classmethod
    def of(cls, *outcomes: RoundOutcome) -> "Told":
        """Return what all annotators of some rounds did."""
        return cls.sum(
            [who for each in outcomes for image in each.images for who in image.annotators]
        )

    @classmethod
    def sum(cls, answers: Sequence[AnnotatorOutcome]) -> "Told":
        """Return answers together."""
        timed = [each.seconds for each in answers if each.seconds is not None]
        edits = [each.edits for each in answers if each.edits]
        return cls(
            images=len(answers),
            refused=sum(each.is_refused for each in answers),
            boxes=sum(each.boxes for each in answers),
            hours=sum(each.counted_seconds for each in answers) / 3600,
            measured=len(timed),
            seconds=sum(timed),
            edits=sum(edits, Edits()) if edits else None,
        )

    @property
    def measured_share(self) -> float:
        """The share of the answers of which the time was measured."""
        return self.measured / max(self.images, 1)


def _people(outcomes: Sequence[RoundOutcome]) -> Iterator[tuple[str, ...]]:
    """Yield a row for each annotator, by name."""
    answers = [who for each in outcomes for image in each.images for who in image.annotators]
    for name in sorted({who.by for who in answers}):
        told = Told.sum([who for who in answers if who.by == name])
        each = f"{told.seconds / told.measured:.0f}" if told.measured else "not measured"
        counts = (str(number) for number in (told.images, told.refused, told.boxes))
        yield name or "not told", *counts, f"{told.hours:.2f}", each


def _costs(look: Look) -> Iterator[tuple[str, ...]]:
    """Yield what is labelled up to the last annotated round, for each arm and seed."""
    rounds = [(f"{arm.name}, seed {ref.seed}", ref) for arm, ref in look.plan.rounds()]
    tests = [("test set", ref) for ref in look.plan.test_rounds()]
    last = {
        name: ref for name, ref in (*tests, *rounds) if ref.stage("annotate").done in look.listing
    }
    for name, ref in last.items():
        try:
            cost = look.reader.cost(ref)
        except AlJobError:  # told as a problem of the experiment
            continue
        took = cost.cumulative
        counts = (f"{cost.labelled.images:,}", f"{cost.labelled.boxes:,}")
        yield name, *counts, f"{took.seconds / 3600:.2f}", f"{took.money:,.2f}"
