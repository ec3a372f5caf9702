"""Asking a strategy for the picks of a round: its task, and the check of its answer."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from job.acquisition.strategy import Images, Record, Selection, Strategy, TableRecord, Task
from job.artifacts.round_reader import RoundReader
from job.errors import BadDataError, ConfigError
from job.records.record_part import RecordPart
from job.runtime import log
from job.runtime.parallel import in_threads
from job.runtime.rng import random_stream

_READERS = 2


@dataclass(frozen=True)
class StoredRecord:
    """A score record in Parquet files, read part by part."""

    paths: tuple[Path, ...]

    def parts(self, columns: Collection[str]) -> Iterator[RecordPart]:
        """Yield the parts of the score record with the named columns, in the order of the paths.

        While one part is used, the next two are read: memory holds three at a time.

        Raises:
            ConfigError: The record has no such column.
        """
        yield from in_threads(partial(_read, columns=columns), self.paths, _READERS, _READERS)


def _read(path: Path, columns: Collection[str]) -> RecordPart:
    if missing := sorted(set(columns).difference(pq.read_schema(path).names)):
        message = (
            f"the strategy reads {', '.join(missing)}, which the score record does not "
            "have: it has box_features if score.box_features is set"
        )
        raise ConfigError(message)
    # One thread for each file: Parquet's own threads do not help with files of this size.
    table = pq.read_table(path, columns=["id", *sorted(columns)], use_threads=False)
    return RecordPart(table)


def task_of(io: RoundReader, strategy: Strategy) -> Task:
    """Return what a strategy is asked in a round; only the records that it reads are fetched."""
    pool, classes = io.pool_before, io.dataset.classes
    unlabelled, counts = tuple(pool.unlabelled), io.cost_before().class_counts
    scored: Record = TableRecord()
    labelled: Record = TableRecord()
    if strategy.reads:
        scored = (
            StoredRecord(tuple(io.score_parts_before())) if io.earlier else _embed(io, unlabelled)
        )
    if strategy.reads_labelled and io.earlier:
        labelled = StoredRecord(tuple(io.labelled_parts_before()))
    return Task(
        unlabelled=Images(unlabelled, scored),
        labelled=Images(tuple(each for each in pool.ids if each in pool.labelled), labelled),
        pool_ids=pool.ids,
        classes=classes,
        class_counts={name: counts.get(name, 0) for name in classes},
        budget=io.budget,
        rng=random_stream(io.round.seed, io.round.index, "select"),
        groups=io.dataset.groups("pool"),
    )


def _embed(io: RoundReader, ids: Sequence[str]) -> Record:
    """Return the record that round 0 can have: embeddings by the backbone before any training."""
    # Late imports: a selection that needs no embeddings starts without waiting for torch.
    from job.detection.detectors.weights import new_detector  # noqa: PLC0415
    from job.detection.device import set_threads  # noqa: PLC0415
    from job.detection.inference.predict import Engine, embed_images  # noqa: PLC0415

    runtime = io.config.runtime
    set_threads(runtime)
    detector = new_detector(io.config.detector, io.dataset.classes, io.round.seed, io.weights)
    images = log.track(io.dataset.iter_images("pool", ids), "select", len(ids), "images")
    with closing(images):
        return TableRecord((embed_images(detector, images, Engine.of(runtime)),))


def pick(io: RoundReader, name: str, strategy: Strategy) -> Selection:
    """Return what a strategy selects in a round; an invalid answer is refused.

    Raises:
        BadDataError: There are more picks than the budget, an image is picked twice, or it is
            labelled already.
    """
    selection = strategy.select(task_of(io, strategy))
    if len(selection.picks) > io.budget:
        message = f"strategy {name!r}: {len(selection.picks)} picks for a budget of {io.budget}"
        raise BadDataError(message)
    io.pool_before.label(selection.ids)
    return selection
