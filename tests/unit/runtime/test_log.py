"""Log lines of a process that is part of a trace."""

import json

import pytest

from job.runtime import log

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def test_each_line_says_of_which_trace_it_is(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the standard variable, and by what a process says of itself; without either, nothing."""
    for parent in (PARENT, ""):
        monkeypatch.setenv("TRACEPARENT", parent)
        log.configure(json=True)
        log.get().info("stage.done", seconds=1)
    log.everywhere(trace_id="1234")
    log.get().info("driver.phase")
    log.configure(json=True)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    ids = [(each.get("trace_id"), each.get("span_id")) for each in lines]
    assert ids == [
        ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"),
        (None, None),
        ("1234", None),
    ]
    assert lines[0]["seconds"] == 1
