"""The report's sections by name. It loads none of them: what draws takes a second to import."""

from job.runtime.plugins import Registry

SECTIONS = Registry(
    "report section",
    "al_voc.report_sections",
    {
        "verdict": "job.report.sections.verdict:VerdictSection",
        "curves": "job.report.sections.curves:CurvesSection",
        "differences": "job.report.sections.differences:DifferencesSection",
        "cost": "job.report.sections.cost:CostSection",
        "forecast": "job.report.sections.forecast:ForecastSection",
        "people": "job.report.sections.people:PeopleSection",
        "pool": "job.report.sections.pool:PoolSection",
        "picks": "job.report.sections.picks:PicksSection",
        "classes": "job.report.sections.classes:ClassesSection",
        "errors": "job.report.sections.errors:ErrorsSection",
        "time": "job.report.sections.time:TimeSection",
        "runs": "job.report.sections.runs:RunsSection",
        "origin": "job.report.sections.origin:OriginSection",
    },
)
"""In the order of the page; those of other packages follow, by name."""
