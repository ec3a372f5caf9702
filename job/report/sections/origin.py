"""Where the results come from, and how to make them again."""

from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder

_TEMPLATE = """
{{ table((), rows) }}
{% if has_test %}
<p>No image of the test set is in the pool, by id or by content: ingest refuses it.</p>
{% endif %}
<p>To run the experiment again, save the configuration below as experiment.yaml and run
<code>al-job run experiment.yaml</code>.</p>
<details><summary>Configuration</summary><pre tabindex="0">{{ configuration }}</pre></details>
"""


class OriginSection(SectionBuilder):
    """Digests of the data, seeds, versions, and the configuration."""

    def build(self, context: Context) -> Section:
        """Return the section."""
        config, facts = context.config, context.facts
        rows = [
            *facts.dataset.items(),
            ("seeds", _joined(config.seeds)),
            *(("training starts from", start) for start in facts.starts),
            ("program", f"al-voc {_joined(facts.versions)}"),
            *_if_any("container image", facts.container_images),
            ("threads", _joined(facts.threads)),
        ]
        return Section(
            title="Where it comes from",
            link="Origin",
            html=render(
                _TEMPLATE, rows=rows, has_test=facts.has_test, configuration=config.to_yaml()
            ),
        )


def _if_any(name: str, values: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(name, _joined(values))] if values else []


def _joined(values: tuple[object, ...]) -> str:
    return ", ".join(map(str, values))
