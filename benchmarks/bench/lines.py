"""What a benchmark says: lines, each with one figure; for people as a table, and as JSON."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bench.noise import Interval


@dataclass(frozen=True)
class Line:
    """One measurement; all its figures are of one run."""

    what: str
    beside: str
    """What it is compared with: a peer or a limit, or nothing."""
    ours: str
    theirs: str
    """Both figures, as texts."""
    unit: str
    """`x` if the value is how many times as fast as the other one this is, and else its unit."""
    value: Interval
    refused: str = ""
    """Why the figures cannot be trusted."""
    date: str = ""
    machine: str = ""
    command: str = ""
    """Where and by what it was measured."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What is the same in the next run."""
        return self.command, self.what, self.beside

    @property
    def shown(self) -> str:
        """The value with its interval and its unit."""
        return f"{self.value}{'' if self.unit == 'x' else self.unit}"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "Line":
        """Return what `to_json` gave."""
        return replace(cls(**content), value=Interval(**content["value"]))


def as_table(lines: Sequence[Line]) -> str:
    """Return lines as Markdown; what cannot be trusted has no figures."""
    rows = ["| what | ours | beside it | ratio or value |", "| --- | --- | --- | --- |"]
    for line in lines:
        figures = (line.ours, f"{line.beside} {line.theirs}".strip(), line.shown)
        if line.refused:
            figures = ("", line.beside, line.refused)
        rows.append(f"| {line.what} | {' | '.join(figures)} |")
    return "\n".join(rows)


def read(path: Path) -> list[Line]:
    """Return the lines of a file, or none if there is no such file."""
    content = json.loads(path.read_text("utf-8")) if path.exists() else []
    return [Line.from_json(each) for each in content]


def write(path: Path, lines: Sequence[Line]) -> None:
    """Write lines to a file."""
    path.write_text(json.dumps([each.to_json() for each in lines], indent=1) + "\n", "utf-8")


def parser(docstring: str | None) -> argparse.ArgumentParser:
    """Return a parser with the options that all benchmarks have."""
    made = argparse.ArgumentParser(description=(docstring or "").partition("\n")[0])
    made.add_argument("--out", type=Path, help="A file for the lines as JSON.")
    return made


def say(lines: Sequence[Line], arguments: argparse.Namespace) -> None:
    """Print the table, and write the file that was asked for."""
    print(as_table(lines))
    if arguments.out:
        write(arguments.out, lines)
    sys.stdout.flush()
