"""Write the score record: what the round's model sees in every image of the pool.

The unlabelled images, in the order of the store, and after them the labelled ones, in the order of
their labelling, are cut into parts of a fixed size. The number of partitions does not change them.
The next round selects from them, so they are the pool of its version of the data set.
"""

import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from math import ceil
from pathlib import Path

import pyarrow.parquet as pq

from job.artifacts import names
from job.artifacts.stage_io import StageIO
from job.data.shards import EncodedImage, LabelledImage
from job.detection.detectors.base import load_model
from job.detection.device import set_threads
from job.detection.inference.ground_truth import match_to_ground_truth
from job.detection.inference.predict import Engine, record_images
from job.detection.meter import Meter
from job.records.score_record import ScoreRecord
from job.runtime import log


@dataclass(frozen=True)
class Part:
    """A part of the score record: one Parquet file."""

    name: str
    images: range
    """Their places among the unlabelled images, or among the labelled ones."""
    is_labelled: bool

    @property
    def where(self) -> slice:
        """The same places, to cut them out of a list."""
        return slice(self.images.start, self.images.stop)


def run(io: StageIO) -> dict[str, object]:
    """Read the model and the images of the pool.

    Write `part-00000.parquet` and so on of the unlabelled images; and of the labelled ones, with
    their ground truth, `labelled-00000.parquet` and so on.
    """
    set_threads(io.config.runtime)
    parts = own_parts(io)
    labelled = _labelled_images(io, parts)
    unlabelled = io.pool_after.unlabelled
    ids = [each for part in parts if not part.is_labelled for each in unlabelled[part.where]]
    stream = io.dataset.iter_images("pool", ids)

    def images_of(part: Part) -> Iterator[EncodedImage]:
        if part.is_labelled:
            return (image.read() for image in labelled[part.where])
        return islice(stream, len(part.images))

    num_images, num_boxes = sum(len(part.images) for part in parts), 0
    meter = Meter()
    with (
        closing(stream),
        log.progress("score", total=num_images, unit="images") as bar,
        closing(_score(io, (meter.waiting(images_of(part)) for part in parts), bar)) as records,
    ):
        for part, record in zip(parts, records, strict=True):
            whole = record
            if part.is_labelled:
                whole = _with_truth(io, record, labelled[part.where])
            _upload(io, part.name, whole)
            num_boxes += len(record.objectness)
    io.pace = meter.pace()
    return {"images": num_images, "boxes": num_boxes, "parts": len(parts)}


def own_parts(io: StageIO) -> list[Part]:
    """Return the parts of this process's partition: those of unlabelled images come first."""
    size = io.config.score.images_per_part
    every_part = [
        Part(name(number), range(number * size, min((number + 1) * size, num_images)), is_labelled)
        for name, num_images, is_labelled in (
            (names.score_part, len(io.pool_after.unlabelled), False),
            (names.labelled_part, len(io.pool_after.labelled), True),
        )
        for number in range(ceil(num_images / size))
    ]
    own = parts_of(len(every_part), io.partition)
    return every_part[own.start : own.stop]


def _labelled_images(io: StageIO, parts: Sequence[Part]) -> list[LabelledImage]:
    """Return all labelled images, in the order of labelling, if one of the parts is of them.

    Images whose labels come along with the data of the next round are among them.
    """
    io.labelled_shards()  # inputs of every partition, although few of them fetch any
    if not any(part.is_labelled for part in parts):
        return []
    return [*io.labelled_so_far(), *io.dataset.known_images(io.new_given)]


def _score(
    io: StageIO, parts: Iterable[Iterable[EncodedImage]], bar: log.Bar
) -> Generator[ScoreRecord]:
    """Yield the score record of each part, by the round's model."""
    runtime = io.config.runtime
    detector = load_model(io.model(io.round), io.config.detector)

    def counted(images: Iterable[EncodedImage]) -> Iterator[EncodedImage]:
        for image in images:
            yield image
            bar.advance()

    return record_images(
        detector,
        map(counted, parts),
        io.config.score,
        Engine.of(runtime, compiled=runtime.compile),
        seed=(io.ref.round.own_seed, io.ref.round.index),
    )


def _with_truth(io: StageIO, record: ScoreRecord, images: Sequence[LabelledImage]) -> ScoreRecord:
    truth = match_to_ground_truth(
        record, [image.annotation for image in images], io.dataset.classes
    )
    return replace(record, ground_truth=truth)


def _upload(io: StageIO, name: str, record: ScoreRecord) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        pq.write_table(record.to_table(), path)
        io.upload(name, path)


def parts_of(num_parts: int, partition: tuple[int, int]) -> range:
    """Return the parts of partition i of n: consecutive ones, which lie in few tar files."""
    index, count = partition
    return range(index * num_parts // count, (index + 1) * num_parts // count)
