"""What labels took: measured time, the area under each curve, the saving against the baseline."""

from dataclasses import asdict

from job.report.analysis.areas import Area
from job.report.analysis.intervals import Estimate
from job.report.analysis.savings import Saving, spent
from job.report.markup import render
from job.report.people.times import MeasuredTime, measured_times
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.tables import table_row
from job.report.verdict.people import cost_sentence, time_sentences
from job.report.wording import (
    PER_UNIT,
    UNITS,
    amount,
    interval_cell,
    p_cell,
    signed_points,
    three_decimals,
)

_TEMPLATE = """
{% if times %}{{ table(time_header, times, "Answers whose time was measured, beside what the costs"
  ~ " of the configuration assume for them; in brackets the 95 % interval") }}{% endif %}
{% if lines %}<ul>{% for line in lines %}<li>{{ line }}</li>{% endfor %}</ul>{% endif %}
{% if areas %}
{{ table(area_header, areas, "Mean mAP over the range that an arm and " ~ baseline ~ " share (area"
  ~ " under the curve by its width), in points") }}
{% endif %}
{% if savings %}
{{ table(saving_header, savings, "What an arm saves until it reaches " ~ baseline ~ "'s final mAP"
  ~ " of the same seed, in percent of what " ~ baseline ~ " needs; below 0 it needs more. Tests"
  ~ " are corrected for all arms and costs, images first. Of an arm that did not get there in"
  ~ " every seed, no saving is told") }}
{% endif %}
"""


_TIME_HEADER = (
    "",
    "answers",
    "boxes",
    "hours, measured",
    "hours, assumed",
    "seconds an image",
    "seconds a box",
)


class CostSection(SectionBuilder):
    """The time of people, and areas and savings on every axis that costs something."""

    def build(self, context: Context) -> Section | None:
        """Return the section; None if nothing was compared, and nobody was asked."""
        areas, savings = context.findings.areas, context.findings.savings
        rounds, costs = context.people.rounds if context.people else (), context.config.annotation
        if not (areas or savings or rounds):
            return None
        times = measured_times(rounds, costs)
        baseline = context.findings.comparison.baseline
        return Section(
            title="What it takes",
            html=render(
                _TEMPLATE,
                baseline=baseline,
                time_header=_TIME_HEADER,
                times=[_time_cells(each) for each in times],
                lines=[cost_sentence(rounds), *time_sentences(times, costs)] if rounds else [],
                area_header=_area_header(baseline),
                areas=[_area_cells(each) for each in areas],
                saving_header=_saving_header(baseline),
                savings=[_saving_cells(each) for each in savings],
            ),
            tables={
                **({"measured-time": [table_row(each) for each in times]} if times else {}),
                "areas": [table_row(each) for each in areas],
                "savings": [_without_needs(table_row(each)) for each in savings],
            },
            numbers={
                **({"measured_time": [asdict(each) for each in times]} if rounds else {}),
                "savings": [asdict(each) for each in savings],
                "areas": [asdict(each) for each in areas],
            },
        )


def _time_cells(each: MeasuredTime) -> tuple[object, ...]:
    seconds = each.seconds
    return (
        "with proposals" if each.with_proposals else "without proposals",
        each.answers,
        each.boxes,
        *(f"{total / 3600:.2f}" for total in (each.counted, each.assumed)),
        _with_ends(seconds.per_image) if seconds else "",
        _with_ends(seconds.per_box) if seconds else "",
    )


def _with_ends(of: Estimate) -> str:
    ends = interval_cell(of, form=".1f")
    return f"{of.mean:.1f}{f' ({ends})' * bool(ends)}"


def _area_header(baseline: str) -> tuple[str, ...]:
    return (
        "arm",
        "against",
        "from",
        "to",
        "seeds",
        "mean mAP",
        baseline,
        "difference",
        "95 % interval",
    )


def _area_cells(each: Area) -> tuple[object, ...]:
    divisor = PER_UNIT.get(each.axis, 1.0)
    return (
        each.arm,
        UNITS[each.axis],
        f"{each.low / divisor:.1f}",
        f"{each.high / divisor:.1f}",
        len(each.seeds),
        f"{100 * each.mean:.1f}",
        f"{100 * each.baseline:.1f}",
        signed_points(each.difference.mean),
        interval_cell(each.difference, 100),
    )


def _saving_header(baseline: str) -> tuple[str, ...]:
    return (
        "arm",
        "in",
        "to reach",
        "needs",
        baseline,
        "saved, %",
        "95 % interval",
        "p",
        "p, corrected",
        "got there in",
    )


def _saving_cells(each: Saving) -> tuple[object, ...]:
    num_seeds = len(each.arm_needs)
    needs: tuple[str, ...] = ("", "")
    if each.saved:
        both = (each.arm_needs, each.baseline_needs)
        needs = tuple(amount(each.axis, spent(seeds)) for seeds in both)
    return (
        each.arm,
        UNITS[each.axis],
        three_decimals(each.target),
        *needs,
        f"{each.percent.mean:+.0f}" if each.percent else "",
        interval_cell(each.percent, form="+.0f"),
        p_cell(each.p),
        p_cell(each.p_corrected),
        f"{num_seeds - each.num_never} of {num_seeds}",
    )


def _without_needs(row: dict[str, object]) -> dict[str, object]:
    """A table's row without what each seed needed: lists do not fit into a cell."""
    return {name: value for name, value in row.items() if not name.endswith("_needs")}
