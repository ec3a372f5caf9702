"""Writes the tables of docs/results/README.md from the committed results of all sets.

    python -m docs.results.make_tables

They lie between two comments, as the generated parts of `docs/strategies.md` do. What they say of
an arm is what the report says: the same tests, on the same rows.
"""

import csv
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_type_hints

from docs.generated import with_part
from job.config import loading
from job.plan import Plan
from job.report.analysis.comparison import mean_points
from job.report.analysis.findings import Findings, find
from job.report.analysis.missing import missing_rounds
from job.report.analysis.primary import Primary
from job.report.analysis.results import Row
from job.report.wording import interval_cell, p_cell, three_decimals

HERE = Path(__file__).parent
PAGE = HERE / "README.md"


def write(text: str) -> str:
    """Return the page with its tables made anew."""
    sets = {path.parent.name: found_in(path.parent) for path in sorted(HERE.glob("*/ingest"))}
    measured = {name: found for name, found in sets.items() if found}
    parts = ["\n".join(_overview(sets))]
    parts += ["\n".join(_table(name, found)) for name, found in measured.items()]
    return with_part(text, "tables", "\n\n".join(parts))


def found_in(folder: Path) -> Findings | None:
    """Return what the report finds in the rows of a set; None if it has none yet."""
    table = folder / "results.csv"
    if not table.exists():
        return None
    kinds = get_type_hints(Row)
    with table.open(newline="") as file:
        rows = [
            Row(**{name: _value(cell, kinds[name]) for name, cell in row.items()})
            for row in csv.DictReader(file)
        ]
    plan = Plan(loading.load(str(folder / "experiment.yaml")))
    smallest = plan.config.report.smallest_effect / 100
    return find(rows, list(plan.config.arms), None, missing_rounds(plan, rows), smallest)


def _value(cell: str, kind: object) -> Any:
    if kind in {str, int}:
        return int(cell) if kind is int else cell
    return float(cell) if cell else None


def _overview(sets: dict[str, Findings | None]) -> Iterator[str]:
    """Yield a row for each set: what its random arm reaches, and the test of `recommended`."""
    head = (
        "seeds | random's mAP | area less random's, points | ahead in | so it is | images saved, %"
    )
    yield f"| set | {head} |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for name, found in sets.items():
        if found is None:
            yield f"| {name} | 0 | | | | not run yet | |"
            continue
        points = mean_points(found.curves, "images")
        random = [each.estimate.mean for each in points if each.arm == "random"]
        ends = f"{three_decimals(random[0])} to {three_decimals(random[-1])}"
        test = next((each for each in found.primary if each.area.arm == "recommended"), None)
        told = _tested(test) if test else "| | not finished"
        seeds = len(test.area.seeds) if test else 0
        yield f"| [{name}](#{name}) | {seeds} | {ends} | {told} | {_saved(found)} |"


def _tested(test: Primary) -> str:
    ahead = f"{test.improvement.count:g} of {test.improvement.num_seeds}"
    difference = test.area.difference
    points = f"{100 * difference.mean:+.1f} ({interval_cell(difference, 100)})"
    return f"{points} | {ahead} | {test.outcome if test.is_finished else 'not finished'}"


def _saved(found: Findings) -> str:
    """Return how many images fewer `recommended` took to get to where random ended, in percent."""
    for each in found.savings:
        if (each.arm, each.axis) == ("recommended", "images"):
            if each.percent:
                return f"{each.percent.mean:.0f} ({interval_cell(each.percent, form='.0f')})"
            return f"not reached in {each.num_never} of {len(each.arm_needs)} seeds"
    return ""


def _table(name: str, found: Findings) -> Iterator[str]:
    """Yield a set's table: each arm's mean at each number of images, and its primary test."""
    points = mean_points(found.curves, "images")
    budgets = sorted({round(each.x) for each in points})
    tests = {test.area.arm: test for test in found.primary}
    yield f"### {name}\n"
    head = " | ".join(map(str, budgets))
    yield f"| arm | {head} | area less random's, points | ahead in | so it is | p |"
    yield "| --- " * (len(budgets) + 5) + "|"
    for arm in found.comparison.arms:
        means = {round(each.x): each.estimate.mean for each in points if each.arm == arm}
        cells = " | ".join(three_decimals(means.get(budget)) for budget in budgets)
        test = tests.get(arm)
        told = f"{_tested(test)} | {p_cell(test.p_holm)}" if test else "| | |"
        yield f"| {arm} | {cells} | {told} |"


if __name__ == "__main__":
    PAGE.write_text(write(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"{PAGE.name}: the tables are made anew\n")
