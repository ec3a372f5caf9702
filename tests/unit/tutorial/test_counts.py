"""Counting every image of the tutorial's runs once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from job.errors import BadDataError
from job.tutorial.counts import arm_of, boxes_once, drawn_images, repeats, unique_images
from job.tutorial.read import RANDOM, UNCERTAINTY, Run, read_tutorial
from tests.unit.tutorial.make_tutorial import write_tutorial

CSV = f"{RANDOM}/experiment-1/csv.txt"
QUERIES = f"{RANDOM}/experiment-1/queries.txt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tutorial(tmp_path / "results")


def test_an_image_counts_once_however_often_it_is_drawn(folder: Path) -> None:
    """Image 0 is drawn though labelled, image 4 twice: 4, 5 and 6 images of 4, 6 and 8 drawn."""
    run = read_tutorial(folder).runs[RANDOM][0]
    assert list(unique_images(run)) == [4, 5, 6]
    assert list(drawn_images(run)) == [4, 6, 8]
    assert repeats(run) == 2


def test_boxes_are_exact_where_no_image_is_drawn_twice(folder: Path) -> None:
    """4 and 5 have 6 boxes, 6 and 7 have 4: 8, 14 and 18 with the initial set."""
    boxes, error = boxes_once(read_tutorial(folder).runs[UNCERTAINTY][0])
    assert list(boxes) == [8, 14, 18]
    assert list(error) == [0, 0, 0]


def test_boxes_are_the_ratio_estimate_where_images_are_redrawn(folder: Path) -> None:
    """Round 1 drew 8 boxes on 2 images, 1 of them new: 4 more; round 2 makes 14 on 4, 2 new: 7.

    Boxes per image have variance ((8 - 7)^2 / 2 + (6 - 7)^2 / 2) / 1 = 1. In both rounds the ratio
    is 1/2 and two images have weight 1/2 in the error: sqrt(1/2).
    """
    boxes, error = boxes_once(read_tutorial(folder).runs[RANDOM][0])
    assert list(boxes) == [8, 12, 15]
    assert error == pytest.approx([0, 0.5**0.5, 0.5**0.5])


def simulated(rng: np.random.Generator) -> tuple[Run, float]:
    """A run of random sampling on 300 images, and the different boxes it truly labelled."""
    boxes = rng.geometric(0.4, size=300)
    queries = [rng.choice(300, size, replace=False) for size in (50, *[20] * 12)]
    counts = np.cumsum([len(queries[0]), *[2 * len(query) for query in queries[1:]]])
    sums = np.cumsum([boxes[queries[0]].sum(), *[2 * boxes[query].sum() for query in queries[1:]]])
    none = np.zeros(len(queries))
    run = Run(
        name="simulated",
        metric=none,
        train_seconds=none,
        active_seconds=none,
        total_seconds=none,
        counted_images=counts.astype(float),
        counted_boxes=sums.astype(float),
        queries=tuple(tuple(query.tolist()) for query in queries),
    )
    return run, float(boxes[np.unique(np.concatenate(queries))].sum())


def test_the_estimate_of_boxes_is_off_by_what_its_error_says() -> None:
    """Over 300 simulated runs it has no bias, and the error's unit is one standard deviation."""
    rng = np.random.default_rng(0)
    deviations = []
    for _ in range(300):
        run, truth = simulated(rng)
        boxes, error = boxes_once(run)
        deviations.append((boxes[-1] - truth) / error[-1])
    assert abs(np.mean(deviations)) < 0.2
    assert 0.8 < np.std(deviations) < 1.2


def test_counts_that_the_queries_do_not_explain_are_refused(folder: Path) -> None:
    """4 images and 2 queried give 6 or 8, never 9; the line names run and step."""
    path = folder / CSV
    path.write_text(path.read_text(encoding="utf-8").replace(",8,24", ",9,24"), encoding="utf-8")
    runs = read_tutorial(folder).runs[RANDOM]
    message = "experiment-1: total_samples is 9 in step 1, which 4 initial and 2 queried"
    with pytest.raises(BadDataError, match=message):
        arm_of("random", runs)


def test_queries_that_are_counted_once_are_taken_as_they_are(folder: Path) -> None:
    """A corrected run, whose counts hold each query once, has its boxes left alone."""
    path = folder / UNCERTAINTY / "experiment-0" / "csv.txt"
    text = path.read_text(encoding="utf-8").replace(",8,20", ",6,14").replace(",12,28", ",8,18")
    path.write_text(text, encoding="utf-8")
    run = read_tutorial(folder).runs[UNCERTAINTY][0]
    assert repeats(run) == 1
    assert list(boxes_once(run)[0]) == [8, 14, 18]


def test_a_strategy_is_the_mean_of_its_runs(folder: Path) -> None:
    """mAP, counts and times are means over runs; runs that picked the same count as one draw."""
    runs = read_tutorial(folder).runs
    random = arm_of("random", runs[RANDOM])
    assert random.metric_by_run.tolist() == [[0.1, 0.38, 0.5], [0.1, 0.42, 0.5]]
    assert random.metric == pytest.approx([0.1, 0.4, 0.5])
    assert list(random.images) == [4, 5, 6]
    assert list(random.seconds) == [10, 20, 30]
    assert (random.num_picks, random.last_round) == (1, 2)
    uncertainty = arm_of("uncertainty", runs[UNCERTAINTY])
    assert (uncertainty.train_seconds, uncertainty.active_seconds) == (30, 6)
    assert list(uncertainty.seconds) == [10, 23, 36]


def test_runs_with_other_picks_are_counted_apart(folder: Path) -> None:
    """Two runs that differ in one image are two series of picks."""
    replace_in(folder / QUERIES, lambda text: text.replace("[4, 5]", "[4, 6]"))
    assert arm_of("random", read_tutorial(folder).runs[RANDOM]).num_picks == 2


def replace_in(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
