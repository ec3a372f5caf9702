"""The tutorial's analysis, worked out by hand on a small example."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from job.errors import BadDataError
from job.tutorial.analysis import TutorialAnalysis, analyse
from tests.unit.tutorial.make_tutorial import HEADER, RANDOM, UNCERTAINTY, row, write_tutorial


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


def test_runs_that_were_aborted_are_listed(tmp_path: Path) -> None:
    """The findings name each with its reason; the numbers are those of the others."""
    folder = write_tutorial(tmp_path / "results")
    whole = analyse(folder)
    aborted = folder / UNCERTAINTY / "experiment-1"
    aborted.mkdir()
    (aborted / "csv.txt").write_text(f"{HEADER}\n")
    (aborted / "queries.txt").write_text("step,indices\n")
    found = analyse(folder)
    assert found.rows == whole.rows
    assert found.findings[:-1] == whole.findings
    assert found.findings[-1] == (
        f"Left out, because they were aborted: {UNCERTAINTY}/experiment-1: "
        "csv.txt has 0 rounds, queries.txt has 0, not at least 2."
    )
