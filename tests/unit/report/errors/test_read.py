"""Errors, read from the store."""

from dataclasses import replace
from typing import NoReturn

import pytest
from structlog.testing import capture_logs

from job.artifacts.reader import Reader
from job.config.schema import Config
from job.data.dataset import Dataset
from job.detection.metrics.error_kinds import KINDS
from job.errors import MissingObjectError
from job.keys import RoundRef
from job.plan import Plan
from job.report.analysis.results import rows_of
from job.report.errors import read
from job.report.errors.read import read_errors
from job.report.errors.summary import ArmErrors
from job.storage.local import LocalStore

ARMS = ("random", "brust")


def errors(store: LocalStore, settings: Config, last: int | None = None) -> list[ArmErrors]:
    """The errors of the arms of `store`, from its rounds up to one."""
    reader, plan = Reader.listed(store, "tiny"), Plan(settings)
    rows = [row for row in rows_of(reader, plan) if last is None or row.round <= last]
    return list(read_errors(reader, plan, rows, ARMS))


def test_each_arm_has_the_errors_of_its_last_round(store: LocalStore, settings: Config) -> None:
    """Of the seeds that have it, with the mAP of the results; of seed 1, one arm is done."""
    reader = Reader.listed(store, "tiny")
    random, brust = errors(store, settings)
    assert [(of.arm, of.round, of.seeds) for of in (random, brust)] == [
        ("random", 1, (0, 1)),
        ("brust", 1, (0,)),
    ]
    assert brust.map50 == pytest.approx(
        reader.metrics(RoundRef("tiny", 0, "brust", 1)).map50_area, abs=1e-12
    )
    assert random.pictures.keys() == set(KINDS)


def test_round_0_is_no_arms_own(store: LocalStore, settings: Config) -> None:
    """If there is nothing else, it is told once."""
    (only,) = errors(store, settings, last=0)
    assert (only.arm, only.round, only.seeds) == ("random", 0, (0, 1))


def test_a_few_arms_have_pictures(
    store: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page is one file, which pictures of many arms would make large."""
    monkeypatch.setattr(read, "MAX_ARMS", 1)
    random, brust = errors(store, settings)
    assert random.pictures
    assert not brust.pictures


def test_a_test_set_that_has_grown_since_says_nothing(
    store: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Detections in a part of the images would make all other boxes missed."""
    of_all = Dataset.test_images

    def grown(dataset: Dataset) -> object:
        images = of_all(dataset)
        return [*images, replace(images[0], id="new")]

    monkeypatch.setattr(Dataset, "test_images", grown)
    assert errors(store, settings) == []


def test_a_test_set_that_is_gone_says_nothing(
    store: LocalStore, settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever deletes images when all is done still gets a report, and is told what it lacks."""

    def gone(_: Dataset) -> NoReturn:
        message = "datasets/tiny/test/00000.tar: no such object"
        raise MissingObjectError(message)

    monkeypatch.setattr(Dataset, "test_images", gone)
    with capture_logs() as logs:
        assert errors(store, settings) == []
    assert [(each["event"], each["arm"]) for each in logs] == [
        ("report.without_errors", arm) for arm in ARMS
    ]


def test_without_any_metric_there_are_no_errors(store: LocalStore, settings: Config) -> None:
    """Nothing was measured, so nothing is read."""
    reader, plan = Reader.listed(store, "tiny"), Plan(settings)
    rows = [replace(row, mAP=None) for row in rows_of(reader, plan)]
    assert list(read_errors(reader, plan, rows, ARMS)) == []
