# ruff: noqa: N803, N806 - shape suffixes
"""What a detector sees in images, a batch at a time.

Shapes: B = images of a batch, A = anchors, K = foreground classes and background as class 0, E =
length of an embedding.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, Literal, TypeVar
from zlib import crc32

import numpy as np
import pyarrow as pa
import torch
from PIL import Image
from torch import Tensor

from job.config.experiment import EvaluateConfig, ScoreConfig
from job.config.runtime import RuntimeConfig
from job.detection.detectors.ssd import Detector, RawOutput
from job.detection.device import resolve_device
from job.detection.inference.compile import compile_network
from job.detection.inference.fuse_batch_norm import fold_batch_norm
from job.detection.inference.image_cache import ImageCache
from job.detection.inference.post_processing import Predictions, describe, detect, half
from job.detection.metrics.detections import Detections
from job.detection.training.augmentation import augmented_view
from job.detection.view import View, scaled
from job.records.arrays import Floats, offsets, rows
from job.records.score_record import ScoreRecord
from job.runtime.parallel import batched, in_threads

Precision = Literal["float32", "bfloat16"]

T = TypeVar("T")
R = TypeVar("R")

Decode = Callable[
    [int | None], tuple[Image.Image, tuple[int, int], tuple[float, float, float, float]]
]
"""It returns an image in RGB; its width and height in pixels; and left, top, width and height of it
in the pixels that came. Given a number of pixels each way that are enough, fewer may come, though
not fewer than that."""

Unread = tuple[str, Decode]
"""An image's id, and what decodes it."""

Square = tuple[Tensor, tuple[int, int]]
"""An image as the network sees it, uint8 (3, S, S), and its width and height in pixels."""


@dataclass(frozen=True)
class Engine:
    """How networks are run."""

    device: torch.device
    """Where. On a GPU, batches take turns."""
    batch_size: int
    """Images in a batch."""
    image_cache: ImageCache[Square] = field(default_factory=lambda: ImageCache(0))
    """What has been decoded and scaled, by the images' ids and the network's size."""
    compiled: bool = False
    """Whether the network is compiled, where that is possible."""

    @classmethod
    def of(
        cls, runtime: RuntimeConfig, image_cache: ImageCache[Square], *, compiled: bool = False
    ) -> "Engine":
        """What the configuration means here.

        Raises:
            ConfigError: It wants a GPU, and there is none.
        """
        return cls(resolve_device(runtime), runtime.batch_size, image_cache, compiled)


def map_predictions(  # noqa: PLR0913 - the last two have defaults
    function: Callable[[Predictions], R],
    detector: Detector,
    batches: Iterable[Sequence[Unread]],
    engine: Engine,
    *,
    augment_seed: Sequence[int] | None = None,
    precision: Precision = "float32",
) -> Generator[R]:
    """Yield what a function makes of each batch's predictions, in their order.

    A thread takes a batch from its files to the function's result, with one thread of torch; there
    are as many as torch has threads. So all processors are busy all the time, and what comes out
    does not depend on their number. Few batches are under way at a time.

    Args:
        function: It is called in inference mode, in any of the threads.
        detector: It is moved to the engine's device and made ready to infer; it can then not be
            trained.
        batches: Images that go through the network together, at most the engine's batch size.
        engine: How the network is run.
        augment_seed: Where given, images are augmented as in training, each as a function of
            these numbers and its id.
        precision: What the network computes in; predictions are float32.
    """
    device, is_half = engine.device, precision == "bfloat16"
    detector.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    fold_batch_norm(detector)
    turn = threading.Lock() if device.type == "cuda" else nullcontext()

    @torch.inference_mode()
    def run(pixels_BCHW: Tensor) -> RawOutput:
        with turn, torch.autocast(device.type, torch.bfloat16, enabled=is_half):
            return detector.forward_raw(pixels_BCHW.to(device))

    @torch.inference_mode()
    def look(batch: Sequence[Unread]) -> R:
        seen = [_look_at(detector, *each, augment_seed, engine.image_cache) for each in batch]
        pixels, sizes_wh, views = zip(*seen, strict=True)
        # What is compiled takes batches of one size.
        missing = engine.batch_size - len(batch) if is_compiled else 0
        raw = run(torch.stack([*pixels, *pixels[:1] * missing]))
        few = slice(len(batch))
        return function(
            Predictions(
                ids=[image_id for image_id, _ in batch],
                sizes_wh=sizes_wh,
                views=views,
                logits_BAK=raw.logits_BAK[few],
                boxes_BA4=raw.boxes_BA4[few],
                fine_maps_BFYX=raw.maps[detector.stride_16_map][few].float(),
                # The backbone's last layer; the maps after it belong to the detector.
                embeddings_BE=raw.maps[1][few].float().mean((2, 3)),
            )
        )

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():  # or it is no tensor like those that come
            like_all = torch.zeros(engine.batch_size, 3, *[detector.size] * 2, dtype=torch.uint8)
        is_compiled = engine.compiled and compile_network(detector, partial(run, like_all))
        yield from in_threads(look, batches, threads, threads + 1)
    finally:
        torch.set_num_threads(threads)


