"""A replay's tables and files."""

import csv
import json
from pathlib import Path

import pytest

from job.acquisition.strategy import Pick, Selection
from job.config.schema import ArmConfig
from job.errors import UsageError
from job.keys import RoundRef
from job.replay.replay import Picked, Replay
from job.replay.write import tables_of, write


def picked(redundancy: float | None) -> Picked:
    return Picked(
        arm=ArmConfig(strategy="random"),
        selection=Selection((Pick("a", 0.5, "drawn"), Pick("b", 0.25, "drawn"))),
        select_seconds=0.1234,
        class_shares={"cat": 0.75, "dog": 0.25},
        boxes_per_image=2.5,
        annotation_seconds=7200.0,
        money=0.35,
        redundancy=redundancy,
    )


REPLAY = Replay(
    ref=RoundRef("tiny", 0, "brust", 2),
    budget=2,
    by_oracle=False,
    pool_class_shares={"cat": 0.5, "dog": 0.5},
    pool_boxes_per_image=3.0,
    picked={"one": picked(0.125), "two": picked(None)},
    overlap={("one", "two"): 1 / 3},
)


def rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_files_hold_what_was_found(tmp_path: Path) -> None:
    """Figures, the overlap of each pair both ways, classes with the pool's, and the picks."""
    out = tmp_path / "deep/out"
    write(REPLAY, {"one": b"a sheet"}, out)
    names = {"summary.csv", "overlap.csv", "classes.csv", "replay.json", "picks", "sheets"}
    assert {path.name for path in out.iterdir()} == names
    summary = rows(out / "summary.csv")
    assert [row["redundancy"] for row in summary] == ["0.125", ""]
    assert summary[0]["annotation_seconds"] == "7200.0"
    assert [row["one"] for row in rows(out / "overlap.csv")] == ["1.0", "0.333333"]
    assert [row["two"] for row in rows(out / "overlap.csv")] == ["0.333333", "1.0"]
    assert [row["cat"] for row in rows(out / "classes.csv")] == ["0.75", "0.75", "0.5"]
    assert [row["id"] for row in rows(out / "picks/two.csv")] == ["a", "b"]
    assert (out / "sheets/one.jpg").read_bytes() == b"a sheet"
    told = json.loads((out / "replay.json").read_text())
    assert told["boxes_are"] == "what the detector expects"
    assert told["strategies"]["one"]["ids"] == ["a", "b"]
    assert told["overlap"] == [{"strategies": ["one", "two"], "jaccard": 1 / 3}]


def test_an_earlier_replay_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Nothing of it is left, nor of the folder in which the new one was made."""
    write(REPLAY, {"one": b"a sheet"}, tmp_path / "out")
    write(REPLAY, {}, tmp_path / "out")
    assert not (tmp_path / "out/sheets").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_is_not_a_folder(tmp_path: Path) -> None:
    """It is refused, and stays."""
    (tmp_path / "out").write_text("mine")
    with pytest.raises(UsageError, match="is not a folder"):
        write(REPLAY, {}, tmp_path / "out")
    assert (tmp_path / "out").read_text() == "mine"


def test_the_terminal_shows_the_same_figures() -> None:
    """Hours, shares in percent, the pool in a last row; what is unknown stays empty."""
    summary, overlap, classes = tables_of(REPLAY)
    assert summary.column(0) == ["one", "two", "unlabelled"]
    assert summary.column(2) == ["2.00", "2.00", ""]
    assert summary.column(4) == ["0.125", "", ""]
    assert overlap.column(2) == ["0.33", "1.00"]
    assert classes.rows[0] == (classes.rows[0][0], "75.0", "75.0", "50.0")
