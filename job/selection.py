"""Asking a strategy for the picks of a round: its task, and the check of its answer."""

from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from job.acquisition.features.pick_checks import cautions
from job.acquisition.strategy import Images, Record, Selection, Strategy, TableRecord, Task
from job.artifacts.round_reader import RoundReader
from job.data.shards import EncodedImage
from job.errors import BadDataError, ConfigError
from job.records.annotation import class_counts
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
    with pq.ParquetFile(path) as file:
        if missing := sorted(set(columns).difference(file.schema_arrow.names)):
            message = (
                f"the strategy reads {', '.join(missing)}, which the score record does not "
                "have: it has box_features if score.box_features is set"
            )
            raise ConfigError(message)
        # One thread for each file: Parquet's own threads do not help with files of this size.
        return RecordPart(file.read(["id", *sorted(columns)], use_threads=False))


def task_of(io: RoundReader, strategy: Strategy) -> Task:
    """Return what a strategy is asked in a round; only the records that it reads are fetched."""
    pool = io.pool_before
    unlabelled = tuple(pool.unlabelled)
    labelled = tuple(each for each in pool.ids if each in pool.labelled)
    scored: Record = TableRecord()
    known: Record = TableRecord()
    if strategy.reads:
        scored = _record(io, unlabelled, io.score_parts_before)
    if strategy.reads_labelled and labelled:
        known = _record(io, labelled, io.labelled_parts_before)
    return task_with(io, Images(unlabelled, scored), Images(labelled, known))


def task_with(io: RoundReader, unlabelled: Images, labelled: Images) -> Task:
    """Return the task of a round with these images and their records."""
    return Task(
        unlabelled=unlabelled,
        labelled=labelled,
        pool_ids=io.pool_before.ids,
        classes=io.dataset.classes,
        class_counts=_class_counts(io),
        budget=io.budget,
        rng=random_stream(*io.round.stream, "select"),
        groups=io.dataset.groups("pool"),
        is_cold_start=not io.earlier,
    )


def _record(io: RoundReader, ids: Sequence[str], parts_before: Callable[[], list[Path]]) -> Record:
    """Return the previous round's record of some images; in round 0, embeddings of them."""
    if io.earlier:
        return StoredRecord(tuple(parts_before()))
    return embed(io, io.dataset.iter_images("pool", ids), len(ids), "select")


def _class_counts(io: RoundReader) -> dict[str, int]:
    """Return the boxes of each class that are labelled before the round picks."""
    classes = io.dataset.classes
    counts = io.cost_before().labelled.class_counts
    given = class_counts(list(io.dataset.known_labels(io.new_given).values()), classes)
    return {name: counts.get(name, 0) + given[name] for name in classes}


def embed(io: RoundReader, images: Generator[EncodedImage], num_images: int, what: str) -> Record:
    """Return the record that round 0 can have: embeddings by the backbone before any training.

    Args:
        io: The reader of the round.
        images: They are read one after the other, and closed.
        num_images: How many they are.
        what: The work's name, for the progress bar.
    """
    # Late imports: a selection that needs no embeddings starts without waiting for torch.
    from job.detection.detectors.weights import new_detector  # noqa: PLC0415
    from job.detection.device import set_threads  # noqa: PLC0415
    from job.detection.inference.predict import Engine, embed_images  # noqa: PLC0415

    runtime = io.config.runtime
    set_threads(runtime)
    detector = new_detector(io.config.detector, io.dataset.classes, io.round.own_seed, io.weights)
    with closing(images), closing(log.track(images, what, num_images, "images")) as tracked:
        return TableRecord((embed_images(detector, tracked, Engine.of(runtime)),))


def pick(io: RoundReader, name: str, strategy: Strategy) -> Selection:
    """Return what a strategy selects in a round; an invalid answer is refused.

    What looks wrong about the picks is among their cautions, and in the log.

    Raises:
        BadDataError: There are more picks than the budget, an image is picked twice, or it is
            labelled already.
    """
    if not io.budget:
        return Selection(())
    task = task_of(io, strategy)
    selection = strategy.select(task)
    if len(selection.picks) > io.budget:
        message = f"strategy {name!r}: {len(selection.picks)} picks for a budget of {io.budget}"
        raise BadDataError(message)
    io.pool_before.label(selection.ids)
    found = (*selection.cautions, *cautions(strategy, task, selection.ids))
    for each in found:
        log.get().warning("select.caution", strategy=name, reason=each)
    return replace(selection, cautions=found)
