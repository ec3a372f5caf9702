"""What each arm picked: classes, boxes, redundancy, overlap, and the picks themselves."""

import base64

from job.report.analysis.facts import boxes_per_image, overlaps, picked_shares
from job.report.drawing.figures import class_bars
from job.report.markup import render
from job.report.sections.base import Context, Section, SectionBuilder
from job.report.tables import table_row

_TEMPLATE = """
{% for each in figures %}{{ figure(each) }}{% endfor %}
{{ table(header, images, caption) }}
{% if groups %}{{ table(group_header, groups, group_caption, true) }}{% endif %}
{% if overlaps %}
{{ table(("arms", "overlap"), overlaps,
  "Overlap of two arms' picks after round 0 (Jaccard, mean over seeds)") }}
{% endif %}
{% for sheet, data in sheets %}
<details>
<summary>{{ sheet.arm }}, seed {{ sheet.seed }}, round {{ sheet.round }}: first picks</summary>
<img src="data:image/jpeg;base64,{{ data }}" loading="lazy"
  alt="First picks of {{ sheet.arm }} in round {{ sheet.round }} with their annotated boxes">
</details>
{% endfor %}
"""
_CAPTION = "Images that were picked after round 0: annotated boxes in an image"
_REDUNDANCY = (
    ", and redundancy: the mean cosine of a pick to the most similar pick of its round, by the"
    " embeddings of round 0 (1: all have a twin)"
)


class PicksSection(SectionBuilder):
    """The picks after round 0, beside the whole pool."""

    def build(self, context: Context) -> Section:
        """Return the section."""
        shares = picked_shares(context.facts)
        figures = []
        if shares.keys() - {"pool"}:
            title = "Classes among the boxes that each arm had labelled"
            title += ", beside the pool's" * ("pool" in shares)
            plot = class_bars(
                "picked-classes", title, "share of boxes", shares, context.styles, is_share=True
            )
            figures.append(context.draw(plot))
        has_redundancy = bool(context.redundancies)
        return Section(
            title="What was picked",
            link="Picks",
            html=render(
                _TEMPLATE,
                figures=figures,
                caption=_CAPTION + _REDUNDANCY * has_redundancy,
                header=("", "boxes/image", *["redundancy"] * has_redundancy),
                images=_image_cells(context),
                **_groups(context),
                overlaps=[
                    (f"{first} and {second}", f"{value:.2f}")
                    for (first, second), value in overlaps(context.facts).items()
                ],
                sheets=[(each, base64.b64encode(each.jpeg).decode()) for each in context.sheets],
            ),
            figures=figures,
            tables={"groups": [table_row(each) for each in context.groups.labelled]}
            if context.groups
            else {},
        )


def _groups(context: Context) -> dict[str, object]:
    """Return a table of the groups that each arm has labelled; one column for each round."""
    if context.groups is None:
        return {"groups": []}
    cells: dict[str, dict[int, str]] = {}
    for each in context.groups.labelled:
        cells.setdefault(each.arm, {})[each.round] = f"{each.groups:.1f} / {each.images:.0f}"
    rounds = sorted({index for of in cells.values() for index in of})
    return {
        "group_header": ("", *(f"round {index}" for index in rounds)),
        "groups": [(arm, *(of.get(index, "") for index in rounds)) for arm, of in cells.items()],
        "group_caption": (
            "Groups with a labelled image / labelled images, mean over seeds; the pool has "
            f"{context.groups.num_pool:,} groups"
        ),
    }


def _image_cells(context: Context) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, value in boxes_per_image(context.facts).items():
        alike = context.redundancies.get(name)
        cells = ["" if alike is None else f"{alike:.3f}"] if context.redundancies else []
        rows.append((name, f"{value:.2f}", *cells))
    return rows
