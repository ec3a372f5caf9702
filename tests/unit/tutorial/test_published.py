"""The tutorial's analysis over its raw files, held to what was published."""

import csv
import json
import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from job.tutorial.analysis import TutorialAnalysis, analyse
from tests.unit.tutorial.make_tutorial import RANDOM, UNCERTAINTY, row

PROJECT = Path(__file__).parents[3]
PUBLISHED = Path(
    os.environ.get("AL_TUTORIAL_RESULTS", PROJECT.parent / "shared" / "data" / "tutorial-results")
)


def raw(strategy: str) -> list[tuple[list[dict[str, str]], list[list[int]]]]:
    """Rows and queries of each run, by the csv module alone."""
    runs = []
    for path in sorted((PUBLISHED / strategy).glob("experiment-*")):
        with (path / "csv.txt").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        with (path / "queries.txt").open(encoding="utf-8") as file:
            runs.append((rows, [json.loads(each["indices"]) for each in csv.DictReader(file)]))
    return runs


def mean_curve(strategy: str) -> list[tuple[float, float]]:
    """Different images and mAP of each round, means over runs, in plain Python."""
    runs = raw(strategy)
    points = []
    for index in range(31):
        images = [len({i for query in queries[: index + 1] for i in query}) for _, queries in runs]
        metric = [float(rows[index]["mAP"]) for rows, _ in runs]
        points.append((sum(images) / len(runs), sum(metric) / len(runs)))
    return points


def at(points: Sequence[tuple[float, float]], images: float) -> float:
    """The metric on the straight line between the two rounds around a number of images."""
    for (x0, y0), (x1, y1) in pairwise(points):
        if x0 <= images <= x1:
            return y0 + (y1 - y0) * (images - x0) / (x1 - x0)
    raise AssertionError(images)


@pytest.fixture(scope="module")
def published() -> TutorialAnalysis:
    return analyse(PUBLISHED)


