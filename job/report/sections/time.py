"""Where the time goes."""

from collections.abc import Mapping
from dataclasses import asdict

from job.report.analysis.facts import seconds_by_arm
from job.report.cluster_usage import HEADER, PACE_HEADER, pace_rows, usage_rows
from job.report.drawing.figures import stage_times
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder

_TEMPLATE = """
{{ figure(times) }}
{{ table(header, rows,
  "Seconds for one seed, rounds together; overhead: scoring and selecting by training") }}
{% if usage %}
{{ table(usage_header, usage, "What Jobs took of the cluster, all arms and seeds together,"
  ~ " failed pods among it; the queue is the mean time from a Job's creation"
  ~ " until its first pod was on a node") }}
{% endif %}
{% if paces %}
{{ table(pace_header, paces, "How fast a process of these Jobs was; waiting: the share of"
  ~ " the time that passed until images were read, and decoded and augmented in a training") }}
{% endif %}
"""


class TimeSection(SectionBuilder):
    """Seconds of every kind of stage, and what scoring and selecting add to training."""

    def build(self, context: Context) -> Section:
        """Return the section."""
        seconds = seconds_by_arm(context.facts)
        times = context.draw(stage_times(seconds))
        usage = context.facts.usage
        stages = list(next(iter(seconds.values())))
        rows = [
            (arm, *(f"{each[stage]:.1f}" for stage in stages), _overhead(each))
            for arm, each in seconds.items()
        ]
        return Section(
            title="Time",
            html=render(
                _TEMPLATE,
                times=times,
                header=("arm", *stages, "overhead, %"),
                rows=rows,
                usage_header=HEADER,
                usage=usage_rows(usage) if usage else [],
                pace_header=PACE_HEADER,
                paces=pace_rows(usage),
            ),
            figures=[times],
            numbers={"cluster": {name: asdict(each) for name, each in usage.items()}}
            if usage
            else {},
        )


def _overhead(seconds: Mapping[str, float]) -> str:
    """Scoring and selecting in percent of training; empty if nothing was trained."""
    train = seconds["train"]
    return f"{100 * ((seconds['select'] + seconds['score']) / train):.1f}" if train else ""
