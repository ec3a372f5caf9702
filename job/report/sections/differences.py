"""The arms beside the baseline, and beside each other, at equal numbers of images."""

from dataclasses import asdict
from typing import ClassVar

from job.report.analysis.comparison import Comparison, Difference
from job.report.analysis.penalties import PENALTY_SIGN, Penalties
from job.report.drawing.figures import difference_curve, mean_curves
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.tables import TableRows, table_row
from job.report.wording import counted, interval_cell, p_cell, signed_points

_TEMPLATE = """
{% for each in figures %}{{ figure(each) }}{% endfor %}
{% if differences %}{{ table(header, differences, caption) }}{% endif %}
{% if penalties|length > 1 %}
{{ table(penalty_header, penalties, penalty_caption, row_headers=true) }}
{% endif %}
"""
_HEADER = (
    "arm",
    "images",
    "seeds",
    "difference",
    "95 % interval",
    "p, t-test",
    "p, permutation",
    "p, corrected",
)


class DifferencesSection(SectionBuilder):
    """Paired differences to the baseline with their tests, and the penalty matrix."""

    needs_metrics: ClassVar[bool] = True

    def build(self, context: Context) -> Section | None:
        """Return the section; None if there is one arm alone."""
        comparison, penalties = context.findings.comparison, context.findings.penalties
        if len(comparison.arms) == 1:
            return None
        figures = []
        if comparison.differences:
            means = mean_curves(comparison.differences)
            plot = difference_curve(comparison.baseline, means, context.styles)
            figures.append(context.draw(plot))
        return Section(
            title=f"Differences to {comparison.baseline}",
            link="Differences",
            html=render(
                _TEMPLATE,
                figures=figures,
                caption=_caption(comparison),
                header=_HEADER,
                differences=[_cells(each) for each in comparison.differences],
                penalty_caption=f"Penalty matrix. {PENALTY_SIGN}",
                penalty_header=("", *penalties.arms),
                penalties=_matrix(penalties),
            ),
            figures=figures,
            tables={
                "differences": [table_row(each) for each in comparison.differences],
                "penalties": _rows(penalties),
            },
            numbers={"comparison": asdict(comparison), "penalties": asdict(penalties)},
        )


def _caption(comparison: Comparison) -> str:
    return (
        "Points of mAP at equal numbers of images, paired by seed; "
        f"secondary, corrected for {counted(comparison.num_tests, 'test')}. "
        "Budgets beyond half of the pool are marked with *."
    )


def _cells(each: Difference) -> tuple[object, ...]:
    return (
        each.arm,
        f"{each.x:.0f}{'*' if each.beyond_half else ''}",
        len(each.seeds),
        signed_points(each.estimate.mean),
        interval_cell(each.estimate, 100),
        p_cell(each.p),
        p_cell(each.p_permutation),
        p_cell(each.p_holm),
    )


def _matrix(found: Penalties) -> list[tuple[object, ...]]:
    return [
        (arm, *("\N{EN DASH}" if value is None else f"{value:.2f}" for value in row))
        for arm, row in zip(found.arms, found.beats, strict=True)
    ]


def _rows(found: Penalties) -> TableRows:
    return [
        {"arm": arm, **dict(zip(found.arms, row, strict=True))}
        for arm, row in zip(found.arms, found.beats, strict=True)
    ]
