"""A stage that runs in a pod keeps its log in the store: the pod will be gone."""

from pathlib import Path

import pytest

from job import experiment
from job.artifacts.logs import kept_logs
from job.cli.choose import choose_experiment
from job.config import loading
from job.errors import StopRequested, UsageError
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.runtime import log
from job.storage.local import LocalStore

ATTEMPT = "al-voc-tiny-s0-r0-select-1-abcde"


@pytest.fixture
def store(tmp_path: Path, tiny: str, monkeypatch: pytest.MonkeyPatch) -> LocalStore:
    """A store with an experiment, and a process that is an attempt."""
    made = LocalStore(tmp_path)
    experiment.init(made, Plan(loading.parse(tiny, "tiny")))
    monkeypatch.setenv("AL_ATTEMPT", ATTEMPT)
    log.configure(json=True)
    return made


def run(store: LocalStore, stage: str) -> StageRef:
    ref = RoundRef("tiny", 0, None, 0).stage(stage)  # type: ignore[arg-type]
    experiment.run_one_stage(store, choose_experiment(store, None), ref, (0, 1))
    return ref


def test_its_lines_are_kept(store: LocalStore, capsys: pytest.CaptureFixture[str]) -> None:
    """The same that went to standard error, under the attempt's name."""
    ref = run(store, "select")
    [(name, text)] = kept_logs(store, ref)
    assert name == ATTEMPT
    assert text.decode() == capsys.readouterr().err
    assert b'"event": "stage.done"' in text


def test_the_log_of_a_failure_says_why(store: LocalStore) -> None:
    """The line that the program ends with, too."""
    with pytest.raises(UsageError):
        run(store, "train")
    [(_, text)] = kept_logs(store, RoundRef("tiny", 0, None, 0).stage("train"))
    assert (
        text.decode()
        .splitlines()[-1]
        .startswith("al-job: seed 0 round 0 train: seed 0 round 0 annotate is not done yet")
    )


@pytest.mark.parametrize(
    ("error", "last"),
    [(StopRequested("asked to stop"), "al-job: asked to stop"), (KeyError("x"), "KeyError: 'x'")],
)
def test_whatever_ends_it_is_told(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch, error: BaseException, last: str
) -> None:
    """A stop by its line, a bug by its traceback."""

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("job.experiment.run_stage", fail)
    with pytest.raises(type(error)):
        run(store, "select")
    [(_, text)] = kept_logs(store, RoundRef("tiny", 0, None, 0).stage("select"))
    assert text.decode().splitlines()[-1] == last


def test_outside_of_a_pod_nothing_is_kept(
    store: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A terminal is a log of its own."""
    monkeypatch.delenv("AL_ATTEMPT")
    assert list(kept_logs(store, run(store, "select"))) == []
