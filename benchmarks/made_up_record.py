"""Made-up score records: of a folder, and of any size from one of these."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from job.acquisition.strategy import Images, Record, Task
from job.records.arrays import matrix, offsets_of, rows
from job.records.record_part import RecordPart
from job.records.score_record import GroundTruthMatches, ScoreRecord
from job.selection import StoredRecord

BOXES, CLASSES, EMBEDDING, FEATURE = 20, 20, 256, 64
PART, NUM_LABELLED, SIDE = 512, 2000, 500
ARMS: dict[str, dict[str, Any]] = {
    "random": {"strategy": "random"},
    "brust": {"strategy": "brust", "class_weights": True},
    "entropy": {"strategy": "entropy"},
    "entropy top 5": {"strategy": "entropy", "top_m": 5},
    "enms_divproto": {"strategy": "enms_divproto"},
    "ppal": {"strategy": "ppal"},
    "pal": {"strategy": "pal"},
    "coreset": {"strategy": "coreset"},
    "uwe": {"strategy": "uwe"},
    "herding": {"strategy": "herding"},
    "uherding": {"strategy": "uherding"},
    "balanced_herding": {"strategy": "balanced_herding"},
    "object_coverage": {"strategy": "object_coverage"},
    "presence": {"strategy": "presence"},
    "diverse": {"strategy": "diverse", "of": {"strategy": "entropy"}},
    "cost_aware": {"strategy": "cost_aware", "of": {"strategy": "entropy"}},
    "near_duplicate_filter": {"strategy": "near_duplicate_filter", "of": {"strategy": "entropy"}},
    "random_share": {"strategy": "random_share", "of": {"strategy": "entropy"}},
    "product": {
        "strategy": "product",
        "objectives": [{"of": {"strategy": "brust"}}, {"of": {"strategy": "entropy"}}],
    },
}


def names(kind: str, first: int, count: int) -> list[str]:
    """Return the ids of some images, in ascending order."""
    return [f"{kind}-{number:08d}" for number in range(first, first + count)]


def embeddings(rng: np.random.Generator, count: int, length: int = EMBEDDING) -> np.ndarray:
    """Return embeddings around 100 centres."""
    centres = np.random.default_rng(0).normal(size=(100, length))
    near = centres[rng.integers(100, size=count)]
    return (near + rng.normal(scale=0.5, size=near.shape)).astype(np.float16)


@dataclass(frozen=True)
class Sizes:
    """How large the row of an image is, and a part of rows."""

    boxes: int = BOXES
    embedding: int = EMBEDDING
    feature: int = FEATURE
    images: int = PART
    """Of a part."""


def draw(
    rng: np.random.Generator, first: int, count: int, sizes: Sizes, *, labelled: bool
) -> ScoreRecord:
    """Return the record of some images, with unsure boxes."""
    num_boxes = count * sizes.boxes
    weights = rng.standard_exponential((num_boxes, CLASSES), np.float32) ** 4
    return ScoreRecord(
        ids=np.array(names("labelled" if labelled else "image", first, count)),
        sizes_wh=np.full((count, 2), SIDE),
        offsets=np.arange(count + 1) * sizes.boxes,
        boxes_xyxy=np.sort(rng.random((num_boxes, 2, 2), np.float32), 1).reshape(-1, 4) * SIDE,
        probabilities=(weights / weights.sum(axis=1, keepdims=True)).astype(np.float16),
        objectness=rng.random(num_boxes, np.float32),
        num_overlaps=rng.integers(1, 30, num_boxes),
        embeddings=embeddings(rng, count, sizes.embedding),
        box_features=rng.standard_normal((num_boxes, sizes.feature), np.float32).astype(np.float16),
        ground_truth=GroundTruthMatches(
            offsets=np.arange(count + 1) * 3,
            classes=rng.integers(CLASSES, size=count * 3),
            box=rng.integers(-1, 3, num_boxes),
            iou=rng.random(num_boxes, np.float32),
        )
        if labelled
        else None,
    )


def make(folder: Path, num_images: int, sizes: Sizes) -> None:
    """Write the record, unless it is there."""
    if (folder / "done").exists():
        return
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    for kind, number in (("part", num_images), ("labelled", NUM_LABELLED)):
        for first in range(0, number, sizes.images):
            count = min(sizes.images, number - first)
            record = draw(rng, first, count, sizes, labelled=kind == "labelled")
            pq.write_table(
                record.to_table(), folder / f"{kind}-{first // sizes.images:05d}.parquet"
            )
    (folder / "done").write_text(str(num_images))


@dataclass(frozen=True)
class Again:
    """A record of any size from that of a folder, which comes again and again under other ids.

    Embeddings and box features are a little different each time: real ones are never equal.
    """

    record: StoredRecord
    num_images: int

    def parts(self, columns: Collection[str]) -> Iterator[RecordPart]:
        """Yield parts of as many images as are asked for."""
        first = 0
        while first < self.num_images:
            for part in self.record.parts(columns):
                count = min(len(part.table), self.num_images - first)
                if count:
                    yield RecordPart(_renewed(part.table.slice(0, count), first))
                first += count


def _renewed(table: pa.Table, first: int) -> pa.Table:
    """Return a part with the ids of images from `first` on, and with other vectors."""
    ids = pa.array(names("image", first, len(table)))
    table = table.set_column(table.column_names.index("id"), "id", ids)
    rng = np.random.default_rng(first)
    for name in {"embedding", "box_features"}.intersection(table.column_names):
        vectors = matrix(table[name])
        moved = vectors + 0.3 * rng.standard_normal(vectors.shape, np.float32)
        column = rows(moved, np.float16)
        if name == "box_features":
            column = pa.ListArray.from_arrays(pa.array(offsets_of(table[name]), pa.int32()), column)
        table = table.set_column(table.column_names.index(name), name, column)
    return table


def task_of(folder: Path, budget: int, num_images: int | None = None) -> Task:
    """Return what a strategy is asked about the record of a folder, or one that comes again."""
    stored = StoredRecord(tuple(sorted(folder.glob("part-*"))))
    record: Record = stored
    if num_images is None:
        num_images = int((folder / "done").read_text())
    else:
        record = Again(stored, num_images)
    ids = tuple(names("image", 0, num_images))
    counts = {f"class {number}": 10 * number for number in range(CLASSES)}
    labelled = StoredRecord(tuple(sorted(folder.glob("labelled-*"))))
    return Task(
        unlabelled=Images(ids, record),
        labelled=Images(tuple(names("labelled", 0, NUM_LABELLED)), labelled),
        pool_ids=ids,
        classes=tuple(counts),
        class_counts=counts,
        budget=budget,
        rng=np.random.default_rng(0),
    )
