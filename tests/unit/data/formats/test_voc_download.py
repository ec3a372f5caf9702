"""Fetching Pascal VOC through torchvision."""

import inspect
from pathlib import Path

import pytest
import torchvision.datasets

from job.data.formats.voc_download import download_voc
from job.errors import TemporaryError, UsageError


@pytest.fixture
def fetched(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, str]]:
    """What torchvision is asked to fetch: (root, year, image set)."""
    asked = []

    real = inspect.signature(torchvision.datasets.VOCDetection)

    class Recorder:
        def __init__(self, root: str, year: str, image_set: str, *, download: bool) -> None:
            assert download
            assert real.bind(root, year=year, image_set=image_set, download=True)
            if year == "1999":
                message = "Unknown value '1999' for argument year"
                raise ValueError(message)
            if year == "2012":
                message = "connection refused"
                raise OSError(message)
            asked.append((root, year, image_set))

    monkeypatch.setattr(torchvision.datasets, "VOCDetection", Recorder)
    return asked


def test_each_archive_is_fetched_once(fetched: list[tuple[str, str, str]], tmp_path: Path) -> None:
    """Train and val of a year are in one archive; the test set of 2007 is in its own."""
    download_voc(tmp_path, "2007/train+2007/val+2010/train", "2007/test")
    assert fetched == [
        (str(tmp_path), "2007", "val"),
        (str(tmp_path), "2007", "test"),
        (str(tmp_path), "2010", "train"),
    ]


def test_split_without_a_year_is_refused(
    fetched: list[tuple[str, str, str]], tmp_path: Path
) -> None:
    """Nothing is fetched before all splits are known to have one."""
    with pytest.raises(UsageError, match="'train' has no year: write YEAR/train"):
        download_voc(tmp_path, "2007/train", "train")
    assert fetched == []


@pytest.mark.usefixtures("fetched")
def test_year_that_there_is_no_archive_of_is_refused(tmp_path: Path) -> None:
    """What torchvision knows is in its own words."""
    with pytest.raises(UsageError, match=r"no archive of VOC 1999/train: Unknown value"):
        download_voc(tmp_path, "1999/train")


@pytest.mark.usefixtures("fetched")
def test_fetching_that_fails_may_be_tried_again(tmp_path: Path) -> None:
    """A server that does not answer is not a mistake of the user."""
    with pytest.raises(TemporaryError, match=r"VOC 2012/train could not be downloaded: connection"):
        download_voc(tmp_path, "2012/train")
