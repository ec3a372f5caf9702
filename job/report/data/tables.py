# ruff: noqa: N803, N806 - shape suffixes
"""The sections of a data set's page that tell numbers.

B = boxes, C = classes.
"""

from collections import Counter
from statistics import median

import numpy as np

from job.report.data import figures
from job.report.data.facts import DataFacts, share_below
from job.report.data.labels import Flags, SplitLabels
from job.report.data.remarks import remarks
from job.report.drawing.figures import class_bars
from job.report.drawing.render import Draw
from job.report.markup import render
from job.report.picks.groups import num_groups
from job.report.sections.base import Section
from job.report.wording import percent

NUM_SIZES = 8
NUM_GROUPS = 5

_OVERVIEW = """
{% if remarks %}<ul>{% for each in remarks %}<li>{{ each }}</li>{% endfor %}</ul>
{% else %}<p>Nothing stands out.</p>{% endif %}
{{ table(header, rows) }}
{% if groups %}{{ table(("group", "images", "split"), groups, groups_caption) }}{% endif %}
"""
_FIGURES = """
{% for each in figures %}{{ figure(each) }}{% endfor %}
{% if rows %}{{ table(header, rows, caption) }}{% endif %}
"""


def overview(facts: DataFacts) -> Section:
    """Return what stands out, and the counts."""
    largest = [
        (group, f"{number:,}", labels.split)
        for labels in facts.splits
        for group, number in Counter(labels.groups.values()).most_common(NUM_GROUPS)
    ]
    return Section(
        title="Overview",
        html=render(
            _OVERVIEW,
            remarks=remarks(facts),
            header=("", *(each.split for each in facts.splits)),
            rows=_counts(facts),
            groups=largest,
            groups_caption="The largest groups",
        ),
    )


def _counts(facts: DataFacts) -> list[tuple[str, ...]]:
    """Return a row for each count; rows without a number are left out."""
    columns = [_counts_of(facts, each) for each in facts.splits]
    if all(each.is_labelled_N.all() for each in facts.splits):
        columns = [of | {"labelled images": ""} for of in columns]
    rows = [(name, *(of[name] for of in columns)) for name in columns[0]]
    return [row for row in rows if any(row[1:])]


def _counts_of(facts: DataFacts, labels: SplitLabels) -> dict[str, str]:
    crowds, difficult = int(labels.crowd_B.sum()), int(labels.difficult_B.sum())
    num_labelled, num_boxes = labels.num_labelled, len(labels.class_B) - crowds
    return {
        "images": f"{len(labels.ids):,}",
        "labelled images": f"{num_labelled:,}",
        "boxes": f"{num_boxes:,}" if num_labelled else "",
        "boxes of a labelled image": f"{num_boxes / num_labelled:.2f}" if num_labelled else "",
        "images without a box": _told(labels.num_empty),
        "difficult boxes": _told(difficult),
        "crowd regions": _told(crowds),
        "groups": f"{num_groups(labels.ids, labels.groups):,}" if labels.groups else "",
        "copies of images": _told(facts.copies[labels.split]),
    }


def _told(number: int) -> str:
    return f"{number:,}" if number else ""


def shapes(facts: DataFacts, draw: Draw) -> Section:
    """Return how many boxes images have, how large they are, and where they lie."""
    splits, box = facts.labelled, facts.default_box
    with_boxes = [each for each in splits if len(each.class_B)]
    plots = [figures.boxes_per_image(splits)]
    if with_boxes:
        plots += [figures.box_sizes(with_boxes, box), figures.places(with_boxes)]
    drawings = [draw(plot) for plot in plots]
    rows = [
        (
            f"smaller than {text} ({box.pixels / factor:g} pixels)",
            *(percent(share_below(each, box.share / factor), 1) for each in with_boxes),
        )
        for text, factor in (("the smallest default box", 1), ("half of it", 2))
        if with_boxes and box.share is not None and box.pixels is not None
    ]
    caption = f"Boxes by their size in the input of {box.model}, {box.size} x {box.size} pixels"
    header = ("", *(each.split for each in with_boxes))
    html = render(_FIGURES, figures=drawings, header=header, rows=rows, caption=caption)
    return Section(title="Boxes", html=html, figures=drawings)


def classes(facts: DataFacts, draw: Draw) -> Section:
    """Return the boxes and images of each class."""
    names, splits = facts.dataset.classes, facts.labelled
    shares: dict[str, dict[str, float]] = {}
    columns: dict[str, list[object]] = {"class": list(names)}
    for labels in splits:
        counts_C = labels.class_counts_C
        shares[labels.split] = dict(zip(names, counts_C / max(counts_C.sum(), 1), strict=True))
        columns[f"{labels.split} boxes"] = counts_C.tolist()
        mine_C = [(labels.class_B == number) & ~labels.crowd_B for number in range(len(names))]
        columns[f"{labels.split} images"] = [len(np.unique(labels.image_B[b])) for b in mine_C]
        columns[f"{labels.split} median side"] = [_median_side(labels, b) for b in mine_C]
    title = "Classes of the boxes"
    plot = class_bars("classes", title, "share of boxes", shares, figures.STYLES, is_share=True)
    drawn = [draw(plot)]
    rows = list(zip(*columns.values(), strict=True))
    html = render(_FIGURES, figures=drawn, header=list(columns), rows=rows, caption="")
    table = [dict(zip(columns, row, strict=True)) for row in rows]
    return Section(title="Classes", html=html, figures=drawn, tables={"classes": table})


def _median_side(labels: SplitLabels, which_B: Flags) -> str:
    return percent(float(np.median(labels.side_B[which_B])), 1) if which_B.any() else ""


def image_sizes(facts: DataFacts) -> Section:
    """Return the most frequent sizes of images, and the extremes."""
    rows: list[tuple[str, ...]] = []
    for labels in facts.splits:
        sizes = Counter(map(tuple, labels.sizes_N2.tolist()))
        for (width, height), number in sizes.most_common(NUM_SIZES):
            share = percent(number / len(labels.ids), 1)
            rows.append((labels.split, f"{width} x {height}", f"{number:,}", share))
        if len(sizes) > NUM_SIZES:
            rows.append((labels.split, f"{len(sizes) - NUM_SIZES:,} other sizes", "", ""))
    template = "<p>{{ told }}</p>{{ table(header, rows) }}"
    told = " ".join(_range(labels) for labels in facts.splits)
    header = ("split", "width x height", "images", "share")
    html = render(template, told=told, header=header, rows=rows)
    return Section(title="Image sizes", link="Images", html=html)


def _range(labels: SplitLabels) -> str:
    longest = labels.sizes_N2.max(axis=1).tolist()
    if min(longest) == max(longest):
        return f"{labels.split}: the longer side always has {min(longest)} pixels."
    return (
        f"{labels.split}: the longer side has {min(longest)} to {max(longest)} pixels, with a "
        f"median of {median(longest):g}."
    )


def origin(facts: DataFacts) -> Section:
    """Return where the data set comes from."""
    manifest = facts.dataset.manifest
    rows = [
        ("data set", manifest.name),
        ("version", facts.dataset.version),
        ("digest", facts.dataset.digest),
        ("format", manifest.kind),
        *((name.replace("_", " "), str(value)) for name, value in manifest.source.items()),
    ]
    return Section(title="Origin", html=render("{{ table((), rows) }}", rows=rows))
