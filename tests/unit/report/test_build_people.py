"""Reports of rounds that people labelled."""

from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from job.artifacts.outcome import RoundOutcome
from job.artifacts.reader import Reader
from job.config.schema import Config
from job.keys import ExperimentKeys, RoundRef
from job.plan import Plan
from job.report.build import write_report
from job.report.drawing import render
from job.report.people import proposals
from job.report.people.anchoring import Rate, anchoring
from job.storage.local import LocalStore
from tests.conftest import Ended
from tests.unit.report.make_context import asked_image
from tests.unit.report.sketch import sketch


@pytest.fixture
def by_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """All picks were labelled by people whose time nobody measured; figures are sketched."""

    def outcome(reader: Reader, ref: RoundRef) -> RoundOutcome | None:
        if reader.markers.get(ref.stage("annotate")) is None:
            return None
        return RoundOutcome("files", 1, tuple(asked_image(each.id) for each in reader.picks(ref)))

    monkeypatch.setattr(Reader, "outcome", outcome)
    monkeypatch.setattr(render, "draw", sketch)


@pytest.mark.usefixtures("by_people")
def test_the_terminal_says_what_people_did(store: LocalStore, al_job: Callable[..., Ended]) -> None:
    """Seed 0 has 14 images of two arms, and seed 1 has 10 of one."""
    page = store.read(ExperimentKeys("tiny").page)
    ended = al_job("report", "--store", store.root)
    assert "people: 24 of 24 images labelled, 0 refused, 0 open" in ended.out
    assert "Nobody measured the time of people." in ended.out
    assert b"What people did" in store.read(ExperimentKeys("tiny").page)
    store.write(ExperimentKeys("tiny").page, page)


@pytest.mark.usefixtures("by_people")
def test_labels_that_seem_to_follow_the_model_are_warned_of(
    settings: Config, store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the log, too: who reads no page should know."""
    found = anchoring(Rate(90, 100, 40, 0.8, 1.0), Rate(50, 100, 80, 0.4, 0.6))
    monkeypatch.setattr(proposals, "read_anchoring", lambda *_: found)
    page = store.read(ExperimentKeys("tiny").page)
    with capture_logs() as logs:
        write_report(store, Plan(settings), draw=sketch)
    store.write(ExperimentKeys("tiny").page, page)
    assert [line["log_level"] for line in logs if line["event"] == "report.anchoring"] == [
        "warning"
    ]
