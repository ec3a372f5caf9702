"""The sections of the report, one file each. They turn numbers into words, tables and figures."""

from job.report.drawing.render import Plot
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder
from job.runtime import log
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
    return {name: _build(name, context) for name in names}


def _build(name: str, context: Context) -> Section:
    """Build a section; if one of another package fails, the page says so in its place."""
    builder = SECTIONS.load(name, SectionBuilder)
    try:
        return builder().build(context)
    except Exception as error:
        if name in SECTIONS.built_in:
            raise
        reason = f"{builder.__module__}.{builder.__name__}: {type(error).__name__}: {error}"
        log.get().error("section.failed", section=name, reason=reason, exc_info=True)
        return Section(
            title=name, html=render("<p>This section failed: {{ reason }}</p>", reason=reason)
        )
