"""The tutorial's figures and the table for the terminal."""

import io
import textwrap

from matplotlib.figure import Figure
from rich.console import Console

from job.tutorial.analysis import TutorialAnalysis
from job.tutorial.figures import numbers_table, plot_chart


def test_the_table_shows_every_row(small: TutorialAnalysis) -> None:
    """Name, three numbers, whether it survives, and the remark, in a terminal."""
    console = Console(width=220, record=True, file=io.StringIO())
    console.print(numbers_table(small.rows))
    text = console.export_text()
    assert all(each.name in text for each in small.rows)
    (line,) = [line for line in text.splitlines() if "lead at the same budget" in line]
    assert [cell.strip() for cell in line.split("│")[2:6]] == ["+5.0 %", "+22.5 %", "-12.5 %", "no"]


def test_a_figure_states_what_it_shows(small: TutorialAnalysis) -> None:
    """Title, axes and note are text; so is the alternative for readers who cannot see it."""
    plot = plot_chart(small.charts[0])
    assert plot.name == "tutorial-learning-curve"
    assert "Uncertainty's lead is 0.100 mAP on average" in plot.title
    assert "As published, random: mAP at IoU 0.5 from 0.1 to 0.5" in plot.alt
    figure = Figure()
    plot.paint(figure)
    published, once = figure.axes
    assert figure.get_suptitle() == textwrap.fill(plot.title, 100)
    assert figure.get_supxlabel().startswith("Bands:")
    assert (published.get_title(), once.get_xlabel()) == (
        "As published",
        "labelled images, each counted once",
    )
    assert {"random", "uncertainty"} <= {text.get_text() for text in once.texts}


def test_rounds_are_whole_numbers_on_their_axis(small: TutorialAnalysis) -> None:
    """There is no round and a half; images may have any ticks."""
    (chart,) = [each for each in small.charts if each.name == "difference"]
    figure = Figure()
    plot_chart(chart).paint(figure)
    rounds, images = (axes.xaxis.get_major_locator() for axes in figure.axes)
    assert [rounds._integer, images._integer] == [True, False]  # type: ignore[attr-defined]  # noqa: SLF001 - matplotlib tells no other way
