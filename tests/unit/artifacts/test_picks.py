"""picks.csv, both ways."""

import pytest

from job.acquisition.strategy import Pick
from job.artifacts.picks import dump_picks, load_picks
from job.errors import BadDataError


def test_picks_are_read_as_they_were_written() -> None:
    """Ids, scores and reasons come back, whatever characters they have, in the order of rank."""
    picks = (Pick("b", 0.5, 'a "cat", or a dog'), Pick("a,1", 0.25, "größe"))
    data = dump_picks(picks)
    assert data.decode().splitlines()[0] == "id,rank,score,reason"
    assert [line.split(",")[-3] for line in data.decode().splitlines()[2:]] == ["1"]
    assert load_picks(data, "picks") == picks


def test_scores_have_six_digits() -> None:
    """A third is written 0.333333."""
    assert b"x,0,0.333333,why\n" in dump_picks([Pick("x", 1 / 3, "why")])


def test_a_column_of_a_newer_version_is_left_alone() -> None:
    """More columns do no harm; a missing one is damage."""
    assert load_picks(b"id,rank,score,reason,new\nx,0,1,r,y\n", "p") == (Pick("x", 1.0, "r"),)
    for text in (b"id,rank\nx,0\n", b"id,rank,score,reason\nx,0,high,r\n", b"\xff"):
        with pytest.raises(BadDataError, match=r"place is damaged \(not a list of picks"):
            load_picks(text, "place")
