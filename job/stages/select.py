"""Select the images to label next: read the pool and the scores, write the picks."""

import csv
import io as text_io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from job.acquisition.registry import make_strategy
from job.acquisition.strategy import Labelled, Selection
from job.config import random_stream
from job.data.dataset import Dataset
from job.errors import ConfigError
from job.records import ScoreRecord
from job.rounds import StageIO


@dataclass(frozen=True)
class StoredCandidates:
    """The unlabelled images, and their score record read part by part."""

    ids: tuple[str, ...]
    pool_ids: tuple[str, ...]
    paths: tuple[Path, ...]

    def parts(self, columns: Collection[str]) -> Iterator[ScoreRecord]:
        """Yield the parts of the score record with the named columns, one at a time."""
        for path in self.paths:
            yield ScoreRecord.from_table(pq.read_table(path, columns=["id", *sorted(columns)]))


def run(io: StageIO) -> dict[str, object]:
    """Read the pool, the labels' counts and the scores. Write `queries.csv`."""
    arm = io.config.selection_of(io.ref.round.arm)
    strategy = make_strategy(arm)
    dataset = Dataset.open(io.store, io.config.dataset.name)
    pool = io.pool(dataset.ids("pool"))
    if strategy.columns and not io.earlier:
        message = f"cold_start.strategy: {arm.strategy} needs scores, and round 0 has none"
        raise ConfigError(message)
    paths = tuple(io.score_parts()) if strategy.columns else ()
    candidates = StoredCandidates(tuple(pool.unlabelled), pool.ids, paths)
    labelled = Labelled(pool.labelled, io.cost_before().class_counts)
    budget = io.config.budget_of(io.ref.round.index)
    rng = random_stream(io.ref.round.seed, io.ref.round.index, "select")
    selection = strategy.select(candidates, labelled, budget, rng)
    pool.label(selection.ids)  # the guard: none is labelled already, none is picked twice
    io.write("queries.csv", _to_csv(selection))
    return {"strategy": arm.strategy, "picked": len(selection.ids), "of": len(candidates.ids)}


def _to_csv(selection: Selection) -> bytes:
    file = text_io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["id", "rank", "score", "reason"])
    rows = zip(selection.ids, selection.scores, selection.reasons, strict=True)
    for rank, (image_id, score, reason) in enumerate(rows):
        writer.writerow([image_id, rank, f"{score:.6g}", reason])
    return file.getvalue().encode()
