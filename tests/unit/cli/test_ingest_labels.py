"""The formats as commands of `al-job ingest labels`, and in the option `--labelled`."""

from pathlib import Path

import pytest

from tests.conftest import AlJob
from tests.unit.data.conftest import Yolo, encode


@pytest.fixture
def export(tmp_path: Path) -> Yolo:
    """Three images in YOLO's layout: one in each split, and one more without a label file."""
    made = Yolo(tmp_path / "yolo")
    made.add("images/train/done.jpg")
    made.add("images/train/waits.jpg", None)
    made.add("images/val/other.jpg")
    made.describe()
    return made


def test_an_image_without_a_label_file_is_not_labelled_yet(
    al_job: AlJob, export: Yolo, store: Path
) -> None:
    """Half of the picks are done: the others have no label, unless somebody says that it is one."""
    photos = ["--pool", export.root / "images" / "train", "--classes", "ant,zebra"]
    assert al_job("ingest", "images", *photos, "--name", "d", "--store", store).code == 0
    labels = ["ingest", "labels", "yolo", "--data", export.data, "--dataset", "d", "--store", store]
    refused = al_job(*labels)
    assert refused.code == 65
    assert "waits.txt: no such label file; --missing-annotation empty takes" in refused.error
    added = al_job(*labels, "--skip-bad")
    assert added.out.splitlines()[:2] == ["d: version 2 written", "added                1"]
    empty = al_job(*labels, "--missing-annotation", "empty")
    assert empty.out.splitlines()[:2] == ["d: version 3 written", "added                1"]


def test_a_test_set_that_nobody_has_named_is_not_read(
    al_job: AlJob, export: Yolo, store: Path, tmp_path: Path
) -> None:
    """YOLO's is `val` by default, which labelled images do not have: they belong to the pool."""
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "new.jpg").write_bytes(encode(100))
    command = ["ingest", "images", "--pool", tmp_path / "photos", "--name", "d", "--store", store]
    ended = al_job(*command, "--labelled", f"yolo --data {export.data}")
    assert ended.out.splitlines()[2].split() == ["images", "2", "1", "0"]
