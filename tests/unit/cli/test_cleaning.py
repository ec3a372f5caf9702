"""`al-job delete` and `al-job prune`."""

import shutil
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest

from job.keys import ExperimentKeys, RoundRef
from job.progress import Driver, Phase, Status, dump_status
from job.storage.local import LocalStore
from tests.conftest import AlJob, FinishedState

CHECKPOINT = RoundRef("tiny", 0, None, 0).stage("train").key("checkpoint-1.safetensors")


@pytest.fixture
def store(tmp_path: Path, tiny: str, finished_state: FinishedState) -> LocalStore:
    """A store with an experiment of one round, and a checkpoint that was left."""
    finished = finished_state(tiny.replace("rounds: 3", "rounds: 1"))
    made = LocalStore(shutil.copytree(finished, tmp_path / "state"))
    made.write(CHECKPOINT, bytes(1500))
    return made


def drive(store: LocalStore, phase: Phase, minutes: float) -> None:
    """Leave the status of a driver that published it some minutes ago."""
    driver = Driver(
        phase=phase, updated=datetime.now(UTC) - timedelta(minutes=minutes), release="al-voc"
    )
    status = Status(experiment="tiny", driver=driver, rounds=[])
    store.write(ExperimentKeys("tiny").status, dump_status(status))


def test_a_dry_run_lists_and_removes_nothing(store: LocalStore, al_job: AlJob) -> None:
    """Keys with their sizes, and a summary."""
    ended = al_job("prune", "tiny", "--store", store.root, "--dry-run")
    assert ended.code == 0
    assert f"1.5 kB  {CHECKPOINT}" in ended.out
    assert "tiny: 0 models (0 bytes), 1 checkpoints (1.5 kB), 0 orphans (0 bytes)" in ended.out
    assert store.exists(CHECKPOINT)


def test_pruning_removes_and_says_how_much(store: LocalStore, al_job: AlJob) -> None:
    """The same summary; a second pruning finds nothing."""
    ended = al_job("prune", "tiny", "--store", store.root)
    assert "1 checkpoints (1.5 kB)" in ended.out
    assert not store.exists(CHECKPOINT)
    assert "0 checkpoints (0 bytes)" in al_job("prune", "tiny", "--store", store.root).out


def test_nothing_is_deleted_unasked(
    store: LocalStore, al_job: AlJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an answer, or --yes, everything stays."""
    monkeypatch.setattr("sys.stdin", StringIO(""))
    before = list(store.list(""))
    ended = al_job("delete", "tiny", "--store", store.root)
    assert ended.code == 64
    assert "nothing was deleted" in ended.error
    assert list(store.list("")) == before


def test_a_deletion_keeps_the_data_set(store: LocalStore, al_job: AlJob) -> None:
    """With --yes nobody is asked; the data set stays, and the name is free."""
    ended = al_job("delete", "tiny", "--store", store.root, "--yes")
    assert ended.code == 0
    assert "deleted" in ended.out
    assert list(store.list("experiments/")) == []
    assert store.exists("datasets/drawn/dataset.json")
    ended = al_job("delete", "tiny", "--store", store.root, "--yes")
    assert ended.code == 64
    assert "no experiment " in ended.error


@pytest.mark.parametrize("command", [["delete", "--yes"], ["prune"]])
def test_an_experiment_that_is_driven_is_left_alone(
    store: LocalStore, al_job: AlJob, command: list[str]
) -> None:
    """Unless its driver is over or silent for long, or --force is said."""
    arguments = [*command, "tiny", "--store", store.root]
    drive(store, "running", minutes=1)
    ended = al_job(*arguments)
    assert ended.code == 64
    assert "its driver published its status" in ended.error
    assert store.exists(CHECKPOINT)
    store.write(ExperimentKeys("tiny").status, b"{")
    assert "a driver may be at work on it" in al_job(*arguments).error
    drive(store, "running", minutes=1)
    assert al_job(*arguments, "--force").code == 0
    assert not store.exists(CHECKPOINT)


@pytest.mark.parametrize(("phase", "minutes"), [("finished", 0), ("running", 6)])
def test_a_driver_that_is_over_or_silent_hinders_nobody(
    store: LocalStore, al_job: AlJob, phase: Phase, minutes: float
) -> None:
    """A driver publishes every 20 seconds: after five minutes it is gone."""
    drive(store, phase, minutes)
    assert al_job("prune", "tiny", "--store", store.root).code == 0


def test_an_experiment_of_a_newer_version_is_only_read(store: LocalStore, al_job: AlJob) -> None:
    """Reading commands and `delete` work; whoever would run, change or prune it is refused."""
    key = ExperimentKeys("tiny").config
    text = store.read(key).decode()
    store.write(key, text.replace("train:\n", "train:\n  newer: 1\n").encode())
    place = ("--store", store.root)
    config = store.root / "tiny.yaml"
    config.write_text(text)
    for command in (["run", config], ["init", config], ["select", "--round", 0], ["prune", "tiny"]):
        ended = al_job(*command, *place)
        assert ended.code == 78, command
        assert "train.newer; update al-voc; status and report still work" in ended.error
    for command in (["status"], ["report"], ["prune", "tiny", "--dry-run"]):
        assert al_job(*command, *place).code == 0, command
    assert store.exists(CHECKPOINT)
    assert al_job("delete", "tiny", "--yes", *place).code == 0
