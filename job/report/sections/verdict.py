"""The first section: does active learning pay here."""

from dataclasses import asdict

from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.verdict.data_notes import notes_on_data
from job.report.verdict.judgement import judge

_TEMPLATE = """
{% if verdicts %}<p><strong>{{ headline }}</strong></p>{% endif %}
{% for each in verdicts %}
<div class="verdict {{ each.outcome|replace(" ", "-") }}"><strong>{{ each.sentence }}</strong>
<ul>
{% for line in each.reasons + each.cautions %}<li>{{ line }}</li>{% endfor %}
{% for claim in each.savings if each.outcome == "better" %}
<li>{{ claim.sentence }}</li>
{% else %}
<li>So no saving is shown either; what was seen stands <a href="#cost">below</a>.</li>
{% endfor %}
{% if each.pays %}<li>{{ each.pays.sentence }}</li>{% endif %}
</ul></div>
{% else %}
<p>One arm alone: there is nothing to compare.</p>
{% endfor %}
<ul class="dim">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
"""
_UNMEASURED = """
<p><strong>{{ why }}</strong></p>
<ul class="dim">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
"""
_TITLE = "Does it pay here?"


class VerdictSection(SectionBuilder):
    """What may be said of each arm against the baseline."""

    def build(self, context: Context) -> Section:
        """Return the section."""
        found, data = context.findings, notes_on_data(context.facts)
        if not context.is_measured:
            html = render(_UNMEASURED, why=_why_unmeasured(context), notes=data)
            return Section(title=_TITLE, link="Verdict", html=html)
        judgement = judge(found.comparison, found.savings, context.setup_cost)
        return Section(
            title=_TITLE,
            link="Verdict",
            html=render(
                _TEMPLATE,
                headline=judgement.headline,
                verdicts=judgement.verdicts,
                notes=[*judgement.notes, *data, *_blind(context)],
            ),
            numbers={"summary": asdict(judgement)} | ({"data": data} if data else {}),
        )


def _why_unmeasured(context: Context) -> str:
    if context.facts.has_test:
        return "Nothing was measured, because no image of the test set shows any class."
    return "Nothing was measured, because the data set has no test set."


def _blind(context: Context) -> list[str]:
    found = context.facts.cannot_rank.items()
    return [f"{arm} cannot tell images of this data set apart: {why}." for arm, why in found]
