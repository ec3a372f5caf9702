"""The ground truth of a pool: only the oracle and ingest may import this."""

from collections.abc import Iterable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from job.data.dataset import Dataset
from job.records.annotation import Annotation
from job.storage.cache import fetch


def ground_truth_file(dataset: Dataset) -> Path:
    """Return a local file with the whole table, held against its digest."""
    digest = dataset.info("pool").annotations_sha256
    assert digest is not None  # noqa: S101 - the caller asks a pool that has ground truth
    return fetch(dataset.store, dataset.annotations_key, digest)


def read_ground_truth(dataset: Dataset, ids: Iterable[str]) -> dict[str, Annotation]:
    """Return the ground truth of images of the pool, in any order, as far as there is any."""
    if not dataset.has_ground_truth:
        return {}
    wanted = pc.field("id").isin(pa.array(ids, pa.string()))
    table = pq.read_table(ground_truth_file(dataset), filters=wanted)
    return {row["id"]: Annotation.from_mapping(row) for row in table.to_pylist()}
