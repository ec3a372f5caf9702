# ruff: noqa: N803, N806, N815 - shape suffixes
"""What a detector sees in images, a batch at a time.

Shapes: A = anchors, C = foreground classes, K = C + 1 with background as class 0, D = boxes kept of
one image, E = length of an embedding, F = length of a box feature.
"""

import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from functools import partial
from itertools import groupby, islice
from operator import itemgetter
from typing import Literal, TypeVar
from zlib import crc32

import numpy as np
import pyarrow as pa
import torch
from PIL import Image
from torch import Tensor
from torchvision.ops import batched_nms, box_iou

from job.config import EvaluateConfig, RuntimeConfig, ScoreConfig
from job.detection.compiling import compile_network
from job.detection.detections import Detections
from job.detection.device import resolve_device
from job.detection.folding import fold_batch_norm
from job.detection.models import Detector, RawOutput
from job.detection.transforms import View, augmented_view
from job.kept import Kept
from job.records import Floats, Integers, ScoreRecord, rows
from job.threads import in_threads

# The most boxes that suppression looks at: of an image for the score record, of a class otherwise.
MAX_CANDIDATES = 400
# Two boxes that overlap by as much may be of one object.
OVERLAP_IOU = 0.5

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
    squares: Kept[Square] = field(default_factory=lambda: Kept(0))
    """What has been decoded and scaled, by the images' ids and the network's size."""
    compiled: bool = False
    """Whether the network is compiled, where that is possible."""

    @classmethod
    def of(cls, runtime: RuntimeConfig, squares: Kept[Square], *, many: bool = False) -> "Engine":
        """What the configuration means here.

        Args:
            runtime: The configuration.
            squares: As in the engine.
            many: Whether there are so many images that compiling, where it is asked for, pays.

        Raises:
            ConfigError: It wants a GPU, and there is none.
        """
        compiled = many and runtime.compile
        return cls(resolve_device(runtime), runtime.batch_size, squares, compiled)


@dataclass(frozen=True)
class Prediction:
    """One image as the network sees it, on the network's device."""

    id: str
    size_wh: tuple[int, int]
    """In pixels."""
    view: View
    logits_AK: Tensor
    probabilities_AK: Tensor
    """Their softmax."""
    boxes_A4: Tensor
    """In pixels of the network's square."""
    fine_map: Tensor
    """(F, rows, columns), at stride 16."""
    embedding_E: Tensor

    def original_boxes(self, boxes_D4: Tensor) -> Floats:
        """Return boxes of the square in pixels of the image, clipped to it: float32 (D, 4)."""
        boxes = self.view.to_image(boxes_D4).cpu().numpy()
        return np.asarray(np.clip(boxes, 0, np.array(self.size_wh * 2, dtype=np.float32)))


