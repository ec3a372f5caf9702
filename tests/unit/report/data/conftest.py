"""Data sets whose pages are looked at."""

from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from job.data.dataset import Dataset
from job.data.formats.base import LoadedSample, Sample, Source, SourceBox
from job.data.ingest.ingest import ingest
from job.keys import Split
from job.storage.memory import MemoryStore

Box = tuple[str, float, float, float, float]
MakeDataset = Callable[..., Dataset]


class Made(Source):
    """Images of 80 x 60 pixels, each drawn from a number; equal numbers are almost equal images."""

    kind: ClassVar[str] = "made"
    pool: tuple[tuple[int, tuple[Box, ...]], ...]
    test: tuple[tuple[int, tuple[Box, ...]], ...]

    @property
    def classes(self) -> None:
        return None

    def identity(self) -> dict[str, str | int]:
        return {}

    def num_images(self, split: Split) -> int:
        return len(self.pool if split == "pool" else self.test)

    def samples(self, split: Split) -> Iterator[Sample]:
        for place, (number, boxes) in enumerate(self.pool if split == "pool" else self.test):
            where = f"{split}-{place}"
            found = tuple(SourceBox(box[1:], box[0], where) for box in boxes)
            data = picture(number, quality=95 - place - (split == "test") * 20)
            loaded = LoadedSample(data, ".jpg", where, where, found)
            yield Sample(where, lambda loaded=loaded: loaded)  # type: ignore[misc]


def picture(number: int, quality: int) -> bytes:
    """An image of large patches: another quality has other bytes and shows the same."""
    patches = np.random.default_rng(number).integers(0, 255, (6, 8, 3), dtype=np.uint8)
    file = BytesIO()
    Image.fromarray(patches).resize((80, 60)).save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture
def make_dataset(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> MakeDataset:
    """Makes a data set: (pool, test), each a number and boxes for each image."""
    monkeypatch.setenv("AL_CACHE", f"{tmp_path}/cache")

    def make(
        pool: Sequence[tuple[int, Sequence[Box]]], test: Sequence[tuple[int, Sequence[Box]]]
    ) -> Dataset:
        store = MemoryStore()
        source = Made.model_validate({"pool": pool, "test": test})
        ingest(store, source, "made")
        return Dataset.open(store, "made")

    return make
