"""HTML from templates: what is put in is escaped, and a name that is not given is an error."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


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


def render_file(name: str, **values: object) -> bytes:
    """Return the HTML of a template that is a file of the report's templates."""
    return _environment().get_template(name).render(values).encode()


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("job.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    macros = environment.get_template("macros.html.j2").module
    environment.globals |= {name: getattr(macros, name) for name in ("figure", "table")}
    return environment
