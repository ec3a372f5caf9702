"""Several experiments on one data set beside each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from job.artifacts.reader import Reader
from job.config.changes import flatten
from job.config.experiment import Config
from job.errors import UsageError
from job.plan import Plan
from job.report.analysis.comparison import mean_points
from job.report.analysis.curves import AXES, Curve, compared, curves_of
from job.report.analysis.results import Row, rows_of
from job.report.drawing.figures import learning_curve, mean_curves, styles_of
from job.report.drawing.render import Drawing
from job.report.page import Table, templates, to_csv
from job.storage import Store

UNLIKE = ("experiment", "arms.", "runtime.")
"""Settings that are not listed where they differ: what is compared, and what changes no result."""


@dataclass(frozen=True)
class Side:
    """One experiment."""

    config: Config
    """As it began: its data set's digest is there."""
    rows: list[Row]

    @property
    def curves(self) -> list[Curve]:
        """Its arms' curves, each arm named after its experiment too."""
        return [
            replace(curve, arm=f"{self.config.experiment}: {curve.arm}")
            for curve in compared(curves_of(self.rows, self.config.arms))
        ]


def read_sides(store: Store, configs: Sequence[Config]) -> list[Side]:
    """Read what has been evaluated of each experiment.

    Args:
        store: Where all of them are.
        configs: As they began, two or more.

    Raises:
        UsageError: They are of different data, are fewer than two, or one has no round evaluated.
    """
    names = [config.experiment for config in configs]
    if len(set(names)) < 2:  # noqa: PLR2004 - a comparison
        message = f"compare: {', '.join(names)}: name two or more experiments"
        raise UsageError(message)
    if len({config.dataset.sha256 for config in configs}) > 1:
        those = "; ".join(
            f"{config.experiment}: {config.dataset.name}, {config.dataset.sha256}"
            for config in configs
        )
        message = f"compare: the experiments are not of the same data set and test set ({those})"
        raise UsageError(message)
    sides = [
        Side(config, rows_of(Reader.listed(store, config.experiment), Plan(config)))
        for config in configs
    ]
    for side in sides:
        if not side.curves:
            message = f"compare: {side.config.experiment}: no round is evaluated yet"
            raise UsageError(message)
    return sides


def files(sides: Sequence[Side]) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the content of each file; `index.html` comes last."""
    curves = [curve for side in sides for curve in side.curves]
    drawings = list(_figures(curves))
    for each in drawings:
        yield f"{each.name}.svg", each.standalone()
        yield f"{each.name}.png", each.png
    ends = _ends(curves)
    yield "ends.csv", to_csv(ends)
    template = templates().get_template("compare.html.j2")
    page = template.render(
        sides=sides, drawings=drawings, ends=ends, differences=_differences(sides)
    )
    yield "index.html", page.encode()


def _figures(curves: Sequence[Curve]) -> Iterator[Drawing]:
    for axis in AXES:
        means = mean_curves(mean_points(curves, axis))
        yield learning_curve(axis, curves, means, styles_of([each.arm for each in means]))


def _ends(curves: Sequence[Curve]) -> Table:
    """Return where each arm ends: its last round, mean over seeds."""
    boxes = {point.arm: point.x for point in mean_points(curves, "boxes")}
    last = {point.arm: point for point in mean_points(curves, "images")}
    return [
        {
            "arm": arm,
            "seeds": point.estimate.num_seeds,
            "images": point.x,
            "boxes": boxes[arm],
            "mAP50": point.estimate.mean,
            "low": point.estimate.low,
            "high": point.estimate.high,
        }
        for arm, point in last.items()
    ]


def _differences(sides: Sequence[Side]) -> dict[str, list[object]]:
    """Return each setting that is not the same in all, with each one's value."""
    settings = [flatten(side.config.model_dump(mode="json")) for side in sides]
    names = sorted({name for each in settings for name in each if not name.startswith(UNLIKE)})
    found = {name: [each.get(name) for each in settings] for name in names}
    return {name: values for name, values in found.items() if values.count(values[0]) < len(values)}
