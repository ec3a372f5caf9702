"""The report: one HTML page that needs nothing else, its figures and its tables as files."""

import base64
import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from job.config.experiment import FULLY_SUPERVISED, Config
from job.report.analysis import facts as knowledge
from job.report.analysis.areas import Area, areas_of
from job.report.analysis.comparison import Comparison, compare, mean_points
from job.report.analysis.curves import AXES, Curve, compared, curves_of
from job.report.analysis.facts import Facts
from job.report.analysis.penalties import PENALTY_SIGN, Penalties, penalties
from job.report.analysis.results import Row
from job.report.analysis.savings import Saving, savings_of
from job.report.drawing.figures import (
    PER_UNIT,
    UNITS,
    class_bars,
    difference_curve,
    learning_curve,
    mean_curves,
    stage_times,
    styles_of,
)
from job.report.drawing.render import Drawing
from job.report.verdict.judgement import Summary, judge


@dataclass(frozen=True)
class Sheet:
    """A contact sheet of one round's picks."""

    arm: str
    seed: int
    round: int
    jpeg: bytes


@dataclass(frozen=True)
class Looks:
    """What picks look like."""

    sheets: tuple[Sheet, ...] = ()
    """To be shown in their order."""
    redundancies: Mapping[str, float] = field(default_factory=dict)
    """By arm."""


@dataclass(frozen=True)
class Findings:
    """What the curves say."""

    curves: list[Curve]
    comparison: Comparison
    savings: tuple[Saving, ...]
    areas: tuple[Area, ...]
    penalties: Penalties
    summary: Summary


def find(rows: Sequence[Row], facts: Facts, setup_cost: float | None = None) -> Findings:
    """Compare the arms of an experiment.

    Args:
        rows: At least one.
        facts: The pool's size is taken from them.
        setup_cost: Money to set active learning up, once; unset: no word of whether it pays.
    """
    curves = curves_of(rows)
    comparison, savings = compare(curves, facts.pool_images), savings_of(curves)
    return Findings(
        curves=curves,
        comparison=comparison,
        savings=savings,
        areas=areas_of(curves),
        penalties=penalties(curves),
        summary=judge(comparison, savings, setup_cost),
    )


def files(
    config: Config,
    rows: Sequence[Row],
    facts: Facts,
    looks: Looks,
    setup_cost: float | None = None,
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file of the report; `index.html` comes last.

    Args:
        config: The experiment's.
        rows: At least one.
        facts: What else there is to say.
        looks: What picks look like; nothing of it has to be there.
        setup_cost: Money to set active learning up, once; unset: no word of whether it pays.
    """
    found = find(rows, facts, setup_cost)
    drawings = list(figures(found, facts))
    for each in drawings:
        yield f"{each.name}.svg", each.standalone()
        yield f"{each.name}.png", each.png
    for name, table in tables(found).items():
        yield f"{name}.csv", to_csv(table)
    yield "comparison.json", to_json(found)
    yield "index.html", html(config, rows, found, facts, drawings, looks)


def figures(found: Findings, facts: Facts) -> Iterator[Drawing]:
    """Yield the figures that can be drawn from what is done."""
    bounds = [curve.metric[-1] for curve in found.curves if curve.arm == FULLY_SUPERVISED]
    bound = float(np.mean(bounds)) if bounds else None
    ours = compared(found.curves)
    styles = styles_of(found.comparison.arms)
    for axis in AXES:
        half = facts.pool_images / 2 if axis == "images" else None
        means = mean_curves(mean_points(ours, axis))
        yield learning_curve(axis, ours, means, styles, bound=bound, half_pool=half)
    if found.comparison.differences:
        differences = mean_curves(found.comparison.differences)
        yield difference_curve(found.comparison.baseline, differences, styles)
    if ap := knowledge.ap_by_arm(facts):
        title = "Average precision of each class after the last round"
        yield class_bars("classes", title, "AP at IoU 0.5", ap, styles)
    shares = knowledge.picked_shares(facts)
    if len(shares) > 1:
        title = "Classes among the boxes that each arm had labelled, beside the pool's"
        yield class_bars("picked-classes", title, "share of boxes", shares, styles)
    yield stage_times(knowledge.seconds_by_arm(facts))


Table = list[dict[str, object]]


def tables(found: Findings) -> dict[str, Table]:
    """Return the tables by their names, each row by the names of its columns."""
    names = found.penalties.arms
    return {
        "differences": [flat(asdict(each)) for each in found.comparison.differences],
        "areas": [flat(asdict(each)) for each in found.areas],
        "savings": [
            flat({k: v for k, v in asdict(each).items() if not k.endswith("_needs")})
            for each in found.savings
        ],
        "penalties": [
            {"arm": arm, **dict(zip(names, row, strict=True))}
            for arm, row in zip(names, found.penalties.beats, strict=True)
        ],
    }


def flat(row: Mapping[str, object], prefix: str = "") -> dict[str, object]:
    """Return a row in which what is nested has columns of its own."""
    result: dict[str, object] = {}
    for key, value in row.items():
        if isinstance(value, dict):
            result |= flat(value, f"{prefix}{key}_")
        else:
            name = f"{prefix}{key}"
            result[name] = " ".join(map(str, value)) if isinstance(value, tuple) else value
    return result


def to_csv(table: Table) -> bytes:
    """Return a table as CSV, what is not known empty."""
    file = io.StringIO()
    if table:
        names = dict.fromkeys(name for row in table for name in row)
        writer = csv.DictWriter(file, list(names), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    return file.getvalue().encode()


def to_json(found: Findings) -> bytes:
    """Return all figures of the comparison."""
    content = {
        "summary": asdict(found.summary),
        "comparison": asdict(found.comparison),
        "savings": [asdict(each) for each in found.savings],
        "areas": [asdict(each) for each in found.areas],
        "penalties": asdict(found.penalties),
    }
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def html(  # noqa: PLR0913, PLR0917 - all that the page shows
    config: Config,
    rows: Sequence[Row],
    found: Findings,
    facts: Facts,
    drawings: Sequence[Drawing],
    looks: Looks,
) -> bytes:
    """Return the page."""
    seconds = knowledge.seconds_by_arm(facts)
    return (
        templates()
        .get_template("report.html.j2")
        .render(
            config=config,
            rows=rows,
            found=found,
            comparison=found.comparison,
            summary=found.summary,
            penalty_sign=PENALTY_SIGN,
            num_seeds=len({row.seed for row in rows}),
            facts=facts,
            figures={each.name: each for each in drawings},
            units=UNITS,
            per_unit=PER_UNIT,
            boxes_per_image=knowledge.boxes_per_image(facts),
            overlaps=knowledge.overlaps(facts),
            seconds=seconds,
            overhead={arm: _overhead(each) for arm, each in seconds.items()},
            unfinished=[each for each in facts.rounds if each.missing],
            repeated=[each for each in facts.rounds if set(each.attempts) - set(each.missing)],
            sheets=[
                {"of": each, "data": base64.b64encode(each.jpeg).decode()} for each in looks.sheets
            ],
            redundancies=looks.redundancies,
            configuration=config.to_yaml(),
        )
        .encode()
    )


def _overhead(seconds: Mapping[str, float]) -> float | None:
    """Scoring and selecting beside training."""
    train = seconds["train"]
    return (seconds["select"] + seconds["score"]) / train if train else None


def templates() -> Environment:
    """Return the pages' templates: what is put in is escaped, what is not given is an error."""
    environment = Environment(
        loader=PackageLoader("job.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["signed"] = lambda value: f"{100 * value:+.1f}"
    return environment
