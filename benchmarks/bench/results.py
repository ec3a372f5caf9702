"""RESULTS.md: what was measured last, by what could be measured now."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import groupby

from bench.aims import AIMS, Aim
from bench.lines import Line
from bench.verdicts import Verdict, change, is_better, verdict

HEAD = """# Results of `make bench`

Written by `make bench` on {date}: {machine}. The functions of a line are timed in turn, six times
or more. A value is the median of the rounds' own ratios, with its 95 % confidence interval.

There is no figure if other work took more than a tenth of the CPUs meanwhile, or if the ends of the
interval are more than 1.3 times apart. The line then keeps its last figures, with their date.
`better` and `worse` are changes of more than 5 % whose intervals do not overlap.
"""


@dataclass(frozen=True)
class Run:
    """What one run measured, and what the last ones did."""

    lines: Sequence[Line]
    last: Sequence[Line]
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    """The last verdict about each aim."""
    problems: Mapping[str, str] = field(default_factory=dict)
    """Command -> why it measured nothing."""

    @property
    def trusted(self) -> list[Line]:
        """The lines of this run that can be trusted."""
        return [line for line in self.lines if not line.refused]

    @property
    def kept(self) -> list[Line]:
        """What the next run is compared with: for each measurement the newest one to be trusted."""
        kept = {line.key: line for line in self.last}
        return list((kept | {line.key: line for line in self.trusted}).values())

    def judged(self) -> dict[str, Verdict]:
        """Return the verdict about each aim that has been measured."""
        found = {aim.row: self._worst(aim) for aim in AIMS}
        return {
            aim.row: verdict(line, aim.value, self.verdicts.get(aim.row))
            for aim in AIMS
            if (line := found[aim.row])
        }

    def page(self, date: str, machine: str) -> str:
        """Return the whole page."""
        parts = [HEAD.format(date=date, machine=machine), self._aims()]
        shown = {line.key: line for line in [*self.kept, *self.trusted]}
        shown |= {line.key: line for line in self.lines if line.key not in shown}
        for command, lines in groupby(sorted(shown.values(), key=_command), _command):
            parts.append(f"## `python benchmarks/{command}`\n\n{self._table(lines)}\n")
        if self.problems:
            reasons = [f"- `{command}`: {why}" for command, why in self.problems.items()]
            parts.append("\n".join(["Not measured this time:\n", *reasons, ""]))
        return "\n".join(parts)

    def _table(self, lines: Iterable[Line]) -> str:
        last = {line.key: line for line in self.last}
        refused = {line.key: line.refused for line in self.lines if line.refused}
        rows = [
            "| what | ours | beside it | ratio or value | beside the last run |",
            "| --- | --- | --- | --- | --- |",
        ]
        for line in lines:
            if line.refused:
                rows.append(f"| {line.what} | | {line.beside} | | {line.refused} |")
                continue
            note = change(line, last.get(line.key))
            if line not in self.trusted:
                why = refused.get(line.key, "not run")
                note = f"of {line.date}, {line.machine}; now: {why}"
            beside = f"{line.beside} {line.theirs}".strip()
            rows.append(f"| {line.what} | {line.ours} | {beside} | {line.shown} | {note} |")
        return "\n".join(rows)

    def _aims(self) -> str:
        rows = [
            "## Aims\n",
            "| aim | | reached | | reason | next idea |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
        verdicts = self.judged()
        for aim in AIMS:
            line = self._worst(aim)
            value = line.shown if line else "-"
            outcome = verdicts.get(aim.row, "not run")
            rows.append(
                f"| {aim.row} | {aim.shown} | {value} | {outcome} | {aim.reason} | {aim.idea} |"
            )
        return "\n".join([*rows, ""])

    def _worst(self, aim: Aim) -> Line | None:
        worst = None
        for line in self.kept:
            if (
                fnmatchcase(line.what, aim.what)
                and line.beside == aim.beside
                and (worst is None or is_better(worst.value.median, line.value.median, line.unit))
            ):
                worst = line
        return worst


def _command(line: Line) -> str:
    return line.command
