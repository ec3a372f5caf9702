"""The tutorial's analysis, worked out by hand on a small example."""

import io
import json
from dataclasses import asdict
from pathlib import Path

import pytest
from rich.console import Console

from job.errors import BadDataError
from job.tutorial.analysis import TutorialAnalysis, analyse
from job.tutorial.charts import Line
from job.tutorial.figures import draw_chart, table_of
from tests.unit.tutorial.make_tutorial import RANDOM, UNCERTAINTY, row, write_tutorial


@pytest.fixture
def small(tmp_path: Path) -> TutorialAnalysis:
    """Mean mAP 0.1, 0.4, 0.5 at 4, 5, 6 images; 0.1, 0.5, 0.6 at 4, 6, 8: counted 4, 8, 12."""
    return analyse(write_tutorial(tmp_path / "results"))


def lines(analysis: TutorialAnalysis, name: str) -> list[dict[str, Line]]:
    """The lines of a figure's panels, by name."""
    (chart,) = [each for each in analysis.charts if each.name == name]
    return [{line.name: line for line in panel.lines} for panel in chart.panels]


@pytest.mark.parametrize(
    ("name", "reproduced", "counted_once"),
    [
        # 0.5 / 0.4 - 1 and 0.6 / 0.5 - 1; at 4, 5, 6 images 0, 0.3 / 0.4 - 1, 0 by trapezoids
        ("uncertainty's lead at the same budget, mean", [0.225], [-0.125]),
        ("uncertainty's lead at the end", [0.2], [0.0]),
        ("uncertainty's lead in mAP, mean", [0.1], [-0.05]),
        ("round of 0.50 mAP, uncertainty / random", [1, 2], []),
        ("images for 0.50 mAP, uncertainty / random", [8, 12], [6, 6]),
        ("additional rounds of random for 0.50 mAP", [1], []),
        ("additional rounds of random for 0.50 mAP, as a share", [1], [0]),
        ("rounds trained at 6 images, uncertainty / random", [], [1, 2]),
        ("fewer images for 0.50 mAP", [1 / 3], [0]),
        ("labelled images, random", [12], [6]),
        ("labelled images, uncertainty", [12], [8]),
        # The highest number in the queries is 7.
        ("share of the pool labelled, random", [1.5], [0.75]),
        ("labelled boxes, random", [36], [15]),
        ("labelled boxes, uncertainty", [28], [18]),
        ("seconds of all rounds, uncertainty", [36], [36]),
        ("increase in seconds", [0.2], [0.2]),
        ("scoring and selecting, in seconds of uncertainty's training", [0.2], [0.2]),
        # 36 + 5 * 28 against 30 + 5 * 36; 36 + 5 * 18 against 30 + 5 * 15
        ("increase with annotation at 5 s a box", [176 / 210 - 1], [126 / 105 - 1]),
        ("annotation saved: 5,000 images, 5 boxes, 0.07 a box", [1750], []),
        ("the same less 500 of set-up", [1250], []),
        # 15 boxes on 6 images: 4 images and none saved, at 2.5 boxes of 0.07
        ("saved for 0.50 mAP, less set-up", [4 * 2.5 * 0.07 - 500], [-500]),
        ("images at random from which it pays", [500 / (0.35 / 3)], []),
    ],
)
def test_numbers_are_those_worked_out_by_hand(
    small: TutorialAnalysis, name: str, reproduced: list[float], counted_once: list[float]
) -> None:
    """Each row holds the number as counted, and with every image counted once."""
    found = row(small, name)
    assert list(found.reproduced) == pytest.approx(reproduced)
    assert list(found.counted_once) == pytest.approx(counted_once, abs=1e-9)


def test_savings_over_all_levels_are_their_least_and_most(small: TutorialAnalysis) -> None:
    """The levels are 0.11 to 0.50; what is in between is straight between rounds.

    As counted, uncertainty needs 4 + 4 / 40 and random 4 + 4 / 30 at 0.11, 8 and 12 at 0.50, and
    7.2 and 8.8 at 0.42, which is 18 % less. Once, they need 5.5 and 5 at 0.40, 6 and 6 at 0.50.
    """
    found = row(small, "fewer images for 0.11 to 0.50 mAP, least / most")
    assert found.reproduced == pytest.approx((1 - 4.1 / (4 + 4 / 30), 1 / 3))
    assert found.counted_once == pytest.approx((-0.1, 0))
    assert found.remark == "as counted, 20 % only above 0.42 mAP"


