"""What people did: images, time, agreement, and what they made of proposals."""

from collections.abc import Iterable
from dataclasses import asdict

from job.report.markup import render
from job.report.people.rounds import AskedRound
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.verdict.people import agreement_sentence, anchoring_sentence, late_sentence

_TEMPLATE = """
{% if warning %}<div class="verdict worse"><strong>{{ warning }}</strong></div>{% endif %}
{{ table(header, rounds, "Images that people were asked for") }}
{% if edits %}{{ table(edit_header, edits, "Proposed boxes, and those that were drawn anew") }}
{% endif %}
<ul>{% for line in lines if line %}<li>{{ line }}</li>{% endfor %}</ul>
"""
_HEADER = (
    "arm",
    "seed",
    "round",
    "picked",
    "labelled",
    "refused",
    "open",
    "known",
    "people",
    "measured, h",
    "assumed, h",
    "days",
)
_EDIT_HEADER = (
    "arm",
    "seed",
    "round",
    "proposed",
    "kept",
    "moved",
    "removed",
    "added",
    "kept, %",
)
_OPEN = (
    "Refused images are out of the pool for good. Open ones return to it: nobody answered them in"
    " time, or not so that it can be used. Known images were answered before, for another arm or"
    " seed, and cost nothing here. Days are those from the first request to the end of the round."
)


class PeopleSection(SectionBuilder):
    """Rounds that people labelled, how well they agree, and whether labels follow the model."""

    def build(self, context: Context) -> Section | None:
        """Return the section; None if nobody was asked."""
        people, anchoring = context.people, context.anchoring
        if people is None:
            return None
        rows = [_row(each) for each in people.rounds]
        edits = [row for each in people.rounds if (row := _edit_row(each))]
        said = anchoring_sentence(anchoring) if anchoring else ""
        is_warning = bool(anchoring and anchoring.is_suspicious)
        return Section(
            title="What people did",
            link="People",
            html=render(
                _TEMPLATE,
                warning=said if is_warning else "",
                header=_HEADER,
                rounds=[_cells(row) for row in rows],
                edit_header=_EDIT_HEADER,
                edits=[_cells(row) for row in edits],
                lines=[
                    "" if is_warning else said,
                    agreement_sentence(people.rounds),
                    late_sentence(people),
                    _OPEN,
                ],
            ),
            tables={"people": rows, **({"proposals": edits} if edits else {})},
            numbers={"anchoring": asdict(anchoring) if anchoring else None},
        )


def _place(each: AskedRound) -> dict[str, object]:
    seed = "" if each.ref.is_test else each.ref.own_seed
    return {"arm": each.arm, "seed": seed, "round": each.ref.label}


def _row(each: AskedRound) -> dict[str, object]:
    outcome, answers = each.outcome, each.answers
    return _place(each) | {
        "picked": len(outcome.images),
        "labelled": len(outcome.ids("labelled")),
        "refused": len(outcome.ids("refused")),
        "open": len(outcome.ids("open")),
        "answered_before": len(outcome.images) - len(each.asked),
        "people": len({answer.by for answer in answers}),
        "hours_measured": _hours(a.counted_seconds for a in answers if a.seconds is not None),
        "hours_assumed": _hours(a.counted_seconds for a in answers if a.seconds is None),
        "days_to_the_end": outcome.seconds_waited / 86400,
    }


def _edit_row(each: AskedRound) -> dict[str, object] | None:
    edits = each.edits
    if not edits.shown:
        return None
    return _place(each) | {
        "proposed": edits.shown,
        "kept": edits.kept,
        "moved": edits.moved,
        "removed": edits.removed,
        "added": edits.added,
        "kept_percent": 100 * edits.kept / edits.shown,
    }


def _hours(seconds: Iterable[float]) -> float:
    return sum(seconds) / 3600


def _cells(row: dict[str, object]) -> list[object]:
    return [
        f"{value:.{1 if name == 'kept_percent' else 2}f}" if isinstance(value, float) else value
        for name, value in row.items()
    ]
