# ruff: noqa: N806 - shape suffixes
"""What a detector sees in images, a batch at a time.

Shapes: B = images of a batch, E = length of an embedding, N = all images.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, TypeVar

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from job.config.runtime import RuntimeConfig
from job.config.schema import EvaluateConfig, ScoreConfig
from job.data.shards import EncodedImage
from job.detection.detectors.base import Detector
from job.detection.detectors.raw_output import ImageBatch, RawOutput
from job.detection.device import resolve_device
from job.detection.inference.compile import compile_network
from job.detection.inference.fold_batch_norm import fold_batch_norm
from job.detection.inference.network_input import InputTransform, augmented, resized
from job.detection.inference.post_processing import Predictions, detect, half, record_batch
from job.detection.input_size import Square
from job.detection.metrics.detections import Detections
from job.records.arrays import Floats, offsets, rows
from job.records.score_record import ScoreRecord
from job.runtime import log
from job.runtime.parallel import batched, in_threads

Precision = Literal["float32", "bfloat16"]

R = TypeVar("R")


@dataclass(frozen=True)
class Engine:
    """How networks are run."""

    device: torch.device
    """Where the network computes. On a GPU, batches take turns."""
    batch_size: int
    """Images in a batch."""
    compiled: bool = False
    """Whether the network is compiled, if that is possible."""

    @classmethod
    def of(cls, runtime: RuntimeConfig, *, compiled: bool = False) -> "Engine":
        """Return the engine that the configuration means here.

        Raises:
            ConfigError: It wants a GPU, and there is none.
        """
        return cls(resolve_device(runtime), runtime.batch_size, compiled)


def map_predictions(  # noqa: PLR0913 - the last one has a default
    function: Callable[[Predictions], R],
    detector: Detector,
    transform: InputTransform,
    batches: Iterable[Sequence[EncodedImage]],
    engine: Engine,
    *,
    precision: Precision = "float32",
) -> Generator[R]:
    """Yield what a function makes of each batch's predictions, in their order.

    A thread takes a batch from its files to the function's result, and torch computes in that
    thread alone. There are as many threads as torch has, so all processors are busy all the time,
    and the results do not depend on the number. Few batches are in memory at a time.

    Args:
        function: Called in inference mode, in any of the threads.
        detector: It is moved to the engine's device and made ready to infer; it cannot be trained
            after that.
        transform: What the network sees of an image.
        batches: Images that go through the network together, at most the engine's batch size.
        engine: How the network is run.
        precision: What the network computes in; predictions are float32.
    """
    detector.to(engine.device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    fold_batch_norm(detector)
    run = _runner(detector, engine.device, precision)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        is_compiled = engine.compiled and _compiled(detector, run, engine.batch_size)
        # What is compiled takes batches of one size.
        size = engine.batch_size if is_compiled else 0

        @torch.inference_mode()
        def predict(batch: Sequence[EncodedImage]) -> R:
            return function(_predict(detector, transform, run, batch, size))

        yield from in_threads(predict, batches, threads, threads + 1)
    finally:
        torch.set_num_threads(threads)


def _compiled(detector: Detector, run: Callable[[ImageBatch], RawOutput], batch_size: int) -> bool:
    """Compile a detector, and return whether that worked."""
    if not isinstance(detector.input_size, Square):
        reason = f"the inputs of {detector.description['model']} differ in size"
        log.get().warning("compile.unavailable", reason=reason)
        return False
    with torch.inference_mode():  # a tensor like those that come
        zeros = torch.zeros(batch_size, 3, *[detector.input_size.size] * 2, dtype=torch.uint8)
    return compile_network(detector, partial(run, ImageBatch.filled(zeros)))


def _runner(
    detector: Detector, device: torch.device, precision: Precision
) -> Callable[[ImageBatch], RawOutput]:
    """Return the function that runs the network on pixels."""
    turn = threading.Lock() if device.type == "cuda" else nullcontext()
    is_half = precision == "bfloat16"

    @torch.inference_mode()
    def run(images: ImageBatch) -> RawOutput:
        with turn, torch.autocast(device.type, torch.bfloat16, enabled=is_half):
            return detector.forward_raw(images.to(device))

    return run


def _predict(
    detector: Detector,
    transform: InputTransform,
    run: Callable[[ImageBatch], RawOutput],
    batch: Sequence[EncodedImage],
    size: int,
) -> Predictions:
    """Return the predictions of a batch, which is filled up to `size` images for the network."""
    inputs = [transform(image) for image in batch]
    pixels = [each.pixels for each in inputs]
    raw = _run_by_size(run, [*pixels, *pixels[:1] * (size - len(batch))])
    return Predictions(
        ids=[image.id for image in batch],
        sizes_wh=[each.size_wh for each in inputs],
        views=[each.view for each in inputs],
        raw=raw[: len(batch)],
        scoring=detector.scoring,
    )


def _run_by_size(run: Callable[[ImageBatch], RawOutput], images: Sequence[Tensor]) -> RawOutput:
    """Run the network on images, those of one size together.

    On one canvas, what fills up the smaller ones would enter normalisation and attention: what is
    seen in an image would depend on its neighbours.
    """
    places = defaultdict[torch.Size, list[int]](list)
    for place, image in enumerate(images):
        places[image.shape].append(place)
    parts = {
        shape: run(ImageBatch.filled(torch.stack([images[each] for each in of_shape])))
        for shape, of_shape in places.items()
    }
    if len(parts) == 1:
        return parts[images[0].shape]
    seen = {
        place: parts[shape][row : row + 1]
        for shape, of_shape in places.items()
        for row, place in enumerate(of_shape)
    }
    return RawOutput.joined([seen[place] for place in range(len(images))])


def record_images(
    detector: Detector,
    parts: Iterable[Iterable[EncodedImage]],
    config: ScoreConfig,
    engine: Engine,
    *,
    seed: Sequence[int] = (),
) -> Generator[ScoreRecord]:
    """Yield the score record of each part.

    `post_processing.record_batch` says which boxes are kept.

    Args:
        detector: As for `map_predictions`.
        parts: Images, at least one a part. Those of the next part are read before the record of
            this one is ready.
        config: What the network sees, and what is kept.
        engine: How the network is run. No batch is of two parts. On the same batches, the record
            is the same to the last bit, however the images are spread over parts.
        seed: The augmentation is a function of it, if `config.input` is `training`.
    """
    part_of_batch: list[int] = []  # of each batch that was asked for

    def batches() -> Iterator[list[EncodedImage]]:
        for number, part in enumerate(parts):
            for batch in batched(part, engine.batch_size):
                part_of_batch.append(number)
                yield batch

    predictions = map_predictions(
        partial(record_batch, config=config),
        detector,
        augmented(detector, seed) if config.input == "training" else resized(detector),
        batches(),
        engine,
        precision=config.precision,
    )
    with closing(predictions) as records:
        # A batch has been asked for when its record is there, so its part is known then.
        numbered = zip(records, part_of_batch, strict=False)
        for _, part in groupby(numbered, key=itemgetter(1)):
            yield _joined([record for record, _ in part])


def _joined(batches: Sequence[ScoreRecord]) -> ScoreRecord:
    """Put batches' records one after the other."""

    def column(name: str) -> Any:
        return np.concatenate([getattr(each, name) for each in batches])

    return ScoreRecord(
        ids=column("ids"),
        sizes_wh=column("sizes_wh"),
        offsets=offsets(np.concatenate([np.diff(each.offsets) for each in batches])),
        boxes_xyxy=column("boxes_xyxy"),
        probabilities=column("probabilities"),
        objectness=column("objectness"),
        num_overlaps=column("num_overlaps"),
        embeddings=column("embeddings"),
        box_features=None if batches[0].box_features is None else column("box_features"),
    )


