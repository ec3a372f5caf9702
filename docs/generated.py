"""Parts of pages that are generated, each between two comments; all other text is by hand."""

from pydantic.fields import FieldInfo

from job.config.schema import ArmConfig
from job.config.section import Section


def with_part(text: str, name: str, part: str) -> str:
    """Return a page with another text between `<!-- NAME: made by make docs -->` and its end."""
    begin, end = f"<!-- {name}: made by make docs -->", f"<!-- end of {name} -->"
    before, _, rest = text.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"


def settings_of(kind: type[Section]) -> str:
    """Return the table of the settings of a strategy or a detector, from their docstrings."""
    rows = [_row(*field) for field in kind.model_fields.items()]
    table = "\n".join(["| Setting | Default | Meaning |\n| --- | --- | --- |", *rows])
    return table if rows else "It has no settings."


def _row(name: str, field: FieldInfo) -> str:
    text = " ".join((field.description or "").split()).replace("|", "\\|")
    return f"| `{name}` | {_default_of(field)} | {text} |"


def _default_of(field: FieldInfo) -> str:
    """Return the default of a setting as YAML has it."""
    if field.is_required():
        return "required"
    default = field.default.strategy if isinstance(field.default, ArmConfig) else field.default
    if default is None:
        return "unset"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
