"""The sections of the report, one file each. They turn numbers into words, tables and figures."""

from job.errors import AlJobError
from job.report.drawing.render import Plot
from job.report.markup import render
from job.report.registry import SECTIONS
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.tables import table_csv
from job.runtime import log
from job.storage.documents import dump_json

__all__ = ["SECTIONS", "Context", "Plot", "Section", "SectionBuilder", "build_sections", "render"]

_BROKEN = """
<p>This section could not be built: {{ reason }}. Mend or remove the package that it is of.
<code>al-job report</code> writes the page again.</p>
"""


def build_sections(context: Context) -> dict[str, Section]:
    """Return every section for an experiment, by name, in the order of the page.

    Without any metric, those that show metrics are left out, as are those with nothing to show.

    A section of another package that cannot be built says so in its place. The others do not
    depend on it.
    """
    builders = {name: SECTIONS.load(name, SectionBuilder)() for name in SECTIONS.built_in}
    built = {
        name: builder.build(context)
        for name, builder in builders.items()
        if context.is_measured or not builder.needs_metrics
    }
    built |= {name: _build_outside(name, context) for name in SECTIONS.outside_names()}
    return {name: section for name, section in built.items() if section}


def _build_outside(name: str, context: Context) -> Section | None:
    """Return a section of another package, or one that says why it is not there."""
    try:
        section = SECTIONS.load(name, SectionBuilder)().build(context)
        if section:
            _try_files(section)
    except Exception as error:  # noqa: BLE001 - code of another package may raise anything
        is_ours = isinstance(error, AlJobError)
        reason = str(error) if is_ours else f"{name!r}: {type(error).__name__}: {error}"
        log.get().warning("report.section_left_out", section=name, reason=reason, exc_info=True)
        return Section(title=name, html=render(_BROKEN, reason=reason))
    return section


def _try_files(section: Section) -> None:
    """Make the section's files, so that one which cannot be written is found here."""
    for drawing in section.figures:
        drawing.files()
    for rows in section.tables.values():
        table_csv(rows)
    dump_json(dict(section.numbers))
