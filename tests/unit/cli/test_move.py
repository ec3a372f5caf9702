"""`al-job move`."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.data.ingest.labels import ingest_labels
from job.keys import ExperimentKeys
from job.plan import Plan
from job.progress import Driver, Status, dump_status
from job.storage.local import LocalStore
from tests.conftest import AlJob
from tests.growing import GROWING, begin, correct, drawn, grow


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    """A store with an experiment on version 1 of its data set, which has three versions."""
    made = LocalStore(tmp_path)
    experiment.init(made, Plan(begin(made)))
    grow(made)
    correct(made, (0, 1))
    return made


def test_a_move_says_what_is_new_and_from_when(store: LocalStore, al_job: AlJob) -> None:
    """8 images were added, 2 of them with labels, and 2 labels were corrected."""
    told = (
        "version 3 of data set 'photos' in all of its rounds, instead of version 1: 8 images more "
        "in the pool, 2 of them with labels, 2 labels added or corrected\n"
    )
    before = store.read(ExperimentKeys("growing").config)
    dry = al_job("move", "growing", "--store", store.root, "--dry-run")
    assert (dry.code, dry.out) == (0, f"growing: would use {told}")
    assert store.read(ExperimentKeys("growing").config) == before
    ended = al_job("move", "growing", "--store", store.root)
    assert (ended.code, ended.out) == (0, f"growing: uses {told}")
    assert load_experiment(store, "growing").dataset.moves[0].version == 3


def test_a_label_that_is_corrected_again_is_counted(store: LocalStore, al_job: AlJob) -> None:
    """Labels that differ count, and not how many images have one; no images are not mentioned."""
    al_job("move", "growing", "--store", store.root)
    ingest_labels(store, drawn((1,), wider=6), "photos", correct=True)
    ended = al_job("move", "growing", "--store", store.root)
    assert ended.out.endswith("instead of version 3: 1 label added or corrected\n")


def test_a_version_can_be_named(store: LocalStore, al_job: AlJob) -> None:
    """One that is not there is refused with one line."""
    assert al_job("move", "growing", "--store", store.root, "--dataset-version", 4).code == 64
    ended = al_job("move", "growing", "--store", store.root, "--dataset-version", 2)
    assert ended.out.startswith("growing: uses version 2 of data set 'photos'")


def test_no_move_while_a_driver_is_at_work(store: LocalStore, al_job: AlJob) -> None:
    """Its stages would be done again; --force goes ahead."""
    driver = Driver(phase="running", updated=datetime.now(UTC), release="al-voc")
    status = Status(experiment="growing", driver=driver, rounds=[])
    store.write(ExperimentKeys("growing").status, dump_status(status))
    ended = al_job("move", "growing", "--store", store.root)
    assert ended.code == 64
    assert ended.error.endswith(
        "or give --force: what is at work on the earlier version is then done again"
    )
    assert al_job("move", "growing", "--store", store.root, "--force").code == 0


def test_a_doctor_tells_the_version_that_was_moved_to(
    store: LocalStore, al_job: AlJob, tmp_path: Path
) -> None:
    """It is what the rounds to come read; the file of the experiment says nothing of it."""
    path = tmp_path / "growing.yaml"
    path.write_text(GROWING)
    al_job("move", "growing", "--dataset-version", 2, "--store", store.root)
    told = al_job("doctor", path, "--store", store.root).out
    assert "ok   data set: photos: 24 + 0 images, 6 classes, 6 labelled, version 2" in told
