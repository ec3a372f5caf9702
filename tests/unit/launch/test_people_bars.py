"""How far people are, on a terminal."""

import io
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from job.artifacts.annotating import Annotating, Attention
from job.keys import RoundRef
from job.launch.people_bars import bars, rate_in_words
from job.runtime import log

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
NEW = Annotating("Label Studio", "http://labels", 250, 0, 0, NOW, NOW)
ANNOTATE = RoundRef("tiny", 0, "brust", 1).stage("annotate")


@pytest.mark.parametrize(
    ("annotating", "words"),
    [
        (NEW, ""),
        (replace(NEW, labelled=100, per_hour=60.0), "60 images/h, 2:30:00 left"),
        (
            replace(NEW, labelled=238, per_hour=48.0, attention=(Attention("a", "b", "c"),)),
            "48 images/h, 0:15:00 left; 1 needs attention",
        ),
    ],
)
def test_rate_and_remaining_time_are_those_of_people(annotating: Annotating, words: str) -> None:
    """150 images at 60 an hour take 2.5 hours, 12 at 48 a quarter; nobody knows at first."""
    assert rate_in_words(annotating) == words


@pytest.mark.parametrize("is_terminal", [True, False])
def test_a_terminal_shows_a_bar_for_each_stage(
    monkeypatch: pytest.MonkeyPatch, *, is_terminal: bool
) -> None:
    """It has what is answered and the rate; elsewhere nothing is drawn."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=is_terminal, width=120)
    monkeypatch.setattr(log, "console", console)
    with bars({ANNOTATE: replace(NEW, labelled=37, refused=3, per_hour=30.0)}):
        pass
    assert ("seed 0 arm brust round 1 annotate" in text.getvalue()) == is_terminal
    assert ("40/250" in text.getvalue()) == is_terminal
    assert ("30 images/h, 7:00:00 left" in text.getvalue()) == is_terminal