def embed_images(detector: Detector, images: Iterable[EncodedImage], engine: Engine) -> pa.Table:
    """Return the columns `id` and `embedding` of images' score record, and no other.

    Args:
        detector: As for `map_predictions`.
        images: In the order of the result.
        engine: How the network is run.
    """

    def embeddings(predictions: Predictions) -> tuple[Sequence[str], Floats]:
        return predictions.ids, half(predictions.raw.embeddings_BE)

    batches = batched(images, engine.batch_size)
    ids: list[str] = []
    found = [np.empty((0, detector.embedding_length), np.float16)]
    for ids_B, embeddings_BE in map_predictions(
        embeddings, detector, resized(detector), batches, engine
    ):
        ids += ids_B
        found.append(embeddings_BE)
    embeddings_NE = np.concatenate(found)
    return pa.table(
        {"id": pa.array(ids, pa.string()), "embedding": rows(embeddings_NE, np.float16)}
    )


def detect_images(
    detector: Detector, images: Iterable[EncodedImage], config: EvaluateConfig, engine: Engine
) -> Detections:
    """Return the detections in images.

    `post_processing.detect` says which are kept.

    Args:
        detector: As for `map_predictions`.
        images: In the order of the result.
        config: What is kept.
        engine: How the network is run.
    """
    function = partial(detect, config=config)
    batches = batched(images, engine.batch_size)
    found = map_predictions(function, detector, resized(detector), batches, engine)
    return Detections.joined(list(found))
