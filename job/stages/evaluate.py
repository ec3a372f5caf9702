"""Measure the round's model on the test set: write its detections and their metrics."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from job.artifacts import names
from job.artifacts.metrics import dump_metrics
from job.artifacts.stage_io import StageIO
from job.data.dataset import Dataset
from job.data.shards import LabelledImage
from job.detection.detectors.base import load_model
from job.detection.device import set_threads
from job.detection.inference.predict import Engine, detect_images
from job.detection.meter import Meter
from job.detection.metrics.average_precision import evaluate
from job.detection.metrics.detections import Detections
from job.errors import BadDataError
from job.runtime import log


def run(io: StageIO) -> dict[str, object]:
    """Read the model and the test set. Write `metrics.json` and `detections.parquet`.

    Without a test set, no metric has a value.
    """
    set_threads(io.config.runtime)
    dataset = io.dataset
    refuse_leak(dataset)
    truth = io.test_images()
    _refuse_trained(io, truth)
    io.marker(io.round.stage("train"))  # an input also if nothing is measured
    detections = _detections(io, truth) if truth else Detections.joined([])
    metrics = evaluate({image.id: image.annotation for image in truth}, detections, dataset.classes)
    sink = pa.BufferOutputStream()
    pq.write_table(detections.to_table(dataset.classes), sink)
    io.write(names.DETECTIONS, sink.getvalue().to_pybytes())
    io.write(names.METRICS, dump_metrics(metrics))
    return {"images": len(truth), "map50": metrics.map50_area, "map_coco": metrics.map_coco}


def _detections(io: StageIO, images: Sequence[LabelledImage]) -> Detections:
    """Return what the round's model finds in the test images."""
    tracked = log.track(images, "evaluate", len(images), "images")
    meter = Meter()
    found = detect_images(
        load_model(io.model(io.round), io.config.detector),
        meter.waiting(image.read() for image in tracked),
        io.config.evaluate,
        Engine.of(io.config.runtime),
    )
    io.pace = meter.pace()
    return found


def _refuse_trained(io: StageIO, truth: Sequence[LabelledImage]) -> None:
    """Refuse a test image that the model may have been trained on.

    Raises:
        BadDataError: The test set was drawn while a round selected, in another process.
    """
    if io.config.test is None:
        return
    trained = {each for ref in (*io.earlier, io.round) for each in io.picked_ids(ref)}
    if shared := trained.intersection(image.id for image in truth):
        message = (
            f"{io.ref}: {len(shared)} images of the test set were selected for training, such as "
            f"{min(shared)}: remove {io.round.prefix} and what follows it, and it selects anew"
        )
        raise BadDataError(message)


def refuse_leak(dataset: Dataset) -> None:
    """Refuse a data set with a test image in its pool, by its id or by its content.

    Raises:
        BadDataError: An image is in the pool and in the test set.
    """
    pool, test = dataset.index("pool"), dataset.index("test")
    for column, what in (("id", "id"), ("sha256", "content (SHA-256)")):
        if shared := set(pool[column].to_pylist()) & set(test[column].to_pylist()):
            message = (
                f"data set {dataset.manifest.name!r}: pool and test share {len(shared)} images by "
                f"their {what}, such as {min(shared)}: ingest it again without them"
            )
            raise BadDataError(message)
