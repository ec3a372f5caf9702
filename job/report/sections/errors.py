"""What the last models get wrong: TIDE's kinds of errors, with pictures of the worst."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import ClassVar

from markupsafe import Markup

from job.detection.metrics.error_kinds import KINDS, Kind
from job.report.drawing.figures import class_bars
from job.report.drawing.outlines import STYLE, outlined
from job.report.errors.summary import ArmErrors, ClassErrors
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.tables import TableRows
from job.report.wording import counted, points, three_decimals

MAX_CLASSES = 30
"""So many classes of an arm are in its table: those that lose most. The CSV has all."""
MEANING: Mapping[Kind, str] = {
    "classification": "the box is right, and its class is not",
    "localisation": "the class is right, and its box is off: IoU 0.1 to 0.5",
    "both": "the box is off, and on an object of another class",
    "duplicate": "the object was found already, by a better detection",
    "background": "there is nothing: IoU up to 0.1",
    "missed": "an object that no detection finds, not even with another class or a box that is off",
}
SHORT: Mapping[Kind, str] = {
    "classification": "Cls",
    "localisation": "Loc",
    "both": "Both",
    "duplicate": "Dupe",
    "background": "Bkg",
    "missed": "Miss",
}
"""TIDE's own short names, for tables."""
_TEMPLATE = (
    STYLE
    + """
<ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>
<p>Every wrong detection and every missed object is of one kind (TIDE, Bolya et al., ECCV 2020):</p>
<ul>{% for kind, words in meaning.items() %}<li><strong>{{ kind }}</strong> ({{ short[kind] }}):
{{ words }}</li>{% endfor %}</ul>
{{ figure(drawing) }}
{{ table(header, counts, caption, row_headers=true) }}
{% for arm in arms %}
<details{% if is_open %} open{% endif %}>
<summary>{{ arm.title }}</summary>
{{ table(arm.header, arm.classes, arm.caption, row_headers=true) }}
{% if arm.pictures %}
<p>The worst of each kind. Solid: what the model says, with its score. Dashed: the ground truth.</p>
{% endif %}
{% for title, pictures in arm.pictures %}<h3>{{ title }}</h3>{{ pictures }}{% endfor %}
</details>
{% endfor %}
"""
)
_CAPTION = (
    "Detections and objects of the test set at the confidence at which F1 is best, mean over seeds"
)
_CLASSES = (
    "Points of AP at IoU 0.5 that mending each kind would gain a class, and what its objects"
    " are taken for most often at the confidence above"
)


class ErrorsSection(SectionBuilder):
    """The errors of each arm's last models, by kind and class."""

    needs_metrics: ClassVar[bool] = True

    def build(self, context: Context) -> Section | None:
        """Return the section; None if no detections were read."""
        arms = context.errors
        if not arms:
            return None
        drawing = context.draw(
            class_bars(
                "errors",
                "What mending one kind of error would gain, after the last round",
                "points of mAP at IoU 0.5",
                {each.arm: {kind: 100 * each.gains[kind] for kind in KINDS} for each in arms},
                context.styles,
            )
        )
        html = render(
            _TEMPLATE,
            lines=[_costliest(each) for each in arms],
            meaning=MEANING,
            short=SHORT,
            drawing=drawing,
            header=("", "confidence", "objects", "found", *SHORT.values()),
            counts=[_count_cells(each) for each in arms],
            caption=_CAPTION,
            arms=[_details(each) for each in arms],
            is_open=len(arms) == 1,
        )
        return Section(
            title="What the models get wrong",
            link="Errors",
            html=html,
            figures=[drawing],
            tables={"errors": _rows(arms)},
            numbers={"errors": {each.arm: _numbers(each) for each in arms}},
        )


def _costliest(of: ArmErrors) -> str:
    """Return a sentence on the two kinds whose errors cost an arm most."""
    first, second = sorted(KINDS, key=lambda kind: -of.gains[kind])[:2]
    return (
        f"{of.arm}, round {of.round}: mAP {three_decimals(of.map50)}. Mending all errors of the"
        f" kind {first} would gain {points(of.gains[first])}, and those of the kind {second}"
        f" {points(of.gains[second])}."
    )


def _count_cells(of: ArmErrors) -> tuple[str, ...]:
    counts = (_count(of.counts[kind]) for kind in KINDS)
    return of.arm, f"{of.confidence:.2f}", f"{of.num_boxes:,}", _count(of.num_found), *counts


def _count(number: float) -> str:
    """Return a mean of counts for a table."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _details(of: ArmErrors) -> dict[str, object]:
    chosen = sorted(of.classes, key=lambda each: -sum(each.gains.values()))[:MAX_CLASSES]
    left_out = len(of.classes) - len(chosen)
    seeds = counted(len(of.seeds), "seed")
    return {
        "title": f"{of.arm}, round {of.round}: classes (mean over {seeds})"
        + f", pictures (seed {of.seeds[0]})" * bool(of.pictures),
        "header": ("class", "objects", "AP", *SHORT.values(), "taken for"),
        "classes": [_class_cells(each) for each in chosen],
        "caption": _CLASSES + f"; the {MAX_CLASSES} classes that lose most" * bool(left_out),
        "pictures": list(_pictures(of)),
    }


def _class_cells(of: ClassErrors) -> tuple[str, ...]:
    taken = "".join(f"{name} ({_count(number)})" for name, number in of.taken_for[:1])
    gains = (f"{100 * of.gains[kind]:.1f}" for kind in KINDS)
    return of.name, f"{of.num_boxes:,}", three_decimals(of.ap50), *gains, taken


def _pictures(of: ArmErrors) -> Iterator[tuple[str, Markup]]:
    for kind, shown in of.pictures.items():
        if shown:
            yield f"{kind.capitalize()}: {MEANING[kind]}", outlined(shown)


def _rows(arms: tuple[ArmErrors, ...]) -> TableRows:
    return [
        {
            "arm": of.arm,
            "class": each.name,
            "boxes": each.num_boxes,
            "ap50": each.ap50,
            "kind": kind,
            "gain": each.gains[kind],
            "errors": each.counts[kind],
        }
        for of in arms
        for each in of.classes
        for kind in KINDS
    ]


def _numbers(of: ArmErrors) -> dict[str, object]:
    return {key: value for key, value in asdict(of).items() if key not in {"arm", "pictures"}}
