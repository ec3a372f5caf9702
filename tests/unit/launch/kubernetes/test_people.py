"""Stages as Jobs while people label: no Job waits for them."""

import pytest
from structlog.testing import capture_logs

from job.errors import MissingLabelsError
from job.plan import Plan
from tests.unit.launch.kubernetes.conftest import Release, ref_of
from tests.unit.launch.kubernetes.double.scenarios import Answer, Attempt, Exit
from tests.unit.launch.people import LINK, Passes, asking, begun


@pytest.fixture
def passes(release: Release, tiny: str, monkeypatch: pytest.MonkeyPatch) -> Passes:
    """Passes of a release of two seeds whose images people label."""
    config = asking(tiny, "seeds: [0, 1]\n")
    release.config = config.model_copy(update={"rounds": 1})
    begun(release.store, release.config)
    made = Passes()
    made.install(monkeypatch, "job.launch.people")
    return made


@pytest.mark.slow
def test_no_job_waits_for_people(release: Release, passes: Passes) -> None:
    """The driver looks by itself; meanwhile the other seed has its Jobs, and none is spent."""
    first = release.ref("annotate")
    passes.scripts[first] = [6, 2]
    assert release.run() == len(list(Plan(release.config).stages()))
    assert not [name for name in release.double.created if "annotate" in name]
    assert [ref for _, ref in passes.made].count(first) == 3
    states = [states[first] for states in release.published if first in states]
    assert {each.state for each in states} == {"annotating"}
    assert f"6 of 6 to go: {LINK}" in {each.reason for each in states}


def test_people_take_no_room_of_jobs(release: Release, passes: Passes) -> None:
    """With room for one Job, the other seed's training runs while people label."""
    release.launch = release.launch.model_copy(update={"max_parallel": 1})
    passes.scripts[release.ref("annotate")] = [6]
    release.run()
    before = [ref for ref, _ in release.ran if ref.round.seed == 1]
    assert [ref.stage for ref in before] == ["select", "train", "evaluate"]


def test_a_job_without_labels_makes_room(release: Release, tiny: str) -> None:
    """Its stage waits for the next driver; the other seed is finished before this one ends."""
    config = asking(tiny, "seeds: [0, 1]\n").model_copy(update={"rounds": 1})
    oracle = config.model_copy(update={"annotation": type(config.annotation)()})
    release.config, release.launch = oracle, release.launch.model_copy(update={"max_parallel": 1})

    def behave(attempt: Attempt) -> Answer | None:
        ref, _ = ref_of(attempt.arguments)
        lacks_labels = (ref.round.seed, ref.stage) == (0, "annotate")
        return Exit(66, log="al-job: 2 images have no label yet\n") if lacks_labels else None

    release.behaviour = behave
    with capture_logs() as lines, pytest.raises(MissingLabelsError, match="2 images have no label"):
        release.run()
    assert [ref.stage for ref, _ in release.ran if ref.round.seed == 1] == [
        "select",
        "annotate",
        "train",
        "evaluate",
    ]
    assert "job.failed" not in {each["event"] for each in lines}
    assert {each.state for each in release.published[-1].values()} == {"needs labels"}