def test_claims_that_do_not_survive_are_named(small: TutorialAnalysis) -> None:
    """The headline's three forms are lost where uncertainty saves no image and has no lead."""
    lost = {each.name for each in small.rows if each.survives is False}
    assert "uncertainty's lead at the same budget, mean" in lost
    assert "round of 0.50 mAP, uncertainty / random" in lost
    assert "fewer images for 0.50 mAP" in lost
    assert any("fewer images for 0.50 mAP" in finding for finding in small.findings)
    assert row(small, "the same less 500 of set-up").survives is True
    assert row(small, "labelled images, random").survives is None


def test_a_claim_survives_where_uncertainty_is_ahead_at_equal_images(tmp_path: Path) -> None:
    """Counting once condemns nothing by itself: 4 + 2 / 3 images instead of 6 are 22 % fewer."""
    folder = write_tutorial(tmp_path / "results")
    path = folder / UNCERTAINTY / "experiment-0" / "csv.txt"
    text = path.read_text(encoding="utf-8").replace(",0,0.1,", ",0,0.3,")
    path.write_text(text.replace(",1,0.5,", ",1,0.9,"), encoding="utf-8")
    analysis = analyse(folder)
    found = row(analysis, "fewer images for 0.50 mAP")
    assert found.counted_once == pytest.approx((1 - (4 + 2 / 3) / 6,))
    assert found.survives is True
    assert row(analysis, "uncertainty's lead at the same budget, mean").survives is True
    assert row(analysis, "round of 0.50 mAP, uncertainty / random").survives is True


def test_a_level_that_is_never_reached_has_no_number(tmp_path: Path) -> None:
    """No value is made up where random ends below 0.50 mAP; the table shows a dash."""
    folder = write_tutorial(tmp_path / "results")
    for run in folder.glob(f"{RANDOM}/*/csv.txt"):
        text = run.read_text(encoding="utf-8")
        run.write_text(text.replace(",2,0.5,", ",2,0.49,"), encoding="utf-8")
    analysis = analyse(folder)
    for name in ("round of 0.50 mAP, uncertainty / random", "fewer images for 0.50 mAP"):
        assert row(analysis, name).reproduced == ()
        assert row(analysis, name).cells()[2] == "-"
        assert row(analysis, name).survives is False
    assert "nan" not in json.dumps(asdict(analysis), allow_nan=False)


def test_strategies_without_common_metric_are_refused(tmp_path: Path) -> None:
    """Where one starts above all that the other reaches, nothing can be compared."""
    folder = write_tutorial(tmp_path / "results")
    path = folder / UNCERTAINTY / "experiment-0" / "csv.txt"
    path.write_text(
        path.read_text(encoding="utf-8").replace(",0,0.1,", ",0,0.7,"), encoding="utf-8"
    )
    with pytest.raises(BadDataError, match="no hundredth of mAP in common"):
        analyse(folder)


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


def test_findings_say_how_much_the_runs_can_tell(small: TutorialAnalysis) -> None:
    """Shared initial sets and shared picks are said, and that training differs at equal images."""
    text = " ".join(small.findings)
    assert "The 3 runs have 1 initial set" in text
    assert "random's 2 runs have 1 sequence of picks" in text
    assert "Their intervals say nothing about other initial sets" in text
    assert "Random's interval is the noise of training alone" in text
    assert "at 6 images random had trained 2 rounds, uncertainty 1" in text
    assert "drew 2 images that were labelled already" in text


def test_the_analysis_is_json(small: TutorialAnalysis) -> None:
    """Plain numbers and text only, none of them NaN."""
    assert json.loads(json.dumps(asdict(small), allow_nan=False))["findings"]


def test_the_table_shows_every_row(small: TutorialAnalysis) -> None:
    """Name, three numbers, whether it survives, and the remark, in a terminal."""
    console = Console(width=220, record=True, file=io.StringIO())
    console.print(table_of(small.rows))
    text = console.export_text()
    assert all(each.name in text for each in small.rows)
    (line,) = [line for line in text.splitlines() if "lead at the same budget" in line]
    assert [cell.strip() for cell in line.split("│")[2:6]] == ["+5.0 %", "+22.5 %", "-12.5 %", "no"]


def test_a_figure_states_what_it_shows_in_both_schemes(small: TutorialAnalysis) -> None:
    """SVG takes the page's ink and has its title and axes as text; PNG is there too."""
    drawing = draw_chart(small.charts[0])
    assert drawing.name == "tutorial-learning-curve"
    assert "currentColor" in drawing.svg
    for words in ("As published", "labelled images, each counted once", "uncertainty", "Bands:"):
        assert words in drawing.svg
    assert "Uncertainty's lead is 0.100 mAP on average" in drawing.title
    assert "As published, random: mAP at IoU 0.5 from 0.1 to 0.5" in drawing.alt
    assert drawing.png.startswith(b"\x89PNG")
