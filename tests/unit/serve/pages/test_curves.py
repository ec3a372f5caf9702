"""Curves as they grow."""

import pytest
from matplotlib.figure import Figure

from job.keys import RoundRef
from job.report.drawing.render import Plot
from job.serve.cache import Kept
from job.serve.pages import curves
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.stores import filled
from tests.unit.serve.asking import ask, text_of

PAGE = "/experiments/tiny/"


def test_curves_are_drawn_again_only_when_they_grow(
    finished: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two figures, each with its words and without the names of files."""
    drawn: list[str] = []

    def draw(plot: Plot) -> str:
        drawn.append(plot.name)
        return "<svg></svg>"

    monkeypatch.setattr("job.report.drawing.render.draw_svg", draw)
    monkeypatch.setattr(curves, "_kept", Kept(4))
    store = filled(MemoryStore(), finished)
    last = RoundRef("tiny", 0, "brust", 2).stage("evaluate")
    done = store.read(last.done)
    store.delete(last.done)
    page = text_of(ask(store, PAGE))
    assert "nothing is claimed before all are there" in page
    assert "As files" not in page
    assert text_of(ask(store, PAGE)).count("<svg></svg>") == 2
    assert drawn == ["curve-images", "curve-annotation-seconds"]
    store.write(last.done, done)
    assert "The report says what follows from it" in text_of(ask(store, PAGE))
    assert len(drawn) == 4


def test_a_figure_has_no_title_of_its_own(
    monkeypatch: pytest.MonkeyPatch, finished: LocalStore
) -> None:
    """Its caption says the same; on a phone there is no room for both."""
    titles: list[str] = []

    def draw(plot: Plot) -> str:
        figure = Figure()
        plot.paint(figure)
        titles.extend(axes.get_title(loc="left") for axes in figure.axes)
        return "<svg></svg>"

    monkeypatch.setattr("job.report.drawing.render.draw_svg", draw)
    monkeypatch.setattr(curves, "_kept", Kept(4))
    ask(finished, PAGE)
    assert titles == ["", ""]
