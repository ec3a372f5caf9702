"""What images drawn at random say of the pool. These are estimates; nothing is claimed by them."""

from collections.abc import Iterator
from dataclasses import asdict

from job.report.markup import render
from job.report.pool.contents import ClassEstimate, PoolContents
from job.report.pool.metric import MIN_BOXES_PER_CLASS
from job.report.pool.model import DrawnMetric
from job.report.pool.sampling import MIN_SEEN, Estimated
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.tables import table_row
from job.report.wording import counted, interval_cell, listing, three_decimals

_TEMPLATE = """
<p>{{ basis }}</p>
{{ table(("", "estimate (95 % interval)"), images, "The images of the pool") }}
{{ table(header, classes, "The classes of the pool; in brackets the 95 % interval") }}
<ul>{% for line in models %}<li>{{ line }}</li>{% endfor %}</ul>
<ul class="dim">{% for note in notes %}<li>{{ note }}</li>{% endfor %}</ul>
"""
_HEADER = (
    "class",
    "drawn images with it",
    "images with it, %",
    "share of boxes, %",
)


class PoolSection(SectionBuilder):
    """Class shares, boxes in an image, empty images, and how good models are on the pool."""

    def build(self, context: Context) -> Section | None:
        """Return the section; None if nothing was drawn at random."""
        pool = context.pool
        if pool is None:
            return None
        truth = context.facts.pool_class_counts
        has_truth = any(truth.values())
        classes = [_class_cells(each) for each in pool.classes]
        if has_truth:
            classes = [(*cells, _truth_cell(cells[0], truth)) for cells in classes]
        return Section(
            title="What random draws say of the pool",
            link="Pool",
            html=render(
                _TEMPLATE,
                basis=_basis(pool),
                images=_image_rows(pool),
                header=(*_HEADER, *["share by the ground truth, %"] * has_truth),
                classes=classes,
                models=list(_models(context)),
                notes=list(_notes(context, pool)),
            ),
            tables={
                "pool-classes": [table_row(each) for each in pool.classes],
                "drawn-metrics": [table_row(each) for each in context.drawn_metrics],
            },
            numbers={
                "pool": asdict(pool),
                "drawn_metrics": [asdict(each) for each in context.drawn_metrics],
            },
        )


def _basis(pool: PoolContents) -> str:
    others = pool.num_labelled - pool.num_drawn
    known = (
        f" The {counted(others, 'labelled image')} that {'was' if others == 1 else 'were'} not"
        " drawn at random count as they are."
    )
    return (
        f"Estimates for the {counted(pool.num_pool, 'image')} of the pool, by"
        f" {counted(pool.num_drawn, 'labelled image')} that were drawn at random ({pool.arm}, seed"
        f" {pool.seed}).{known * bool(others)}"
    )


def _image_rows(pool: PoolContents) -> list[tuple[str, str]]:
    return [
        ("images without a box, %", _percent_cell(pool.empty)),
        ("boxes in an image", _cell(pool.boxes_per_image, decimals=2)),
    ]


def _class_cells(each: ClassEstimate) -> tuple[object, ...]:
    return (each.name, each.num_seen, _percent_cell(each.images), _percent_cell(each.boxes))


def _percent_cell(of: Estimated) -> str:
    return _cell(of, 100, decimals=1)


def _cell(of: Estimated, factor: float = 1.0, *, decimals: int) -> str:
    ends = interval_cell(of, factor, f".{decimals}f")
    return f"{factor * of.value:.{decimals}f}{f' ({ends})' * bool(ends)}"


def _truth_cell(name: object, counts: dict[str, int]) -> str:
    return f"{100 * counts[str(name)] / max(sum(counts.values()), 1):.1f}"


def _models(context: Context) -> Iterator[str]:
    for each in context.drawn_metrics:
        sentence = (
            f"{each.arm}, seed {each.seed}: the model of round {each.round} has an mAP of"
            f" {three_decimals(each.metric.value)} (95 % interval"
            f" {interval_cell(each.metric, form='.3f')}) on the images that were unlabelled then."
            f" This rests on {counted(each.num_drawn, 'image')} with"
            f" {counted(each.num_boxes, 'box', 'boxes')} that were drawn at random later, in"
            f" {'round' if len(each.drawn_in) == 1 else 'rounds'} {listing(each.drawn_in)}."
        )
        tested = _test_metric(context, each)
        yield sentence + f" On the test set it has {tested}." * bool(tested)


def _test_metric(context: Context, each: DrawnMetric) -> str:
    return next(
        (
            three_decimals(row.mAP)
            for row in context.rows
            if (row.arm, row.seed, row.round) == (each.arm, each.seed, each.round)
        ),
        "",
    )


def _notes(context: Context, pool: PoolContents) -> Iterator[str]:
    yield (
        "These are estimates about the pool. They compare no arms, and no saving follows from them."
    )
    yield (
        f"There is no interval for boxes of which fewer than {MIN_SEEN} drawn images say anything."
    )
    if pool.num_without:
        yield (
            f"{counted(pool.num_without, 'drawn image')} got no label, because people refused it or"
            " did not come to it. The estimates hold for images that people label."
        )
    if context.drawn_metrics:
        yield (
            "The mAP on the pool is by the boxes of the score record, which has none below"
            f" {context.config.score.score_threshold:g}. So it is a little lower than by all boxes,"
            " as on the test set."
        )
    else:
        yield (
            "How good a model is on the pool is not said: that takes"
            f" {MIN_BOXES_PER_CLASS * len(pool.classes)} boxes ({MIN_BOXES_PER_CLASS} a class) in"
            " images that were drawn at random after it was trained, and the score record of its"
            " round."
        )
