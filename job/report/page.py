"""A page and its files: sections in a frame, every figure and every table as a file too.

The frame knows no section. The report, the comparison of experiments and the tutorial's analysis
are all pages of this kind.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from job.report.markup import render_file
from job.report.sections.base import Section
from job.report.tables import table_csv
from job.storage.documents import dump_json


@dataclass(frozen=True)
class Page:
    """A page before it is written."""

    title: str
    """Of the window."""
    heading: str
    about: str
    """What the page is about, in a sentence or two."""
    sections: Mapping[str, Section]
    """In the order of the page, by the names that links to them have."""
    numbers: str = "numbers.json"
    """The name of the file for the numbers of all sections."""
    trail: Sequence[tuple[str, str]] = ()
    """The pages above this one: their names and addresses."""
    script: str = ""
    """The address of a script that refreshes the page; without one, it stays as it is."""
    style: str = ""
    """Rules of CSS beside those of every page."""

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of each file; `index.html` comes last."""
        numbers: dict[str, object] = {}
        for section in self.sections.values():
            for drawing in section.figures:
                yield from drawing.files()
            for name, rows in section.tables.items():
                yield f"{name}.csv", table_csv(rows)
            numbers |= section.numbers
        if numbers:
            yield self.numbers, dump_json(numbers)
        yield "index.html", self.html()

    def html(self) -> bytes:
        """Return the page itself; without a script, it needs no other file."""
        return render_file("page.html.j2", page=self).encode()
