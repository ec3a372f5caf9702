"""Reading the tutorial's results, and counting every image once."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from job.errors import BadDataError, UsageError
from job.tutorial.counts import arm_of, boxes_once, drawn_images, repeats, unique_images
from job.tutorial.read import RANDOM, UNCERTAINTY, Run, read_tutorial
from tests.unit.tutorial.make_tutorial import write_tutorial

CSV = f"{RANDOM}/experiment-1/csv.txt"
QUERIES = f"{RANDOM}/experiment-1/queries.txt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tutorial(tmp_path / "results")


def test_every_run_of_both_strategies_is_read(folder: Path) -> None:
    """Runs come by strategy, in the order of their names, with all columns and queries."""
    runs = read_tutorial(folder)
    assert {strategy: len(group) for strategy, group in runs.items()} == {RANDOM: 2, UNCERTAINTY: 1}
    run = runs[RANDOM][1]
    assert run.name == f"{RANDOM}/experiment-1"
    assert list(run.metric) == [0.1, 0.42, 0.5]
    assert list(run.train_seconds) == [10, 10, 10]
    assert list(run.counted_images) == [4, 8, 12]
    assert list(run.counted_boxes) == [8, 24, 36]
    assert run.queries == ((0, 1, 2, 3), (0, 4), (4, 5))
    uncertainty = runs[UNCERTAINTY][0]
    assert list(uncertainty.active_seconds) == [0, 3, 3]
    assert list(uncertainty.total_seconds) == [10, 13, 13]


def test_a_folder_without_the_layout_is_a_usage_error(tmp_path: Path) -> None:
    """The line says what the layout is."""
    with pytest.raises(UsageError, match=r"nowhere: no random_sampling/experiment-\*; .*csv\.txt"):
        read_tutorial(tmp_path / "nowhere")


def test_both_strategies_have_to_be_there(folder: Path) -> None:
    """One strategy alone compares with nothing."""
    (folder / UNCERTAINTY).rename(folder / "uncertainty")
    with pytest.raises(UsageError, match="no uncertainty_aldod_sampling/experiment"):
        read_tutorial(folder)


@pytest.mark.parametrize("name", [CSV, QUERIES])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    """The line holds its path."""
    (folder / name).unlink()
    with pytest.raises(BadDataError, match=f"{name} is missing"):
        read_tutorial(folder)


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (CSV, "strategy,args", "Strategy,args", "csv.txt:1: the header is not strategy,args"),
        (CSV, "1,0.42,", "1,x,", "csv.txt:3: mAP is 'x', which is no number from 0 to 1"),
        (CSV, "1,0.42,", "1,1.42,", "csv.txt:3: mAP is '1.42'"),
        (CSV, "1,0.42,", "1,nan,", "csv.txt:3: mAP is 'nan'"),
        (CSV, "2,0.5,10.0", "2,0.5,-1", "csv.txt:4: train_time is '-1'"),
        (CSV, ",12,36", ",inf,36", "csv.txt:4: total_samples is 'inf'"),
        (CSV, ",12,36", ",12", "csv.txt:4: 8 cells instead of 9"),
        (CSV, ",2,0.5", ",3,0.5", "csv.txt:4: step is '3', the next one is 2"),
        (CSV, f"{RANDOM},{{}},1", "entropy,{},1", "csv.txt:3: strategy is 'entropy' in a folder"),
        (CSV, "1,0.42", '1,"0.42', "csv.txt cannot be read"),
        (QUERIES, "step,indices", "indices", "queries.txt:1: the header is not step,indices"),
        (QUERIES, "[0, 4]", "[0, 4", "queries.txt:3: indices are no list of image numbers"),
        (QUERIES, "[0, 4]", "[]", "queries.txt:3: indices"),
        (QUERIES, "[0, 4]", "[true]", "queries.txt:3: indices"),
        (QUERIES, "[0, 4]", "[-1]", "queries.txt:3: indices"),
        (QUERIES, "[0, 4]", "7", "queries.txt:3: indices"),
        (QUERIES, '2,"[4, 5]"\n', "", "csv.txt has 3 rounds, queries.txt has 2"),
    ],
)
def test_broken_input_is_refused_with_file_and_line(
    folder: Path, name: str, old: str, new: str, message: str
) -> None:
    """Whatever is wrong in a file is one line that says where."""
    text = (folder / name).read_text(encoding="utf-8")
    assert old in text
    (folder / name).write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(BadDataError) as error:
        read_tutorial(folder)
    assert message in str(error.value)
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)


def test_bytes_that_are_no_text_are_refused(folder: Path) -> None:
    """A binary file is bad input, not a bug."""
    (folder / CSV).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadDataError, match=r"csv\.txt cannot be read"):
        read_tutorial(folder)


def cut(path: Path, num_lines: int) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(lines[:num_lines]), encoding="utf-8")


def test_different_rounds_between_runs_are_refused(folder: Path) -> None:
    """A mean over runs needs the same rounds of all; the line names both runs."""
    cut(folder / CSV, 3)
    cut(folder / QUERIES, 3)
    message = "experiment-0 has 3 rounds, random_sampling/experiment-1 has 2"
    with pytest.raises(BadDataError, match=message):
        read_tutorial(folder)


def test_a_single_round_is_refused(folder: Path) -> None:
    """A curve has at least two points."""
    for path in (folder / CSV, folder / QUERIES):
        cut(path, 2)
    with pytest.raises(BadDataError, match="at least two"):
        read_tutorial(folder)


def test_an_image_counts_once_however_often_it_is_drawn(folder: Path) -> None:
    """Image 0 is drawn though labelled, image 4 twice: 4, 5 and 6 images of 4, 6 and 8 drawn."""
    run = read_tutorial(folder)[RANDOM][0]
    assert list(unique_images(run)) == [4, 5, 6]
    assert list(drawn_images(run)) == [4, 6, 8]
    assert repeats(run) == 2


def test_boxes_are_exact_where_no_image_is_drawn_twice(folder: Path) -> None:
    """4 and 5 have 6 boxes, 6 and 7 have 4: 8, 14 and 18 with the initial set."""
    boxes, error = boxes_once(read_tutorial(folder)[UNCERTAINTY][0])
    assert list(boxes) == [8, 14, 18]
    assert list(error) == [0, 0, 0]


def test_boxes_are_the_ratio_estimate_where_images_are_redrawn(folder: Path) -> None:
    """Round 1 drew 8 boxes on 2 images, 1 of them new: 4 more; round 2 makes 14 on 4, 2 new: 7.

    Boxes per image have variance ((8 - 7)^2 / 2 + (6 - 7)^2 / 2) / 1 = 1. In both rounds the ratio
    is 1/2 and two images have weight 1/2 in the error: sqrt(1/2).
    """
    boxes, error = boxes_once(read_tutorial(folder)[RANDOM][0])
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
    runs = read_tutorial(folder)[RANDOM]
    message = "experiment-1: total_samples is 9 in step 1, which 4 initial and 2 queried"
    with pytest.raises(BadDataError, match=message):
        arm_of("random", runs)


def test_queries_that_are_counted_once_are_taken_as_they_are(folder: Path) -> None:
    """A corrected run, whose counts hold each query once, has its boxes left alone."""
    path = folder / UNCERTAINTY / "experiment-0" / "csv.txt"
    text = path.read_text(encoding="utf-8").replace(",8,20", ",6,14").replace(",12,28", ",8,18")
    path.write_text(text, encoding="utf-8")
    run = read_tutorial(folder)[UNCERTAINTY][0]
    assert repeats(run) == 1
    assert list(boxes_once(run)[0]) == [8, 14, 18]


def test_a_strategy_is_the_mean_of_its_runs(folder: Path) -> None:
    """mAP, counts and times are means over runs; runs that picked the same count as one draw."""
    runs = read_tutorial(folder)
    random = arm_of("random", runs[RANDOM])
    assert random.metric_by_run.tolist() == [[0.1, 0.38, 0.5], [0.1, 0.42, 0.5]]
    assert random.metric == pytest.approx([0.1, 0.4, 0.5])
    assert list(random.images) == [4, 5, 6]
    assert list(random.seconds) == [10, 20, 30]
    assert (random.num_picks, random.num_rounds) == (1, 2)
    uncertainty = arm_of("uncertainty", runs[UNCERTAINTY])
    assert (uncertainty.train_seconds, uncertainty.active_seconds) == (30, 6)
    assert list(uncertainty.seconds) == [10, 23, 36]


def test_runs_with_other_picks_are_counted_apart(folder: Path) -> None:
    """Two runs that differ in one image are two series of picks."""
    replace_in(folder / QUERIES, lambda text: text.replace("[4, 5]", "[4, 6]"))
    assert arm_of("random", read_tutorial(folder)[RANDOM]).num_picks == 2


def replace_in(path: Path, change: Callable[[str], str]) -> None:
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
