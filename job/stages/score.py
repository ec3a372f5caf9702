"""Write the score record: what the round's model sees in every image of the pool.

The unlabelled images, in the order of the store, and after them the labelled ones, in the order of
their labelling, are cut into parts of a fixed size. The number of partitions does not change them.
"""

import tempfile
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

import pyarrow.parquet as pq

from job.artifacts import names
from job.artifacts.stage_io import StageIO
from job.data.shards import EncodedImage, LabelledImage, read_labelled
from job.detection.detectors.base import load_model
from job.detection.device import set_threads
from job.detection.inference.ground_truth import match_to_ground_truth
from job.detection.inference.predict import Engine, record_images
from job.records.score_record import ScoreRecord
from job.runtime import log


def run(io: StageIO) -> dict[str, object]:
    """Read the model and the images of the pool.

    Write `part-00000.parquet` and so on of the unlabelled images; and of the labelled ones, with
    their ground truth, `labelled-00000.parquet` and so on.
    """
    set_threads(io.config.runtime)
    size = io.config.score.images_per_part
    unlabelled, num_labelled = io.pool_after.unlabelled, len(io.pool_after.labelled)
    num_parts = -(-len(unlabelled) // size)
    mine = parts_of(num_parts + -(-num_labelled // size), io.partition)
    parts = mine[: max(num_parts - mine.start, 0)]
    labelled_parts = [number - num_parts for number in mine[len(parts) :]]
    ids = unlabelled[parts.start * size : parts.stop * size]
    # Every partition records them as inputs, so that all record the same; few fetch them.
    shards = io.labelled_shards()
    labelled = [image for path in shards for image in read_labelled(path)] if labelled_parts else []
    batches = [labelled[number * size : (number + 1) * size] for number in labelled_parts]
    written = [names.score_part(number) for number in parts]
    written += [names.labelled_part(number) for number in labelled_parts]
    num_images = len(ids) + sum(map(len, batches))
    num_boxes = 0
    images = io.dataset.iter_images("pool", ids)
    encoded = chain(
        (islice(images, size) for _ in parts),
        ((image.read() for image in batch) for batch in batches),
    )
    with (
        closing(images),
        log.progress("score", total=num_images, unit="images") as bar,
        closing(_score(io, encoded, bar)) as records,
    ):
        for name, batch, record in zip(
            written, [*[None] * len(parts), *batches], records, strict=True
        ):
            _upload(io, name, _with_truth(io, record, batch) if batch else record)
            num_boxes += len(record.objectness)
    return {"images": num_images, "boxes": num_boxes, "parts": len(mine)}


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
        seed=(io.ref.round.seed, io.ref.round.index),
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
