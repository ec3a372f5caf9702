"""Tables for a terminal, a pipe or a file: no name and no figure is ever cut."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

_NARROWEST_NAME = 12
"""Columns of names are folded to no fewer letters."""


@dataclass
class TextTable:
    """Rows of text; what stands in a cell is shown as it is, whatever it looks like."""

    title: str
    header: Sequence[str]
    names: Collection[str] = ()
    """The columns of names: to the left, and folded if the line is short."""
    rows: list[tuple[str, ...]] = field(default_factory=list)

    def column(self, number: int) -> list[str]:
        """Return the cells of a column."""
        return [row[number] for row in self._full_rows()]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield a table, or a list if not even folded names leave room for one."""
        del console
        if self._narrowest() <= options.max_width:
            yield self._table()
        else:
            yield Text(plain(self.title))
            yield from self._list()

    def _narrowest(self) -> int:
        """The columns of the terminal that the table needs."""
        widths = []
        for number, name in enumerate(self.header):
            width = max(cell_len(plain(each[number])) for each in (self.header, *self._full_rows()))
            widths.append(min(width, _NARROWEST_NAME) if name in self.names else width)
        return sum(widths) + 3 * len(widths) + 1

    def _full_rows(self) -> Iterator[Sequence[str]]:
        for row in self.rows:
            yield (*row, *[""] * (len(self.header) - len(row)))

    def _table(self) -> Table:
        table = Table(title=Text(plain(self.title), style="table.title"))
        for name in self.header:
            is_name = name in self.names
            table.add_column(
                Text(plain(name)),
                justify="left" if is_name else "right",
                no_wrap=not is_name,
                overflow="fold",
            )
        for row in self.rows:
            table.add_row(*(Text(plain(cell)) for cell in row))
        return table

    def _list(self) -> Iterator[Text]:
        for row in self._full_rows():
            cells = zip(self.header, row, strict=True)
            told = ", ".join(f"{name} {cell}".strip() for name, cell in cells if cell)
            yield Text(f"- {plain(told)}", overflow="fold")


def plain(text: str) -> str:
    """Return a text in one line, its control characters as escapes."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in text
    )
