"""HTML from templates: what is put in is escaped, and a name that is not given is an error."""

from functools import cache

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

REPORT = "job.report"
"""The package whose templates all pages share."""


def render(template: str, **values: object) -> Markup:
    """Return a template's HTML.

    Besides `values` a template has two macros. `figure(drawing, files=true)` shows a drawing, and
    names its files. `table(header, rows, caption="", row_headers=false)` shows rows of cells below
    the names of their columns.

    Args:
        template: In Jinja's language.
        values: What the template may use, by name.
    """
    return Markup(_environment().from_string(template).render(values))  # noqa: S704 - escaped there


def render_file(name: str, package: str = REPORT, **values: object) -> Markup:
    """Return the HTML of a template that is a file.

    Args:
        name: The file's, in the folder `templates` of the package, or else of the report.
        package: Such as `job.report`.
        values: As in `render`.
    """
    html = _environment(package).get_template(name).render(values)
    return Markup(html)  # noqa: S704 - escaped there


@cache
def _environment(package: str = REPORT) -> Environment:
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(each) for each in dict.fromkeys((package, REPORT))]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    macros = environment.get_template("macros.html.j2").module
    environment.globals |= {name: getattr(macros, name) for name in ("figure", "table")}
    return environment
