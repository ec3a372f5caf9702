"""What a strategy is given, asking it, and refusing wrong answers."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow.parquet as pq

from job.acquisition.strategy import (
    Candidates,
    Labelled,
    Record,
    Selection,
    Strategy,
    TableRecord,
)
from job.artifacts.round_reader import RoundReader
from job.errors import BadDataError, ConfigError
from job.records.score_record import ScoreRecord
from job.runtime import log
from job.runtime.parallel import in_threads
from job.runtime.rng import random_stream

_READERS = 2


@dataclass(frozen=True)
class StoredRecord:
    """A score record in Parquet files, read part by part."""

    paths: tuple[Path, ...]

    def parts(self, columns: Collection[str]) -> Iterator[ScoreRecord]:
        """Yield the parts of the score record with the named columns, in the order of the paths.

        While one is looked at, the next two are read: three are held at a time.

        Raises:
            ConfigError: The record has no such column.
        """
        yield from in_threads(partial(_read, columns=columns), self.paths, _READERS, _READERS)


def _read(path: Path, columns: Collection[str]) -> ScoreRecord:
    if missing := sorted(set(columns).difference(pq.read_schema(path).names)):
        message = (
            f"the strategy reads {', '.join(missing)}, which the score record does not "
            "have: box_features are there where score.box_features is set"
        )
        raise ConfigError(message)
    # One thread for each file: Parquet's own threads do not help with files of this size.
    table = pq.read_table(path, columns=["id", *sorted(columns)], use_threads=False)
    return ScoreRecord.from_table(table)


def read_given(io: RoundReader, strategy: Strategy) -> tuple[Candidates, Labelled]:
    """Return what a strategy is given in a round: only what it says that it reads is fetched."""
    pool = io.pool_before
    unlabelled, counts = tuple(pool.unlabelled), io.cost_before().class_counts
    if not io.earlier:
        record = _embed(io, unlabelled) if strategy.columns else TableRecord()
        return Candidates(unlabelled, pool.ids, record), Labelled(pool.labelled, counts)
    scored = StoredRecord(tuple(io.score_parts_before()) if strategy.columns else ())
    seen = StoredRecord(tuple(io.labelled_parts_before()) if strategy.labelled_columns else ())
    return Candidates(unlabelled, pool.ids, scored), Labelled(pool.labelled, counts, seen)


def _embed(io: RoundReader, ids: Sequence[str]) -> Record:
    """Return the record that round 0 can have: embeddings by the backbone before any training."""
    # Imported here: other selections have to start without waiting for torch.
    from job.data.decoding import decode_at_least  # noqa: PLC0415
    from job.detection.detectors.weights import new_detector  # noqa: PLC0415
    from job.detection.device import set_threads  # noqa: PLC0415
    from job.detection.inference.predict import Engine, embed_images  # noqa: PLC0415

    runtime = io.config.runtime
    set_threads(runtime)
    detector = new_detector(io.config.detector, io.dataset.classes, io.round.seed, io.weights)
    images = log.track(io.dataset.iter_images("pool", ids), "select", len(ids), "images")
    with closing(images):
        unread = ((each.id, partial(decode_at_least, each.data, name=each.id)) for each in images)
        return TableRecord((embed_images(detector, unread, Engine.of(runtime, io.image_cache)),))


def pick(
    io: RoundReader, name: str, strategy: Strategy, candidates: Candidates, labelled: Labelled
) -> Selection:
    """Ask a strategy for the round's picks, and refuse what no strategy may answer.

    Raises:
        BadDataError: An image is labelled already, or picked twice, or the picks are too many.
    """
    rng = random_stream(io.round.seed, io.round.index, "select")
    selection = strategy.select(candidates, labelled, io.budget, rng)
    _check(selection, io.budget, name)
    io.pool_before.label(selection.ids)  # the guard: none is labelled already, none is picked twice
    return selection


def _check(selection: Selection, budget: int, strategy: str) -> None:
    """Refuse what no strategy may answer; they may come from outside packages."""
    lengths = {len(selection.ids), len(selection.scores), len(selection.reasons)}
    if len(lengths) > 1 or len(selection.ids) > budget:
        message = (
            f"strategy {strategy!r}: {len(selection.ids)} ids, {len(selection.scores)} scores and "
            f"{len(selection.reasons)} reasons for a budget of {budget}"
        )
        raise BadDataError(message)