def score_images(
    detector: Detector,
    parts: Iterable[Iterable[Unread]],
    config: ScoreConfig,
    engine: Engine,
    *,
    augment_seed: Sequence[int] = (),
) -> Generator[ScoreRecord]:
    """Yield the score record of each part.

    `post_processing.describe` says which boxes are kept.

    Args:
        detector: As for `map_predictions`.
        parts: Images, at least one a part. The next part's are asked for before a record is there.
        config: What is kept.
        engine: How the network is run. No batch is of two parts. On the same batches, the record
            is the same to the last bit, however the images are spread over parts.
        augment_seed: Seeds the augmentation where `config.augment` asks for it.
    """
    begun: list[int] = []  # of each batch that was asked for, its part

    def batches() -> Iterator[list[Unread]]:
        for number, part in enumerate(parts):
            for batch in batched(part, engine.batch_size):
                begun.append(number)
                yield batch

    predictions = map_predictions(
        partial(describe, config=config),
        detector,
        batches(),
        engine,
        augment_seed=augment_seed if config.augment else None,
        precision=config.precision,
    )
    with closing(predictions) as scored:
        # A batch has been asked for when its result is there, so its part is known then.
        numbered = zip(scored, begun, strict=False)
        for _, part in groupby(numbered, key=itemgetter(1)):
            yield _joined([record for record, _ in part])


def _joined(batches: Sequence[ScoreRecord]) -> ScoreRecord:
    """Put batches' records one after the other."""

    def column(name: str) -> Any:
        return np.concatenate([getattr(each, name) for each in batches])

    return ScoreRecord(
        ids=column("ids"),
        sizes_wh=column("sizes_wh"),
        offsets=offsets(column("num_detections")),
        boxes_xyxy=column("boxes_xyxy"),
        probabilities=column("probabilities"),
        objectness=column("objectness"),
        num_overlaps=column("num_overlaps"),
        embeddings=column("embeddings"),
        box_features=None if batches[0].box_features is None else column("box_features"),
    )


def embed_images(
    detector: Detector,
    images: Iterable[Unread],
    engine: Engine,
) -> pa.Table:
    """Return the columns `id` and `embedding` of images' score record, and no other.

    Args:
        detector: As for `map_predictions`.
        images: In the order of the result.
        engine: How the network is run.
    """

    def embeddings(seen: Predictions) -> tuple[Sequence[str], Floats]:
        return seen.ids, half(seen.embeddings_BE)

    batches = map_predictions(embeddings, detector, batched(images, engine.batch_size), engine)
    ids: list[str] = []
    found = [np.empty((0, detector.map_channels[1]), np.float16)]
    for of_batch, embeddings_BE in batches:
        ids += of_batch
        found.append(embeddings_BE)
    embeddings_NE = np.concatenate(found)
    return pa.table(
        {"id": pa.array(ids, pa.string()), "embedding": rows(embeddings_NE, np.float16)}
    )


def detect_images(
    detector: Detector,
    images: Iterable[Unread],
    config: EvaluateConfig,
    engine: Engine,
) -> Detections:
    """Return SSD's detections: a box counts once for every class of at least `score_threshold`.

    Args:
        detector: As for `map_predictions`.
        images: In the order of the result.
        config: What is kept.
        engine: How the network is run.
    """
    function = partial(detect, config=config)
    batches = map_predictions(function, detector, batched(images, engine.batch_size), engine)
    return Detections.joined(list(batches))


def _look_at(
    detector: Detector,
    image_id: str,
    decode: Decode,
    augment_seed: Sequence[int] | None,
    image_cache: ImageCache[Square],
) -> tuple[Tensor, tuple[int, int], View]:
    """The pixels that the network gets of an image, the image's size, and where they come from."""
    size = detector.size
    if augment_seed is not None:
        image, size_wh, _ = decode(None)
        seed = [*augment_seed, crc32(image_id.encode())]
        pixels, view = augmented_view(image, size=size, fill=detector.fill, seed=seed)
        return pixels, size_wh, view

    def square() -> Square:
        image, size_wh, frame = decode(size)
        if frame == (0, 0, *image.size) and max(image.size) <= 2 * size:
            return scaled(image, size), size_wh
        return View(*frame, size).render(image, detector.fill), size_wh

    pixels, size_wh = image_cache.get((image_id, size), square, 3 * size * size)
    return pixels, size_wh, View.whole(size_wh, size)
