# ruff: noqa: N806 - shape suffixes
"""The figures of a data set's page."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from job.report.data.facts import DefaultBox, share_below
from job.report.data.labels import SplitLabels
from job.report.drawing.figures import Style
from job.report.drawing.names import wrapped
from job.report.drawing.render import GREY, INK, PALETTE, Plot
from job.report.wording import percent

STYLES = {"pool": Style(PALETTE[0], ""), "test": Style(PALETTE[1], "")}
MAX_BARS = 30
GRID = 24


def boxes_per_image(splits: Sequence[SplitLabels]) -> Plot:
    """Plot how many boxes the labelled images have."""
    counts = {each.split: each.counts_N[each.is_labelled_N] for each in splits}
    most = max(int(each.max(initial=0)) for each in counts.values())
    step = -(-(most + 1) // MAX_BARS)
    bounds = np.arange(0, most + step + 1, step)
    title = "Boxes of an image, in percent of the images"

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        width = step * 0.8 / len(counts)
        for number, (split, counts_N) in enumerate(counts.items()):
            heights, _ = np.histogram(counts_N, bounds)
            places = bounds[:-1] + (step - 1) / 2 + (number - (len(counts) - 1) / 2) * width
            shares = heights / max(len(counts_N), 1)
            axes.bar(places, shares, width, color=STYLES[split].color, label=split)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set(xlabel="boxes", title=title)
        axes.grid(visible=False, axis="x")
        figure.legend(ncols=2, loc="outside lower left")

    alt = "; ".join(
        f"{split}: {each.mean():.2f} on average, {each.max()} at most"
        for split, each in counts.items()
    )
    return Plot("boxes-per-image", title, alt, paint, size=(7.0, 3.2))


def box_sizes(splits: Sequence[SplitLabels], default_box: DefaultBox) -> Plot:
    """Plot the sides of the boxes as the network sees them."""
    size, pixels = default_box.size, default_box.pixels
    bounds = np.geomspace(max(size / 320, 1), size, 33)
    title = f"Sides of the boxes in the network's input of {size} x {size} pixels"

    def paint(figure: Figure) -> None:
        axes = figure.subplots()
        for each in splits:
            sides = np.clip(each.side_B * size, bounds[0], bounds[-1])
            heights, _ = np.histogram(sides, bounds)
            shares = heights / max(len(sides), 1)
            axes.stairs(shares, bounds, color=STYLES[each.split].color, label=each.split, lw=2)
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_formatter("{x:g}")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_ylim(0, 1.15 * axes.get_ylim()[1])
        if pixels:
            _mark(axes, pixels / 2, "half of it", "right")
            _mark(axes, pixels, f"smallest default box: {pixels:g}", "left")
        label = "square root of the area, in pixels"
        axes.set(xlabel=label, ylabel="share of the boxes", title=wrapped(title))
        figure.legend(ncols=2, loc="outside lower left")

    alt = "; ".join(
        f"{each.split}: median {np.median(each.side_B) * size:.0f} pixels"
        + (f", {percent(share_below(each, pixels / size))} below {pixels:g}" if pixels else "")
        for each in splits
        if len(each.side_B)
    )
    return Plot("box-sizes", title, alt, paint, size=(7.0, 3.4))


def _mark(axes: Axes, x: float, text: str, side: str) -> None:
    axes.axvline(x, color=INK, linestyle="--", linewidth=1)
    axes.annotate(
        text,
        (x, 0.98),
        xycoords=axes.get_xaxis_transform(),
        xytext=(4 if side == "left" else -4, 0),
        textcoords="offset points",
        ha=side,
        va="top",
        fontsize=9,
    )


def places(splits: Sequence[SplitLabels]) -> Plot:
    """Plot where in their images boxes have their centres."""
    title = "Where the centres of the boxes lie in their images"
    shown = [each for each in splits if len(each.class_B)]

    def paint(figure: Figure) -> None:
        for axes, each in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
            centres_B2 = (each.boxes_B4[:, :2] + each.boxes_B4[:, 2:]) / 2
            shares_B2 = centres_B2 / each.sizes_N2[each.image_B]
            counts, _, _ = np.histogram2d(
                shares_B2[:, 1], shares_B2[:, 0], bins=GRID, range=((0, 1), (0, 1))
            )
            axes.imshow(counts, cmap="cividis", extent=(0, 1, 1, 0), interpolation="nearest")
            axes.set_title(each.split)
            axes.set_xticks([])
            axes.set_yticks([])
            axes.grid(visible=False)
            for spine in axes.spines.values():
                spine.set_color(GREY)

    alt = "; ".join(
        f"{each.split}: on average {percent(centre[0])} from the left and {percent(centre[1])} "
        "from the top"
        for each in shown
        for centre in [_mean_centre(each)]
    )
    return Plot("places", title, alt, paint, size=(7.0, 3.4))


def _mean_centre(labels: SplitLabels) -> tuple[float, float]:
    centres_B2 = (labels.boxes_B4[:, :2] + labels.boxes_B4[:, 2:]) / 2
    x, y = (centres_B2 / labels.sizes_N2[labels.image_B]).mean(axis=0).tolist()
    return x, y
