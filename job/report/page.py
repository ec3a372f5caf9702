"""The report: one HTML page that needs nothing else, its figures and its tables as files."""

import base64
import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined

from job.config import BOUND, Config
from job.report import facts as knowledge
from job.report.comparison import Comparison, compare
from job.report.curves import AXES, Axis, Curve, curves_of
from job.report.drawing import Drawing
from job.report.facts import Facts
from job.report.figures import (
    PER_UNIT,
    UNITS,
    MeanCurve,
    class_bars,
    difference_curve,
    learning_curve,
    stage_times,
    styles_of,
)
from job.report.results import Row
from job.report.statistics import interval
from job.report.verdict import LEAST_SEEDS, verdicts

NO_INTERVAL = (np.nan, np.nan)


@dataclass(frozen=True)
class Sheet:
    """A contact sheet of one round's picks."""

    arm: str
    seed: int
    round: int
    jpeg: bytes


def files(
    config: Config, rows: Sequence[Row], facts: Facts, sheets: Iterable[Sheet]
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file of the report; `index.html` comes last.

    Args:
        config: The experiment's.
        rows: At least one.
        facts: What else there is to say.
        sheets: Contact sheets, to be shown in their order.
    """
    curves = curves_of(rows)
    comparison = compare(curves)
    drawings = list(figures(curves, comparison, facts))
    for each in drawings:
        yield f"{each.name}.svg", each.svg.replace("currentColor", "#1a1a1a").encode()
        yield f"{each.name}.png", each.png
    for name, table in tables(comparison).items():
        yield f"{name}.csv", to_csv(table)
    yield "comparison.json", to_json(comparison)
    yield "index.html", html(config, rows, comparison, facts, drawings, tuple(sheets))


def means_of(curves: Sequence[Curve], axis: Axis) -> list[MeanCurve]:
    """Return each arm's mean curve over the rounds that all its seeds have, with intervals."""
    result = []
    for arm, group in groupby(curves, key=lambda curve: curve.arm):
        seeds = list(group)
        shared = sorted(set.intersection(*({int(r) for r in c.rounds} for c in seeds)))
        if arm == BOUND or not shared:
            continue
        rows = [[int(np.flatnonzero(c.rounds == index)[0]) for index in shared] for c in seeds]
        metric = np.array([c.metric[row] for c, row in zip(seeds, rows, strict=True)])
        x = np.array([c.costs[axis][row] for c, row in zip(seeds, rows, strict=True)])
        ends = [interval(column.tolist()) or NO_INTERVAL for column in metric.T]
        low, high = np.array(ends).T
        result.append(MeanCurve(arm, x.mean(axis=0), metric.mean(axis=0), low, high))
    return result


def figures(curves: Sequence[Curve], comparison: Comparison, facts: Facts) -> Iterator[Drawing]:
    """Yield the figures that can be drawn from what is done."""
    bounds = [curve.metric[-1] for curve in curves if curve.arm == BOUND]
    bound = float(np.mean(bounds)) if bounds else None
    ours = [curve for curve in curves if curve.arm != BOUND]
    styles = styles_of(comparison.arms)
    for axis in AXES:
        means = means_of(ours, axis)
        half = facts.pool_images / 2 if axis == "images" else None
        if means:
            yield learning_curve(axis, ours, means, styles, bound=bound, half_pool=half)
    if comparison.differences:
        yield difference_curve(comparison.baseline, _difference_means(comparison), styles)
    if ap := knowledge.ap_by_arm(facts):
        title = "Average precision of each class after the last round"
        yield class_bars("classes", title, "AP at IoU 0.5", ap, styles)
    shares = knowledge.picked_shares(facts)
    if len(shares) > 1:
        title = "Classes among the boxes that each arm had labelled, beside the pool's"
        yield class_bars("picked-classes", title, "share of boxes", shares, styles)
    yield stage_times(knowledge.seconds_by_arm(facts))


def _difference_means(comparison: Comparison) -> list[MeanCurve]:
    result = []
    for arm in comparison.arms:
        mine = comparison.of(arm)
        if mine:
            ends = [each.interval or NO_INTERVAL for each in mine]
            low, high = np.array(ends).T
            x = np.array([each.images for each in mine])
            result.append(MeanCurve(arm, x, np.array([each.mean for each in mine]), low, high))
    return result


Table = list[dict[str, object]]


def tables(comparison: Comparison) -> dict[str, Table]:
    """Return the tables by their names, each row by the names of its columns."""
    return {
        "differences": [_flat(asdict(each)) for each in comparison.differences],
        "areas": [_flat(asdict(each)) for each in comparison.areas],
        "savings": [_flat(asdict(each)) for each in comparison.savings],
        "penalties": [
            {"arm": first, "against": second, "share_of_budgets_won": value}
            for (first, second), value in comparison.penalties.items()
        ],
    }


def _flat(row: Mapping[str, object]) -> dict[str, object]:
    """A row in which an interval is two columns."""
    result: dict[str, object] = {}
    for key, value in row.items():
        if key.endswith("interval"):
            low, high = value if isinstance(value, tuple) else (None, None)
            result |= {f"{key}_low": low, f"{key}_high": high}
        else:
            result[key] = value
    return result


def to_csv(table: Table) -> bytes:
    """Return a table as CSV, what is not known empty."""
    file = io.StringIO()
    if table:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)
    return file.getvalue().encode()


def to_json(comparison: Comparison) -> bytes:
    """Return all figures of the comparison."""
    content = {
        "baseline": comparison.baseline,
        "num_seeds": comparison.num_seeds,
        "verdicts": [asdict(each) for each in verdicts(comparison)],
        **tables(comparison),
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def html(  # noqa: PLR0913, PLR0917 - all that the page shows
    config: Config,
    rows: Sequence[Row],
    comparison: Comparison,
    facts: Facts,
    drawings: Sequence[Drawing],
    sheets: Sequence[Sheet],
) -> bytes:
    """Return the page."""
    environment = Environment(
        loader=PackageLoader("job.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["signed"] = lambda value: f"{100 * value:+.1f}"
    seconds = knowledge.seconds_by_arm(facts)
    return (
        environment.get_template("report.html.j2")
        .render(
            config=config,
            rows=rows,
            comparison=comparison,
            verdicts=verdicts(comparison),
            least_seeds=LEAST_SEEDS,
            facts=facts,
            figures={each.name: each for each in drawings},
            units=UNITS,
            per_unit=PER_UNIT,
            boxes_per_image=knowledge.boxes_per_image(facts),
            overlaps=knowledge.overlaps(facts),
            seconds=seconds,
            overhead={arm: _overhead(each) for arm, each in seconds.items()},
            unfinished=[each for each in facts.rounds if each.missing],
            repeated=[each for each in facts.rounds if each.attempts],
            sheets=[{"of": each, "data": base64.b64encode(each.jpeg).decode()} for each in sheets],
            configuration=config.to_yaml(),
        )
        .encode()
    )


def _overhead(seconds: Mapping[str, float]) -> float | None:
    """Scoring and selecting beside training."""
    train = seconds["train"]
    return (seconds["select"] + seconds["score"]) / train if train else None
