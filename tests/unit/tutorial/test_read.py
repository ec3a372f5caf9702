"""Reading the tutorial's results."""

from pathlib import Path

import pytest

from job.errors import BadDataError, UsageError
from job.tutorial.read import RANDOM, UNCERTAINTY, read_tutorial
from tests.unit.tutorial.make_tutorial import write_tutorial

CSV = f"{RANDOM}/experiment-1/csv.txt"
QUERIES = f"{RANDOM}/experiment-1/queries.txt"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tutorial(tmp_path / "results")


def test_every_run_of_both_strategies_is_read(folder: Path) -> None:
    """Runs come by strategy, in the order of their names, with all columns and queries."""
    runs = read_tutorial(folder).runs
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


@pytest.mark.parametrize(
    ("name", "old", "new", "message"),
    [
        (CSV, "1,0.42,", "1,x,", "csv.txt:3: mAP is 'x', which is not a number from 0 to 1"),
        (CSV, "1,0.42,", "1,1.42,", "csv.txt:3: mAP is '1.42'"),
        (CSV, "1,0.42,", "1,nan,", "csv.txt:3: mAP is 'nan'"),
        (CSV, "2,0.5,10.0", "2,0.5,-1", "csv.txt:4: train_time is '-1'"),
        (CSV, ",12,36", ",inf,36", "csv.txt:4: total_samples is 'inf'"),
        (CSV, ",12,36", ",12", "csv.txt:4: 8 cells instead of 9"),
        (CSV, ",2,0.5", ",3,0.5", "csv.txt:4: step is '3', the next one is 2"),
        (CSV, f"{RANDOM},{{}},1", "entropy,{},1", "csv.txt:3: strategy is 'entropy' in a folder"),
        (CSV, "1,0.42", '1,"0.42', "csv.txt cannot be read"),
        (QUERIES, "[0, 4]", "[0, 4", "queries.txt:3: indices are not a list of image numbers"),
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


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize("name", [CSV, QUERIES])
def test_a_run_that_lacks_a_file_is_left_out(folder: Path, name: str) -> None:
    """It was killed before its first line was written."""
    (folder / name).unlink()
    results = read_tutorial(folder)
    assert [run.name for run in results.runs[RANDOM]] == [f"{RANDOM}/experiment-0"]
    assert results.aborted == {f"{RANDOM}/experiment-1": f"{Path(name).name} is missing"}


@pytest.mark.parametrize("num_bytes", [1, 2, 12])
@pytest.mark.parametrize("name", [CSV, QUERIES])
def test_a_run_whose_last_line_is_cut_off_is_left_out(
    folder: Path, name: str, num_bytes: int
) -> None:
    """It was killed as it wrote: even a line that can be read may have lost digits."""
    (folder / name).write_bytes((folder / name).read_bytes()[:-num_bytes])
    results = read_tutorial(folder)
    assert [run.name for run in results.runs[RANDOM]] == [f"{RANDOM}/experiment-0"]
    reason = f"{Path(name).name}: its last line is cut off"
    assert results.aborted == {f"{RANDOM}/experiment-1": reason}


@pytest.mark.parametrize("num_lines", [0, 1, 2])
@pytest.mark.parametrize("name", [CSV, QUERIES])
def test_a_run_of_fewer_than_two_rounds_is_left_out(
    folder: Path, name: str, num_lines: int
) -> None:
    """It was aborted: the others are read, and it is listed with the reason."""
    cut(folder / name, num_lines)
    results = read_tutorial(folder)
    assert [run.name for run in results.runs[RANDOM]] == [f"{RANDOM}/experiment-0"]
    assert list(results.aborted) == [f"{RANDOM}/experiment-1"]
    assert "not at least 2" in results.aborted[f"{RANDOM}/experiment-1"]


@pytest.mark.parametrize(
    ("name", "old", "new", "reason"),
    [
        (CSV, "strategy,args", "Strategy,args", "csv.txt:1: the header is not strategy,args,"),
        (CSV, ",bboxes", "", "csv.txt:1: the header is not strategy,args,"),
        (QUERIES, "step,indices", "indices", "queries.txt:1: the header is not step,indices"),
    ],
)
def test_a_run_with_other_columns_is_left_out(
    folder: Path, name: str, old: str, new: str, reason: str
) -> None:
    """Another version of the tutorial's program wrote it."""
    change(folder / name, old, new)
    results = read_tutorial(folder)
    assert [run.name for run in results.runs[RANDOM]] == [f"{RANDOM}/experiment-0"]
    assert results.aborted[f"{RANDOM}/experiment-1"].startswith(reason)


def test_a_strategy_whose_runs_were_all_aborted_is_refused(folder: Path) -> None:
    """Nothing is left to compare; the line says why each was left out."""
    for path in folder.glob(f"{UNCERTAINTY}/*/csv.txt"):
        cut(path, 1)
    message = rf"every run of {UNCERTAINTY} was aborted \(csv.txt has 0 rounds, .*not at least 2\)"
    with pytest.raises(BadDataError, match=message):
        read_tutorial(folder)
