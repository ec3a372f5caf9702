"""The first section: does active learning pay here."""

from dataclasses import asdict

from job.report.analysis.comparison import mean_points
from job.report.analysis.findings import Findings
from job.report.analysis.primary import Primary
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.tables import table_row
from job.report.verdict.data_notes import notes_on_data
from job.report.verdict.judgement import judge
from job.report.verdict.outcomes import margin
from job.report.verdict.people import anchoring_sentence
from job.report.wording import interval_cell, p_cell, signed_points

_TEMPLATE = """
<p><strong>{{ headline }}</strong></p>
{% for each in verdicts %}
<div class="verdict {{ each.outcome|replace(" ", "-") }}"><strong>{{ each.sentence }}</strong>
<ul>
{% for line in each.reasons + each.details %}<li>{{ line }}</li>{% endfor %}
{% for claim in each.savings if each.is_ahead %}
<li>{{ claim.sentence }}</li>
{% else %}
<li>So no saving is shown either; what was seen stands <a href="#cost">below</a>.</li>
{% endfor %}
{% if each.pays %}<li>{{ each.pays.sentence }}</li>{% endif %}
</ul></div>
{% endfor %}
{% if suspicion %}<div class="verdict worse"><strong>{{ suspicion }}</strong></div>{% endif %}
{% if tests %}{{ table(header, tests, caption) }}{% endif %}
<ul class="dim">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
"""
_ALONE = """
<p><strong>{{ standing }}</strong></p>
{% if suspicion %}<div class="verdict worse"><strong>{{ suspicion }}</strong></div>{% endif %}
<p>One arm alone: nothing is compared, so nothing is said of what it saves. Whether more labels pay
stands <a href="#forecast">below</a>.</p>
<ul class="dim">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
"""
_UNMEASURED = """
<p><strong>{{ why }}</strong></p>
<ul class="dim">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
"""
_TITLE = "Does it pay here?"
_HEADER = (
    "arm",
    "outcome",
    "seeds",
    "difference",
    "95 % interval",
    "p, corrected",
    "p, equal",
    "ahead in",
)


class VerdictSection(SectionBuilder):
    """What may be said of each arm against the baseline."""

    def build(self, context: Context) -> Section:
        """Return the section."""
        found, data = context.findings, notes_on_data(context.facts)
        if not context.is_measured:
            html = render(_UNMEASURED, why=_why_unmeasured(context), notes=data)
            return Section(title=_TITLE, link="Verdict", html=html)
        judgement = judge(found, context.setup_cost)
        shared = {
            "notes": [*judgement.notes, *data, *_blind(context)],
            "suspicion": _suspicion(context),
        }
        numbers = {"summary": asdict(judgement)} | ({"data": data} if data else {})
        if not judgement.verdicts:
            html = render(_ALONE, standing=_standing(found), **shared)
            return Section(title="Where it stands", link="Standing", html=html, numbers=numbers)
        return Section(
            title=_TITLE,
            link="Verdict",
            html=render(
                _TEMPLATE,
                headline=judgement.headline,
                verdicts=judgement.verdicts,
                header=_HEADER,
                tests=[_cells(each) for each in found.primary],
                caption=_caption(found),
                **shared,
            ),
            tables={"primary": [_table_row(each) for each in found.primary]},
            numbers=numbers,
        )


def _caption(found: Findings) -> str:
    if not found.primary:
        return ""
    first, baseline = found.primary[0], found.comparison.baseline
    return (
        f"The primary test: area under the curve of mAP against labelled images, less that of"
        f" {baseline}, in points of mAP. Each image counts the same, so between two rounds the mAP"
        f" weighs as much as images lie between them. Differences within {margin(first)} do not"
        " matter."
    )


def _cells(each: Primary) -> tuple[object, ...]:
    difference = each.area.difference
    return (
        each.area.arm,
        each.outcome,
        difference.num_seeds,
        signed_points(difference.mean),
        interval_cell(difference, 100),
        p_cell(each.p_holm),
        p_cell(each.p_equal_holm),
        f"{each.improvement.count:g} of {each.improvement.num_seeds}",
    )


def _table_row(each: Primary) -> dict[str, object]:
    return table_row(each) | {"outcome": each.outcome}


def _why_unmeasured(context: Context) -> str:
    if context.facts.has_test:
        return "Nothing was measured, because no image of the test set shows any class."
    return "Nothing was measured, because the experiment has no test set."


def _standing(found: Findings) -> str:
    """Return what the only arm has reached, and what its last round brought."""
    *before, last = mean_points(found.curves, "images")
    mean = last.estimate.mean
    reached = f"{last.arm} has an mAP of {mean:.3f} with {last.x:,.0f} labelled images"
    if not before:
        return f"{reached}."
    gained = signed_points(mean - before[-1].estimate.mean)
    return f"{reached}: {gained} points since it had {before[-1].x:,.0f}."


def _blind(context: Context) -> list[str]:
    found = context.facts.cannot_rank.items()
    return [f"{arm} cannot tell images of this data set apart: {why}." for arm, why in found]


def _suspicion(context: Context) -> str:
    found = context.anchoring
    return anchoring_sentence(found) if found and found.is_suspicious else ""
