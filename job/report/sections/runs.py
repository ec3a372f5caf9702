"""What has run: what is missing, what took more than one attempt, and the numbers of each seed."""

from job.report.analysis.facts import RoundFacts
from job.report.analysis.results import Row, show_metric
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.wording import counted, without_labels

_TEMPLATE = """
{% if unfinished %}
{{ table(("arm", "seed", "round", "missing"), unfinished,
  "Not done: left out above, round by round and seed by seed") }}
{% else %}<p>Every round of every arm and seed is done.</p>{% endif %}
{% if without_labels %}<p>{{ without_labels }}</p>{% endif %}
{% if repeated %}
{{ table(("arm", "seed", "round", "attempts"), repeated,
  "Stages of which the store keeps the logs of more than one attempt") }}
{% endif %}
<details><summary>Every seed's own numbers</summary>
{{ table(("arm", "seed", "round", "images", "boxes", "mAP50", "COCO AP", "train s", "active s"),
  rows) }}</details>
"""


class RunsSection(SectionBuilder):
    """Every round of every arm and seed."""

    def build(self, context: Context) -> Section:
        """Return the section."""
        rounds = context.facts.rounds
        return Section(
            title="Runs",
            html=render(
                _TEMPLATE,
                unfinished=[_with(each, _missing(each)) for each in rounds if each.missing],
                without_labels=without_labels(context.rows),
                repeated=[_with(each, text) for each in rounds if (text := _repeated(each))],
                rows=[_cells(each) for each in context.rows],
            ),
        )


def _with(each: RoundFacts, text: str) -> tuple[object, ...]:
    return each.arm, each.seed, each.round, text


def _missing(each: RoundFacts) -> str:
    words = []
    for stage in each.missing:
        number = each.attempts.get(stage)
        failed = f" ({counted(number, 'attempt')} failed or running)" if number else ""
        words.append(f"{stage}{failed}")
    return ", ".join(words)


def _repeated(each: RoundFacts) -> str:
    done = {stage: num for stage, num in each.attempts.items() if stage not in each.missing}
    return ", ".join(f"{stage}: {number}" for stage, number in done.items())


def _cells(row: Row) -> tuple[object, ...]:
    return (
        row.arm,
        row.seed,
        row.round,
        row.total_samples,
        row.bboxes,
        show_metric(row.mAP),
        show_metric(row.map_coco),
        f"{row.train_time:.1f}",
        f"{row.active_time:.1f}",
    )
