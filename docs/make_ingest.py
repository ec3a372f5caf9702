"""Writes the table of options in docs/ingest.md, from the formats and their command.

    python -m docs.make_ingest

The table lies between two comments. All other text is written by hand.
"""

from collections.abc import Iterator
from pathlib import Path

import typer

from docs.generated import with_part
from job.cli.format_commands import make_command
from job.cli.ingest import ingest_images
from job.data.formats import FORMATS, Source

PAGE = Path(__file__).parent / "ingest.md"


def write(text: str) -> str:
    """Return the page with its table made anew."""
    return with_part(text, "options", "\n".join(_table()))


def _table() -> Iterator[str]:
    """Yield the rows: options that several formats have, and then those of each format."""
    formats_of: dict[tuple[str, str], list[str]] = {}
    for name in sorted(FORMATS.built_in):
        command = make_command(name, FORMATS.load(name, Source), ingest_images)
        for param in command.get_params(typer.Context(command)):
            if param.name != "help":
                formats_of.setdefault((param.opts[0], param.help), []).append(name)
    yield "| option | for | meaning |\n|---|---|---|"
    for (option, text), names in sorted(formats_of.items(), key=lambda each: -len(each[1])):
        which = "all" if len(names) == len(FORMATS.built_in) else ", ".join(names)
        yield f"| `{option}` | {which} | {text.replace('|', chr(92) + '|')} |"


if __name__ == "__main__":
    PAGE.write_text(write(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
