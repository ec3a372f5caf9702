"""`annotating.json`: how far people are."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from job.artifacts.annotating import Annotating, Attention, dump_annotating, load_annotating
from job.errors import BadDataError

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
STATE = Annotating(
    tool="Label Studio",
    link="http://labels/projects/3",
    total=250,
    labelled=210,
    refused=3,
    begun=NOON,
    updated=NOON.replace(hour=14),
    attention=(Attention("a", "'cow' is not a class", "http://labels/t/1"),) * 2,
    at_work=1,
    per_hour=74,
)


def test_what_is_written_is_read_again() -> None:
    """Times, too, in their zone; the object says its format."""
    data = dump_annotating(STATE)
    assert json.loads(data)["format"] == 1
    assert load_annotating(data, "here") == STATE


def test_the_summary_is_one_line() -> None:
    """210 + 3 of 250 are answered, so 37 are left; of an hour's 74 they take half."""
    assert (STATE.answered, STATE.to_go) == (213, 37)
    assert STATE.summary == "37 of 250 to go; 2 need attention: http://labels/projects/3"
    assert STATE.seconds_left == pytest.approx(1800)


def test_nothing_is_said_of_what_is_not_there() -> None:
    """Without wrong answers nothing needs attention, and without a rate nobody knows the end."""
    state = replace(STATE, attention=(), per_hour=None)
    assert state.summary == "37 of 250 to go: http://labels/projects/3"
    assert state.seconds_left is None
    one = replace(STATE, attention=STATE.attention[:1])
    assert one.summary == "37 of 250 to go; 1 needs attention: http://labels/projects/3"


def test_a_damaged_state_is_refused() -> None:
    """The message has the field, and what to do."""
    data = dump_annotating(STATE).replace(b'"total": 250', b'"total": "all"')
    with pytest.raises(BadDataError, match=r"here is damaged \(total: .*\): remove it; the next"):
        load_annotating(data, "here")
