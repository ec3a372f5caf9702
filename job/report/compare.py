"""Several experiments on one data set, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from job.artifacts.names import LABELLED_SHARD
from job.artifacts.reader import Reader
from job.config.changes import flatten
from job.config.schema import Config
from job.errors import UsageError
from job.plan import Plan
from job.report.analysis.comparison import mean_points
from job.report.analysis.curves import AXES, Curve, compared, curves_of
from job.report.analysis.missing import MissingRounds, missing_rounds
from job.report.analysis.results import Row, of_newest_test, rows_of
from job.report.drawing.figures import learning_curve, mean_curves, styles_of
from job.report.drawing.render import Draw
from job.report.markup import render
from job.report.page import Page
from job.report.sections.base import Section
from job.report.wording import counted, interval_cell, listing, three_decimals
from job.storage import Store

UNLIKE = ("experiment", "arms.", "runtime.")
"""Settings whose differences are not listed: what is compared, and what changes no result."""
_ABOUT = (
    "Experiments on one data set and one test set. Their seeds share no round 0, so nothing is"
    " paired between them, nothing is tested and nothing is claimed: intervals alone say how far"
    " seeds lie apart. Each experiment's own report compares its arms."
)
_HEADER = ("arm", "seeds", "images", "boxes", "mAP50", "95 % interval")
_CAPTION = "The last round of each arm, mean over seeds"


@dataclass(frozen=True)
class Side:
    """One of the experiments."""

    config: Config
    """As it began, with the digest of its data set."""
    rows: list[Row]
    missing: MissingRounds
    """The planned rounds of its arms without a result."""
    test: tuple[str, ...] = ()
    """Digests of a test set that was drawn from the pool."""

    @property
    def curves(self) -> list[Curve]:
        """The curves of its arms; an arm's name begins with that of the experiment."""
        return [
            replace(curve, arm=f"{self.config.experiment}: {curve.arm}")
            for curve in compared(curves_of(self.rows, self.config.arms))
        ]


def read_sides(store: Store, configs: Sequence[Config]) -> list[Side]:
    """Read what has been evaluated of each experiment.

    Args:
        store: The store of all of them.
        configs: As they began; at least two.

    Raises:
        UsageError: They have different data, they are fewer than two, or one has no round that is
            evaluated.
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
    sides = [_read(store, Plan(config)) for config in configs]
    for side in sides:
        if not side.curves:
            what = "no round has a metric" if side.rows else "no round is evaluated yet"
            message = f"compare: {side.config.experiment}: {what}"
            raise UsageError(message)
    if len({side.test for side in sides}) > 1:
        message = f"compare: {', '.join(names)}: they are not measured on the same test images"
        raise UsageError(message)
    return sides


def _read(store: Store, plan: Plan) -> Side:
    reader = Reader.listed(store, plan.config.experiment)
    rows = of_newest_test(rows_of(reader, plan))
    return Side(plan.config, rows, missing_rounds(plan, rows), _test_images(reader, plan, rows))


def _test_images(reader: Reader, plan: Plan, rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the digests of the images of the test set and their labels; empty: the data set's."""
    version = max((row.test_version or 0 for row in rows), default=0)
    markers = (reader.marker(ref.stage("annotate")) for ref in plan.test_rounds()[:version])
    return tuple(marker.outputs[LABELLED_SHARD] for marker in markers)


def comparison_page(sides: Sequence[Side], draw: Draw) -> Page:
    """Return the page that shows all sides, with its files; `draw` draws a figure."""
    curves = [curve for side in sides for curve in side.curves]
    name = f"{', '.join(side.config.experiment for side in sides)}: side by side"
    return Page(
        title=name,
        heading=name,
        about=_ABOUT,
        sections={
            "ends": _ends(curves, _unfinished(sides)),
            "curves": _curves(curves, draw),
            "settings": _settings(sides),
        },
    )


def _unfinished(sides: Sequence[Side]) -> str:
    """Say which experiments are not finished; empty if all are."""
    missing = [
        f"{counted(sum(side.missing.by_arm.values()), 'round')} of {side.config.experiment}"
        for side in sides
        if side.missing.by_arm
    ]
    if not missing:
        return ""
    return f"Not finished: {listing(missing)} to come. Where an arm ends may change until then."


def _ends(curves: Sequence[Curve], unfinished: str) -> Section:
    """Where each arm ends: its last round, mean over seeds."""
    boxes = {point.arm: point.x for point in mean_points(curves, "boxes")}
    last = {point.arm: point for point in mean_points(curves, "images")}
    ends = [
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
    cells = [
        (
            arm,
            point.estimate.num_seeds,
            f"{point.x:.0f}",
            f"{boxes[arm]:.0f}",
            three_decimals(point.estimate.mean),
            interval_cell(point.estimate, form=".3f"),
        )
        for arm, point in last.items()
    ]
    html = render(
        "{% if unfinished %}<p><strong>{{ unfinished }}</strong></p>{% endif %}"
        "{{ table(header, cells, caption) }}",
        unfinished=unfinished,
        header=_HEADER,
        cells=cells,
        caption=_CAPTION,
    )
    return Section(title="Where they end", html=html, tables={"ends": ends})


def _curves(curves: Sequence[Curve], draw: Draw) -> Section:
    figures = []
    for axis in AXES:
        means = mean_curves(mean_points(curves, axis))
        if means:  # of wall time, no arm has any if a round is missing
            styles = styles_of([each.arm for each in means])
            figures.append(draw(learning_curve(axis, curves, means, styles)))
    html = render("{% for each in figures %}{{ figure(each) }}{% endfor %}", figures=figures)
    return Section(title="Curves", html=html, figures=figures)


def _settings(sides: Sequence[Side]) -> Section:
    return Section(
        title="What differs in their settings",
        link="Settings",
        html=render(
            "{% if cells %}{{ table(header, cells) }}"
            "{% else %}<p>Nothing but their arms.</p>{% endif %}",
            header=("setting", *(side.config.experiment for side in sides)),
            cells=[(name, *values) for name, values in _differences(sides).items()],
        ),
    )


def _differences(sides: Sequence[Side]) -> dict[str, list[object]]:
    """Each setting that is not the same in all experiments, with the value of each."""
    settings = [flatten(side.config.model_dump(mode="json")) for side in sides]
    names = sorted({name for each in settings for name in each if not name.startswith(UNLIKE)})
    found = {name: [each.get(name) for each in settings] for name in names}
    return {name: values for name, values in found.items() if values.count(values[0]) < len(values)}
