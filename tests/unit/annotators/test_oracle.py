"""The oracle: what it answers, and that nothing else reads what it knows."""

import re
from collections.abc import Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import ClassVar

import pytest
from PIL import Image

import job
from job.annotators.oracle import Oracle
from job.data.dataset import Dataset
from job.data.formats.base import LoadedSample, Sample, Source, SourceBox
from job.data.ingest.ingest import ingest
from job.errors import BadDataError
from job.keys import Split
from job.storage.memory import MemoryStore

JOB = Path(job.__path__[0])
POOL = {
    "first": [SourceBox((0, 0, 20, 20), "cat", "1", difficult=True)],
    "empty": [],
    "last": [
        SourceBox((4, 0, 20, 20), "cat", "1"),
        SourceBox((0, 0, 9, 5), "dog", "2", crowd=True),
    ],
}


class ByHand(Source):
    """A source of four images of 40 x 30 pixels."""

    kind: ClassVar[str] = "by-hand"

    @property
    def classes(self) -> tuple[str, ...]:
        return ("cat", "dog")

    def identity(self) -> dict[str, str | int]:
        return {}

    def num_images(self, split: Split) -> int:
        return len(POOL) if split == "pool" else 1

    def samples(self, split: Split) -> Iterator[Sample]:
        images = POOL if split == "pool" else {"test": POOL["last"]}
        for number, (image_id, boxes) in enumerate(images.items()):
            yield self._sample(image_id, boxes, number + 100 * (split == "test"))

    def _sample(self, image_id: str, boxes: Sequence[SourceBox], shade: int) -> Sample:
        file = BytesIO()
        Image.new("L", (40, 30), shade).save(file, "PNG")
        content = LoadedSample(file.getvalue(), ".png", "image", "annotation", tuple(boxes))
        return Sample(image_id, lambda: content)


@pytest.fixture
def dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Dataset:
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))
    store = MemoryStore()
    ingest(store, ByHand(), "d")
    return Dataset.open(store, "d")


def test_the_oracle_answers_in_the_order_of_the_question(dataset: Dataset) -> None:
    """Boxes, labels and flags are as they were ingested; an image may have no box."""
    found = Oracle(dataset).annotate(["last", "empty", "first"])
    assert list(found) == ["last", "empty", "first"]
    assert found["last"].boxes_xyxy.tolist() == [[4, 0, 20, 20], [0, 0, 9, 5]]
    assert str(found["last"].boxes_xyxy.dtype) == "float32"
    assert found["last"].labels == ("cat", "dog")
    assert found["last"].crowd == (False, True)
    assert found["first"].difficult == (True,)
    assert found["empty"].boxes_xyxy.shape == (0, 4)


def test_the_oracle_knows_the_pool_only(dataset: Dataset) -> None:
    """An image that the pool does not have is named, also one of the test set."""
    with pytest.raises(BadDataError, match=r"oracle/annotations.parquet has no image 'test'"):
        Oracle(dataset).annotate(["first", "test"])


def test_ground_truth_that_was_changed_is_noticed(dataset: Dataset) -> None:
    """A table with other bytes than the manifest says is not read."""
    dataset.store.write("datasets/d/oracle/annotations.parquet", b"PAR1")
    with pytest.raises(BadDataError, match=r"oracle/annotations.parquet"):
        Oracle(dataset).annotate(["first"])


def test_only_the_oracle_reads_its_table() -> None:
    """No other module names the object, but ingest, which writes it."""
    users = {
        path.relative_to(JOB).as_posix()
        for path in JOB.rglob("*.py")
        if re.search(r"keys\.annotations\b|\.annotations_key\b", path.read_text())
    }
    assert users == {"annotators/oracle.py", "data/ground_truth.py", "data/ingest/write.py"}