@pytest.mark.skipif(
    not PUBLISHED.is_dir(),
    reason=f"{PUBLISHED}, the tutorial's results, is absent; AL_TUTORIAL_RESULTS names it",
)
class TestPublished:
    """The raw files of the tutorial."""

    @pytest.mark.parametrize(
        ("name", "values"),
        [
            ("final mAP, random", ["0.5241"]),
            ("final mAP, uncertainty", ["0.5536"]),
            ("seconds of all rounds, random", ["18,741.31"]),
            ("seconds of all rounds, uncertainty", ["19,428.81"]),
            ("increase in seconds", ["3.67 %"]),
            ("labelled boxes, random", ["26,771"]),
            ("labelled boxes, uncertainty", ["27,114"]),
            ("increase with annotation at 5 s a box", ["1.58 %"]),
            ("annotation saved: 5,000 images, 5 boxes, 0.07 a box", ["1,750"]),
            ("the same less 500 of set-up", ["1,250"]),
            ("round of 0.50 mAP, uncertainty / random", ["10", "15"]),
        ],
    )
    def test_published_numbers_are_reproduced_to_the_last_digit(
        self, published: TutorialAnalysis, name: str, values: list[str]
    ) -> None:
        """What the tutorial printed is what comes out of its raw files."""
        _, printed, reproduced, *_ = row(published, name).cells()
        assert printed.split(" / ") == values
        assert reproduced.split(" / ") == values

    def test_the_headline_is_reproduced_as_counted(self, published: TutorialAnalysis) -> None:
        """+5 % at the same budget, and 20 to 30 % fewer images for 0.50 mAP."""
        assert row(published, "uncertainty's lead at the end").reproduced[0] == pytest.approx(
            0.5535602 / 0.5241272 - 1, abs=1e-6
        )
        lead = row(published, "uncertainty's lead at the same budget, mean").reproduced[0]
        assert round(lead, 2) == 0.05
        assert 0.2 <= row(published, "fewer images for 0.50 mAP").reproduced[0] <= 0.3

    def test_scoring_costs_more_than_the_published_increase(
        self, published: TutorialAnalysis
    ) -> None:
        """1,243.62 s of scoring on 18,185.19 s of training; training was shorter by chance."""
        share = row(published, "scoring and selecting, in seconds of uncertainty's training")
        assert share.reproduced[0] == pytest.approx(1243.62 / 18185.19, abs=1e-6)
        remark = row(published, "increase in seconds").remark
        assert remark.startswith("+6.63 % scoring and selecting, -2.97 % training")

    def test_images_are_counted_once(self, published: TutorialAnalysis) -> None:
        """3,606 different images of 5,500 drawn at random; 5,500 or 5,493 by uncertainty."""
        random = row(published, "labelled images, random")
        assert (random.reproduced, random.counted_once) == ((10000,), (3606,))
        assert random.remark == "5,500 were queried, 1,894 of them labelled already"
        uncertainty = row(published, "labelled images, uncertainty").counted_once[0]
        assert uncertainty == pytest.approx((5500 + 5493 + 5493) / 3)
        share = row(published, "share of the pool labelled, uncertainty")
        assert share.counted_once[0] == pytest.approx(uncertainty / 5823)

    def test_the_gap_at_equal_images_vanishes(self, published: TutorialAnalysis) -> None:
        """An independent computation at every whole number of images gives the same mean."""
        random, uncertainty = mean_curve(RANDOM), mean_curve(UNCERTAINTY)
        gaps = [at(uncertainty, n) - at(random, n) for n in range(1000, 3607)]
        mean = (sum(gaps) - (gaps[0] + gaps[-1]) / 2) / (len(gaps) - 1)
        found = row(published, "uncertainty's lead in mAP, mean")
        assert found.reproduced[0] == pytest.approx(
            sum(a - b for (_, a), (_, b) in zip(uncertainty[1:], random[1:], strict=True)) / 30
        )
        assert found.counted_once[0] == pytest.approx(mean, abs=1e-5)
        assert found.remark == f"once: between {min(gaps):+.4f} and {max(gaps):+.4f}"
        assert abs(found.counted_once[0]) < 0.1 * found.reproduced[0]

    def test_claims_are_lost_when_images_are_counted_once(
        self, published: TutorialAnalysis
    ) -> None:
        """Neither the lead, nor the rounds, nor the saving, nor the cost of boxes is left."""
        assert [each.name for each in published.rows if each.survives is False] == [
            "uncertainty's lead at the same budget, mean",
            "round of 0.50 mAP, uncertainty / random",
            "additional rounds of random for 0.50 mAP",
            "additional rounds of random for 0.50 mAP, as a share",
            "fewer images for 0.50 mAP",
            "labelled boxes, random",
            "labelled boxes, uncertainty",
            "increase with annotation at 5 s a box",
        ]

    def test_boxes_are_counted_once(self, published: TutorialAnalysis) -> None:
        """By uncertainty exactly half of what the doubled queries added; at random an estimate."""
        boxes = [2629 + (int(rows[-1]["bboxes"]) - 2629) / 2 for rows, _ in raw(UNCERTAINTY)]
        found = row(published, "labelled boxes, uncertainty")
        assert found.counted_once[0] == pytest.approx(np.mean(boxes))
        # 12,071 boxes on 4,500 queried images, 2,606 of them new
        estimate = row(published, "labelled boxes, random")
        assert estimate.counted_once[0] == pytest.approx(2629 + 12071 * 2606 / 4500)
        assert "estimate, ± 171" in estimate.remark

    def test_the_runs_share_one_seed(self, published: TutorialAnalysis) -> None:
        """All begin with the same images, and the three at random draw the same ones throughout."""
        runs = [queries for strategy in (RANDOM, UNCERTAINTY) for _, queries in raw(strategy)]
        assert all(queries[0] == runs[0][0] for queries in runs)
        assert all(queries == runs[0] for queries in runs[:3])
        assert "1 initial set; random's 3 runs have 1 sequence of picks" in published.findings[4]

    def test_every_figure_draws(self, published: TutorialAnalysis) -> None:
        """The eight figures of the tutorial have points in both panels."""
        assert [each.name for each in published.charts] == [
            "learning-curve",
            "images-needed",
            "difference",
            "relative-difference",
            "additional-rounds",
            "additional-rounds-relative",
            "time",
            "boxes",
        ]
        for chart in published.charts:
            assert all(line.x for panel in chart.panels for line in panel.lines)