def map_predictions(  # noqa: PLR0913 - the last two have defaults
    function: Callable[[Prediction], R],
    detector: Detector,
    batches: Iterable[Sequence[Unread]],
    engine: Engine,
    *,
    augment_seed: Sequence[int] | None = None,
    precision: Precision = "float32",
) -> Generator[list[R]]:
    """Yield what a function makes of the images' predictions, a batch at a time, in their order.

    A thread takes a batch from its files to the function's results, with one thread of torch; there
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
    device, half = engine.device, precision == "bfloat16"
    detector.to(device, memory_format=torch.channels_last).eval()  # type: ignore[call-overload]
    fold_batch_norm(detector)
    turn = threading.Lock() if device.type == "cuda" else nullcontext()

    @torch.inference_mode()
    def run(pixels: Tensor) -> RawOutput:
        with turn, torch.autocast(device.type, torch.bfloat16, enabled=half):
            return detector.forward_raw(pixels.to(device))

    @torch.inference_mode()
    def look(batch: Sequence[Unread]) -> list[R]:
        seen = [_look_at(detector, *each, augment_seed, engine.squares) for each in batch]
        # What is compiled takes batches of one size.
        missing = engine.batch_size - len(batch) if is_compiled else 0
        raw = run(torch.stack([pixels for pixels, _, _ in [*seen, *seen[:1] * missing]]))
        probabilities_BAK = raw.logits_BAK.softmax(-1)
        fine_maps = raw.maps[detector.stride_16_map].float()
        # The backbone's last layer; the maps after it belong to the detector.
        embeddings_BE = raw.maps[1].float().mean((2, 3))
        return [
            function(
                Prediction(
                    id=image_id,
                    size_wh=size_wh,
                    view=view,
                    logits_AK=raw.logits_BAK[row],
                    probabilities_AK=probabilities_BAK[row],
                    boxes_A4=raw.boxes_BA4[row],
                    fine_map=fine_maps[row],
                    embedding_E=embeddings_BE[row],
                )
            )
            for row, ((image_id, _), (_, size_wh, view)) in enumerate(zip(batch, seen, strict=True))
        ]

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
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

    A box is kept where its most probable class has at least `score_threshold` in the full softmax,
    and no better box of that class overlaps it; best first, at most `max_detections` an image.

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
            for batch in _batched(part, engine.batch_size):
                begun.append(number)
                yield batch

    predictions = map_predictions(
        partial(_score, config=config),
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
            yield _record([each for batch, _ in part for each in batch], config)


def _record(scored: Sequence["_Scored"], config: ScoreConfig) -> ScoreRecord:
    """Put images' parts of the record one after the other."""
    return ScoreRecord(
        ids=np.array([each.id for each in scored], dtype=np.str_),
        sizes_wh=np.array([each.size_wh for each in scored], dtype=np.int64).reshape(-1, 2),
        offsets=_offsets([len(each.boxes_D4) for each in scored]),
        boxes_xyxy=np.concatenate([each.boxes_D4 for each in scored]),
        probabilities=np.concatenate([each.probabilities_DC for each in scored]),
        objectness=np.concatenate([each.objectness_D for each in scored]),
        num_overlaps=np.concatenate([each.num_overlaps_D for each in scored]).astype(np.int64),
        embeddings=np.stack([each.embedding_E for each in scored]),
        box_features=np.concatenate([each.features_DF for each in scored])
        if config.box_features
        else None,
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

    def embedding(prediction: Prediction) -> tuple[str, Floats]:
        return prediction.id, _half(prediction.embedding_E)

    batches = map_predictions(embedding, detector, _batched(images, engine.batch_size), engine)
    seen = [each for batch in batches for each in batch]
    embeddings_NE = _joined([each[None] for _, each in seen], (0, detector.map_channels[1]))
    ids = pa.array([image_id for image_id, _ in seen], pa.string())
    return pa.table({"id": ids, "embedding": rows(embeddings_NE, np.float16)})


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

    def detect(prediction: Prediction) -> tuple[str, Floats, Integers, Floats]:
        return prediction.id, *_detect(prediction, config)

    batches = map_predictions(detect, detector, _batched(images, engine.batch_size), engine)
    found = [each for batch in batches for each in batch]
    return Detections(
        ids=tuple(image_id for image_id, *_ in found),
        offsets=_offsets([len(boxes) for _, boxes, _, _ in found]),
        boxes_xyxy=_joined([boxes for _, boxes, _, _ in found], (0, 4)),
        labels=_joined([labels for _, _, labels, _ in found], (0,)).astype(np.int64),
        scores=_joined([scores for _, _, _, scores in found], (0,)),
    )


@dataclass(frozen=True)
class _Scored:
    """One image's part of the score record, under the same names."""

    id: str
    size_wh: tuple[int, int]
    boxes_D4: Floats
    probabilities_DC: Floats
    objectness_D: Floats
    num_overlaps_D: Integers
    embedding_E: Floats
    features_DF: Floats


def _score(prediction: Prediction, config: ScoreConfig) -> _Scored:
    """Choose an image's boxes and describe them."""
    best_A, class_A = prediction.probabilities_AK[:, 1:].max(-1)
    possible_A = (best_A >= config.score_threshold) & _has_area(prediction.boxes_A4)
    (candidates,) = torch.nonzero(possible_A, as_tuple=True)
    order = torch.sort(best_A[candidates], descending=True, stable=True).indices
    candidates = candidates[order[:MAX_CANDIDATES]]
    boxes = prediction.boxes_A4[candidates]
    kept = batched_nms(boxes, best_A[candidates], class_A[candidates], config.nms_iou)
    kept = kept[: config.max_detections]
    logits_DK = prediction.logits_AK[candidates[kept]]
    overlaps_D = (box_iou(boxes[kept], boxes) >= OVERLAP_IOU).sum(1)
    features_DF = (
        _box_features(prediction, boxes[kept]) if config.box_features else boxes.new_empty(0, 0)
    )
    return _Scored(
        id=prediction.id,
        size_wh=prediction.size_wh,
        boxes_D4=prediction.original_boxes(boxes[kept]),
        # p(class) / (1 - p(background)) is the softmax over the classes alone.
        probabilities_DC=_half(logits_DK[:, 1:].softmax(-1)),
        objectness_D=prediction.probabilities_AK[candidates[kept], 1:].sum(-1).cpu().numpy(),
        num_overlaps_D=overlaps_D.cpu().numpy(),
        embedding_E=_half(prediction.embedding_E),
        features_DF=_half(features_DF),
    )


def _detect(prediction: Prediction, config: EvaluateConfig) -> tuple[Floats, Integers, Floats]:
    """Choose an image's boxes (D, 4), with class (D,) and score (D,), best first."""
    scores_CA = prediction.probabilities_AK[:, 1:].T
    possible_CA = (scores_CA >= config.score_threshold) & _has_area(prediction.boxes_A4)
    labels, anchors = torch.nonzero(possible_CA, as_tuple=True)
    scores = scores_CA[labels, anchors]
    # By class, within it best first, equal ones by their anchor.
    order = torch.sort(scores, descending=True, stable=True).indices
    order = order[torch.sort(labels[order], stable=True).indices]
    labels = labels[order]
    rank = torch.arange(len(labels), device=labels.device) - torch.searchsorted(labels, labels)
    few = rank < MAX_CANDIDATES
    labels, order = labels[few], order[few]
    boxes, scores = prediction.boxes_A4[anchors[order]], scores[order]
    kept = batched_nms(boxes, scores, labels, config.nms_iou)[: config.max_detections]
    return (
        prediction.original_boxes(boxes[kept]),
        labels[kept].cpu().numpy(),
        scores[kept].cpu().numpy(),
    )


def _box_features(prediction: Prediction, boxes_D4: Tensor) -> Tensor:
    """The mean of the stride-16 map over each box: (D, F).

    As torchvision's `roi_align` with an output of one cell. That takes each sample by itself, and a
    mean over bilinear samples is a product of matrices: of a box's weights of rows and of columns.
    """
    map_FYX = prediction.fine_map
    scale = map_FYX.shape[-1] / prediction.view.size
    x0, y0, x1, y1 = (boxes_D4 * scale - 0.5).T
    rows_DY = _sample_weights(y0, y1, map_FYX.shape[1])
    columns_DX = _sample_weights(x0, x1, map_FYX.shape[2])
    weights_DYX = rows_DY[:, :, None] * columns_DX[:, None, :]
    return weights_DYX.flatten(1) @ map_FYX.flatten(1).T


def _sample_weights(low_D: Tensor, high_D: Tensor, size: int) -> Tensor:
    """How much each cell of a line counts in the mean over an interval.

    Samples lie a cell apart or less, as many as cells are begun.

    Args:
        low_D: Where each interval begins; the middle of the first cell is 0.
        high_D: Where it ends.
        size: The number of cells.

    Returns:
        (D, size), each row of sum 1.
    """
    count_D = (high_D - low_D).ceil().clamp(min=1)
    number_S = torch.arange(int(count_D.max()) if len(count_D) else 1, device=low_D.device)
    at_DS = low_D[:, None] + (number_S + 0.5) * ((high_D - low_D) / count_D)[:, None]
    share_DS = (number_S < count_D[:, None]) / count_D[:, None]
    # Linear interpolation between two cells: of a cell, what its distance leaves of 1.
    distance_DSX = at_DS.clamp(0, size - 1)[:, :, None] - torch.arange(size, device=low_D.device)
    return ((1 - distance_DSX.abs()).clamp(min=0) * share_DS[:, :, None]).sum(1)


def _has_area(boxes_A4: Tensor) -> Tensor:
    """Which boxes still have an area after clipping: bool (A,)."""
    return (boxes_A4[:, 2:] > boxes_A4[:, :2]).all(1)


def _look_at(
    detector: Detector,
    image_id: str,
    decode: Decode,
    augment_seed: Sequence[int] | None,
    squares: Kept[Square],
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
        return View(*frame, size).render(image, detector.fill), size_wh

    pixels, size_wh = squares.get((image_id, size), square, 3 * size * size)
    return pixels, size_wh, View.whole(size_wh, size)


def _batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield lists of `size` items; the last may be shorter."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _offsets(lengths: Sequence[int]) -> Integers:
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def _joined(arrays: Sequence[Floats | Integers], empty: tuple[int, ...]) -> Floats:
    """Join arrays along their rows; `empty` is the shape where there are none."""
    return np.concatenate(arrays) if arrays else np.empty(empty, np.float32)


def _half(values: Tensor) -> Floats:
    return values.to(torch.float16).cpu().numpy()
