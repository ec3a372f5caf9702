"""The series of the tutorial's figures, worked out by hand on a small example."""

import pytest

from job.tutorial.analysis import TutorialAnalysis
from job.tutorial.charts import Line


def lines(analysis: TutorialAnalysis, name: str) -> list[dict[str, Line]]:
    """The lines of a figure's panels, by name."""
    (chart,) = [each for each in analysis.charts if each.name == name]
    return [{line.name: line for line in panel.lines} for panel in chart.panels]


def test_figures_have_the_published_series_and_the_corrected_ones(small: TutorialAnalysis) -> None:
    """Left as published, right by images counted once: the same mAP at other places."""
    published, once = lines(small, "learning-curve")
    assert published["random"].x == (4, 8, 12)
    assert once["random"].x == (4, 5, 6)
    assert once["random"].y == pytest.approx((0.1, 0.4, 0.5))
    # Of two runs a quarter of all resamples is twice the lower one.
    assert once["random"].low == pytest.approx((0.1, 0.38, 0.5))
    assert once["random"].high == pytest.approx((0.1, 0.42, 0.5))
    published, once = lines(small, "difference")
    assert published["uncertainty"].y == pytest.approx((0, 0.1, 0.1))
    assert once["uncertainty"].x == (4, 5, 6)
    assert once["uncertainty"].y == pytest.approx((0, -0.1, 0))
    published, once = lines(small, "relative-difference")
    assert published["uncertainty"].y == pytest.approx((0, 25, 20))
    assert once["uncertainty"].y == pytest.approx((0, -25, 0))
    published, once = lines(small, "images-needed")
    assert published["random"].x[0] == pytest.approx(0.11)
    assert published["random"].y[-1] == pytest.approx(12)
    assert once["uncertainty"].y[-1] == pytest.approx(6)
    published, once = lines(small, "time")
    assert published["uncertainty"].x == pytest.approx((10 / 3600, 23 / 3600, 36 / 3600))
    assert once["uncertainty"].x[-1] == pytest.approx(126 / 3600)
    published, once = lines(small, "boxes")
    assert published["uncertainty"].x == (8, 20, 28)
    assert once["random"].x == (8, 12, 15)


def test_additional_rounds_leave_out_what_random_never_reaches(small: TutorialAnalysis) -> None:
    """Round 2's 0.60 has no point and is told of; round 0 has no share of its own number."""
    published, once = lines(small, "additional-rounds")
    assert published["random"].x == (0, 1)
    assert published["random"].y == pytest.approx((0, 1))
    assert once["random"].x == (4, 6)
    assert once["random"].y == pytest.approx((0, 0))
    published, once = lines(small, "additional-rounds-relative")
    assert published["random"].x == (1,)
    assert published["random"].y == pytest.approx((100,))
    assert once["random"].x == (4, 6)
    (chart,) = [each for each in small.charts if each.name == "additional-rounds"]
    assert chart.note == "Without 1 round of uncertainty whose mAP random never reached."
