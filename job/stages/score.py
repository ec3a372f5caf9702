"""Write the score record: what the round's model sees in every unlabelled image.

The unlabelled images, in the order of the store, are cut into parts of a fixed size, whatever the
number of shards that share the work: so every number of them writes the same parts.
"""

import tempfile
from contextlib import closing
from itertools import islice
from pathlib import Path

import pyarrow.parquet as pq

from job import log
from job.data.images import decode_rgb
from job.detection.device import resolve_device, set_threads
from job.detection.inference import score_images
from job.detection.models import load_model
from job.rounds import StageIO


def run(io: StageIO) -> dict[str, object]:
    """Read the model and the unlabelled images. Write `part-00000.parquet` and so on."""
    set_threads(io.config.runtime)
    unlabelled = io.pool_after.unlabelled
    size = io.config.score.images_per_part
    parts = share_of(-(-len(unlabelled) // size), io.shard)
    ids = unlabelled[parts.start * size : parts.stop * size]
    detector = load_model(io.model(io.ref.round), io.config.detector)
    images = log.track(io.dataset.iter_images("pool", ids), "score", len(ids), "images")
    num_boxes = 0
    with closing(images), tempfile.TemporaryDirectory() as folder:
        for number in parts:
            record = score_images(
                detector,
                ((image_id, decode_rgb(data, image_id)) for image_id, data in islice(images, size)),
                io.config.score,
                device=resolve_device(io.config.runtime),
                batch_size=io.config.runtime.batch_size,
                augment_seed=(io.ref.round.seed, io.ref.round.index),
            )
            path = Path(folder) / f"part-{number:05d}.parquet"
            pq.write_table(record.to_table(), path)
            io.upload(path.name, path)
            path.unlink()
            num_boxes += len(record.objectness)
    return {"images": len(ids), "boxes": num_boxes, "parts": len(parts)}


def share_of(num_parts: int, shard: tuple[int, int]) -> range:
    """Return the parts of shard i of n: consecutive ones, so that it reads few of the tar files."""
    index, count = shard
    return range(index * num_parts // count, (index + 1) * num_parts // count)
