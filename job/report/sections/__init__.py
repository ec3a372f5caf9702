"""The sections of the report, one file each. They turn numbers into words, tables and figures."""

from job.report.drawing.render import Plot
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder
from job.runtime.plugins import Registry

__all__ = ["SECTIONS", "Context", "Plot", "Section", "SectionBuilder", "build_sections", "render"]

SECTIONS = Registry(
    "report section",
    "al_voc.report_sections",
    {
        "verdict": "job.report.sections.verdict:VerdictSection",
        "curves": "job.report.sections.curves:CurvesSection",
        "differences": "job.report.sections.differences:DifferencesSection",
        "cost": "job.report.sections.cost:CostSection",
        "picks": "job.report.sections.picks:PicksSection",
        "classes": "job.report.sections.classes:ClassesSection",
        "time": "job.report.sections.time:TimeSection",
        "runs": "job.report.sections.runs:RunsSection",
        "origin": "job.report.sections.origin:OriginSection",
    },
)
"""In the order of the page; those of other packages follow, by name."""


def build_sections(context: Context) -> dict[str, Section]:
    """Return every section for an experiment, by name, in the order of the page.

    Raises:
        ConfigError: A section of another package cannot be imported.
    """
    ours = list(SECTIONS.built_in)
    names = ours + [name for name in SECTIONS.names() if name not in SECTIONS.built_in]
    return {name: SECTIONS.load(name, SectionBuilder)().build(context) for name in names}
