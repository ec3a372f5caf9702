"""The learning curve: mAP against labelled images and against labelled boxes, an arm a line."""

import io
from collections.abc import Sequence
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from job.report.results import Row


def draw(rows: Sequence[Row], title: str) -> bytes:
    """Return the figure as PNG: the mean over seeds of each arm, each seed as a faint line."""
    figure = Figure(figsize=(10, 4), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    _plot(left, rows, "total_samples")
    _plot(right, rows, "bboxes")
    left.set(xlabel="labelled images", ylabel="mAP at IoU 0.5")
    right.set(xlabel="labelled boxes")
    left.legend(frameon=False)
    figure.suptitle(title)
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _plot(axes: Axes, rows: Sequence[Row], x_name: str) -> None:
    for number, arm in enumerate(dict.fromkeys(row.arm for row in rows)):
        color = f"C{number}"
        of_arm = [row for row in rows if row.arm == arm]
        seeds = [list(group) for _, group in groupby(of_arm, key=lambda row: row.seed)]
        for seed in seeds if len(seeds) > 1 else []:
            x = [getattr(row, x_name) for row in seed]
            axes.plot(x, [_y(row) for row in seed], color=color, alpha=0.25, linewidth=1)
        # Rounds that all seeds have: a mean over fewer would jump for no other reason.
        rounds = sorted(set.intersection(*({row.round for row in seed} for seed in seeds)))
        means = [[row for row in of_arm if row.round == index] for index in rounds]
        axes.plot(
            [np.mean([getattr(row, x_name) for row in group]) for group in means],
            [np.mean([_y(row) for row in group]) for group in means],
            color=color,
            marker="o",
            label=arm,
        )
    axes.grid(alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _y(row: Row) -> float:
    """The metric; nothing is drawn where it is undefined."""
    return np.nan if row.mAP is None else row.mAP
