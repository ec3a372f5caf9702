"""The figures of the report, painted and looked at as objects."""

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from job.report.analysis.comparison import compare, mean_points
from job.report.drawing.figures import (
    class_bars,
    difference_curve,
    learning_curve,
    mean_curves,
    stage_times,
    styles_of,
    telling_classes,
)
from job.report.drawing.render import PALETTE, Plot, draw
from tests.unit.report.make_curves import curves


def painted(plot: Plot) -> Axes:
    figure = Figure()
    plot.paint(figure)
    (axes,) = figure.axes
    return axes


def test_arms_beyond_the_palette_have_a_style_too() -> None:
    """Colours begin again, and markers and hatches tell them apart."""
    styles = styles_of([str(number) for number in range(10)])
    assert styles["6"].color == styles["0"].color
    assert len({style.color for style in styles.values()}) == len(PALETTE)
    assert len({(style.color, style.marker) for style in styles.values()}) == 10
    assert len({(style.color, style.hatch) for style in styles.values()}) == 10


def test_a_learning_curve_has_a_thick_mean_and_a_thin_line_for_each_seed() -> None:
    """The mean of 0.4 and 0.6 at 200 images; with one seed there is no thin line."""
    two = curves("a", [[0.2, 0.4], [0.2, 0.6]])
    means = mean_curves(mean_points(two, "images"))
    plot = learning_curve("images", two, means, styles_of(["a"]))
    axes = painted(plot)
    assert [list(map(float, line.get_ydata())) for line in axes.lines] == [  # type: ignore[arg-type]
        pytest.approx([0.2, 0.5]),
        [0.2, 0.4],
        [0.2, 0.6],
    ]
    assert (plot.title, plot.alt) == ("a against labelled images", "a: from 0.200 to 0.500")
    one = two[:1]
    means = mean_curves(mean_points(one, "images"))
    assert len(painted(learning_curve("images", one, means, styles_of(["a"]))).lines) == 1


def test_time_is_drawn_in_hours() -> None:
    """Seconds of annotation by 3,600."""
    one = curves("a", [[0.2, 0.4]], {"annotation_seconds": [3600, 7200]})
    means = mean_curves(mean_points(one, "annotation_seconds"))
    axes = painted(learning_curve("annotation_seconds", one, means, styles_of(["a"])))
    assert list(axes.lines[0].get_xdata()) == [1, 2]  # type: ignore[arg-type]
    assert axes.get_xlabel() == "hours of annotation"


def test_differences_stand_on_a_line_at_0() -> None:
    """The arm is 0.1 above random at 200 images."""
    both = [*curves("random", [[0.2, 0.4]]), *curves("a", [[0.2, 0.5]])]
    differences = mean_curves(compare(both).differences)
    plot = difference_curve("random", differences, styles_of(["random", "a"]))
    zero, line = painted(plot).lines
    assert list(zero.get_ydata()) == [0, 0]  # type: ignore[arg-type]
    assert list(line.get_ydata()) == pytest.approx([0, 0.1])  # type: ignore[arg-type]
    assert plot.alt == "a: +0.100 in the last round"


@pytest.mark.parametrize("is_share", [False, True])
def test_bars_are_in_percent_if_they_are_shares(*, is_share: bool) -> None:
    """The caller says so, and no word of the unit."""
    values = {"pool": {"cow": 0.5}, "a": {"cow": 0.25}}
    plot = class_bars("x", "X", "share", values, styles_of(["a"]), is_share=is_share)
    axes = painted(plot)
    assert isinstance(axes.xaxis.get_major_formatter(), PercentFormatter) == is_share
    assert [bar.get_width() for bar in axes.patches] == [0.5, 0.25]  # type: ignore[attr-defined]
    assert plot.alt == "pool: cow 0.50; a: cow 0.25"


def test_a_seventh_stage_has_a_colour_too() -> None:
    """Colours begin again; bars stand one behind the other."""
    seconds = {"a": {f"stage {number}": 60.0 for number in range(7)}}
    axes = painted(stage_times(seconds))
    assert [bar.get_x() for bar in axes.patches] == list(range(7))  # type: ignore[attr-defined]
    assert axes.patches[6].get_facecolor() == axes.patches[0].get_facecolor()


@pytest.mark.parametrize(
    ("ends", "title"),
    [
        ({"a": 0.5, "b": 0.4}, "a ends highest against labelled images"),
        ({"a": 0.5, "b": 0.5}, "a and b end equal against labelled images"),
        ({"a": 0.5, "b": 0.50004}, "a and b end equal against labelled images"),
        ({"a": 0.5, "b": 0.501}, "b ends highest against labelled images"),
        ({"a": 0.5, "b": 0.5, "c": 0.5}, "3 arms end equal against labelled images"),
        ({"a": 0.5, "b": 0.5, "c": 0.4}, "a and b end highest and equal against labelled images"),
    ],
)
def test_no_arm_ends_highest_without_a_difference(ends: dict[str, float], title: str) -> None:
    """What is equal to three decimals, as every text has it, is equal."""
    known = [curve for arm, end in ends.items() for curve in curves(arm, [[0.2, end]])]
    means = mean_curves(mean_points(known, "images"))
    assert learning_curve("images", known, means, styles_of(list(ends))).title == title


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("num_classes", [20, 80, 365])
@pytest.mark.parametrize("num_arms", [1, 10])
def test_figures_of_classes_are_bounded(num_classes: int, num_arms: int) -> None:
    """At most 30 classes, always as wide as the page: letters keep their size."""
    of = {f"class {number}": number / num_classes for number in range(num_classes)}
    arms = [f"{'a' * 62}{number}" for number in range(num_arms)]
    plot = class_bars("x", "X", "AP", dict.fromkeys(arms, of), styles_of(arms))
    num_shown = min(num_classes, 30)
    assert plot.size[0] == 7
    assert plot.size[1] <= 28
    assert len(painted(plot).patches) == num_shown * num_arms


def test_the_telling_classes_are_the_most_different_the_best_and_the_worst() -> None:
    """Ten each, in the order of the data set; a class that was not measured tells nothing."""
    one = {str(number): number / 100 for number in range(100)}
    other = one | {str(number): 1.0 for number in range(40, 50)} | {"0": float("nan")}
    one["0"] = float("nan")
    shown = telling_classes({"one": one, "other": other})
    assert shown == [str(n) for n in [*range(1, 11), *range(40, 50), *range(90, 100)]]


@pytest.mark.filterwarnings("error")
def test_ten_long_names_leave_room_for_the_lines() -> None:
    """They are shortened, stay apart and below the title, in the order of the ends."""
    arms = [f"{'a' * 61}{number:02d}" for number in range(10)]
    known = [each for n, arm in enumerate(arms) for each in curves(arm, [[0.2, 0.5 + n / 1000]])]
    plot = learning_curve(
        "images", known, mean_curves(mean_points(known, "images")), styles_of(arms)
    )
    axes = painted(plot)
    labels = sorted((text.xy[1], text.get_text()) for text in axes.texts if "a" in text.get_text())  # type: ignore[attr-defined]
    assert [name[-2:] for _, name in labels] == [f"{number:02d}" for number in range(10)]
    assert all(len(name) <= 28 for _, name in labels)
    assert labels[-1][0] <= axes.get_ylim()[1]
    draw(plot)
