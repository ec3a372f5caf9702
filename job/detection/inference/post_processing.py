# ruff: noqa: N803, N806, N815 - shape suffixes
"""Post-processing: from raw predictions to the boxes that are kept, in pixels of the images.

Shapes: B = images of a batch, A = candidates of an image, C = foreground classes, N = candidates of
all images that may be likely enough, M = pairs of a candidate and a class, D = boxes kept of all
images.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_iou

from job.config.schema import EvaluateConfig, ScoreConfig
from job.detection.detectors.raw_output import RawOutput
from job.detection.detectors.scoring import Scoring
from job.detection.metrics.detections import Detections
from job.detection.view import View
from job.records.arrays import Floats, offsets
from job.records.score_record import ScoreRecord

# At most so many boxes go into suppression: of an image for the score record, of a class otherwise.
MAX_CANDIDATES = 400
# Two boxes that overlap by at least this much may be of one object.
OVERLAP_IOU = 0.5

# At most so many probabilities of candidates does `detect` handle for a whole batch at once.
_MAX_PROBABILITIES = 1 << 18
# An upper bound of the rounding error when logits are compared.
_ROUNDING = 1e-3


@dataclass(frozen=True)
class Predictions:
    """The network's predictions of a batch."""

    ids: Sequence[str]
    sizes_wh: Sequence[tuple[int, int]]
    """Of the images, in pixels."""
    views: Sequence[View]
    raw: RawOutput
    scoring: Scoring

    def one_by_one(self) -> "Iterator[Predictions]":
        """Yield each image as a batch of its own."""
        images = zip(self.ids, self.sizes_wh, self.views, strict=True)
        for row, (image_id, size_wh, view) in enumerate(images):
            raw = self.raw[row : row + 1]
            yield Predictions([image_id], [size_wh], [view], raw, self.scoring)

    def original_boxes(self, boxes: Iterable[Tensor]) -> Floats:
        """Return boxes of the canvas in pixels of their images, clipped to them: float32 (D, 4).

        Args:
            boxes: Of each image (n, 4).
        """
        found = [
            view.to_image(each).numpy().clip(0, np.array(size_wh * 2, np.float32))
            for view, size_wh, each in zip(self.views, self.sizes_wh, boxes, strict=True)
        ]
        return np.concatenate(found)


@dataclass(frozen=True)
class _Candidates:
    """Candidates that may have a likely class, of all images in order.

    They are on the CPU: a trained network has few, and post-processing takes many small steps.
    """

    image_N: Tensor
    row_N: Tensor
    """The candidate's place among those of its image."""
    logits_NC: Tensor
    scores_NC: Tensor
    boxes: Tensor
    """(N, 4), or (N, C, 4) if each class has a box of its own: as suppression compares them."""
    clipped: Tensor
    """The same, clipped to the images on their canvas."""

    @classmethod
    def of(cls, seen: Predictions, threshold: float) -> "_Candidates":
        """Return all whose best class has at least that score, and a few more."""
        raw, scoring = seen.raw, seen.scoring
        where = torch.nonzero(_may_reach(raw, scoring, threshold), as_tuple=True)

        def some(values: Tensor | None) -> Tensor | None:
            return None if values is None else values[where].cpu()

        logits_NC = raw.logits_BAC[where].cpu()
        scores_NC = class_scores(logits_NC, some(raw.background_BA), some(raw.quality_BA), scoring)
        image_N, row_N, boxes = where[0].cpu(), where[1].cpu(), raw.boxes[where].cpu()
        limits_B4 = torch.tensor([view.canvas_wh * 2 for view in seen.views], dtype=boxes.dtype)
        limits_N4 = limits_B4[image_N]
        limits = limits_N4 if boxes.ndim == limits_N4.ndim else limits_N4[:, None]
        clipped = boxes.clamp(min=0).minimum(limits)
        return cls(image_N, row_N, logits_NC, scores_NC, boxes, clipped)


def class_scores(
    logits_NC: Tensor, background_N: Tensor | None, quality_N: Tensor | None, scoring: Scoring
) -> Tensor:
    """Return the score of each class, as the detector's family defines it: (N, C).

    Args:
        logits_NC: Of the classes.
        background_N: The logit of background, for softmax.
        quality_N: The logit of objectness or centre-ness, if there is one.
        scoring: How they become scores.
    """
    if scoring.activation == "softmax":
        assert background_N is not None  # noqa: S101 - what a softmax is over
        scores_NC = torch.cat([background_N[:, None], logits_NC], 1).softmax(-1)[:, 1:]
    else:
        scores_NC = logits_NC.sigmoid()
    if quality_N is None or scoring.quality == "none":
        return scores_NC
    product_NC = scores_NC * quality_N.sigmoid()[:, None]
    return product_NC if scoring.quality == "product" else product_NC.sqrt()


def _may_reach(raw: RawOutput, scoring: Scoring, threshold: float) -> Tensor:
    """Return which candidates may have a class of that score: (B, A).

    Of a softmax it is enough that p <= exp(logit of the class - logit of background), and to
    compute all of it would take longer.
    """
    best_BA = raw.logits_BAC.amax(-1)
    if raw.background_BA is not None:
        least = math.log(threshold) - _ROUNDING if threshold else -math.inf
        return best_BA - raw.background_BA >= least
    quality_N = None if raw.quality_BA is None else raw.quality_BA.flatten()
    score_N1 = class_scores(best_BA.view(-1, 1), None, quality_N, scoring)
    return score_N1.view_as(best_BA) >= threshold * (1 - _ROUNDING)


def record_batch(seen: Predictions, config: ScoreConfig) -> ScoreRecord:
    """Return the score record of a batch.

    A box is kept if its best class has at least the score `score_threshold`, and no better box of
    that class overlaps it, if the family suppresses any. The best come first, at most
    `max_detections` an image.

    Args:
        seen: The batch.
        config: What is kept.
    """
    found = _Candidates.of(seen, config.score_threshold)
    best_N, class_N = found.scores_NC.max(-1)
    every = torch.arange(len(class_N))
    boxes_N4, clipped_N4 = (boxes_of_class(b, every, class_N) for b in (found.boxes, found.clipped))
    is_likely_N = (best_N >= config.score_threshold) & have_area(clipped_N4)
    (likely,) = torch.nonzero(is_likely_N, as_tuple=True)
    likely = likely[_best_first(best_N[likely], found.image_N[likely])]
    of_images = torch.split(likely, _lengths(found.image_N[likely], len(seen.ids)))
    kept, overlaps = [], []
    for rows in of_images:
        boxes = boxes_N4[rows]
        chosen = _suppressed(boxes, best_N[rows], class_N[rows], seen.scoring, config.nms_iou)
        chosen = chosen[: config.max_detections]
        kept.append(rows[chosen])
        overlaps.append((box_iou(boxes[chosen], boxes) >= OVERLAP_IOU).sum(1))
    kept_D = torch.cat(kept)
    boxes_kept, rows_kept = ([each[rows] for rows in kept] for each in (clipped_N4, found.row_N))
    is_softmax = seen.scoring.activation == "softmax"
    objectness_D = found.scores_NC[kept_D].sum(-1) if is_softmax else best_N[kept_D]
    return ScoreRecord(
        ids=np.array(seen.ids, dtype=np.str_),
        sizes_wh=np.array(seen.sizes_wh, dtype=np.int64).reshape(-1, 2),
        offsets=offsets([len(rows) for rows in kept]),
        boxes_xyxy=seen.original_boxes(boxes_kept),
        # p(class | an object), also of independent sigmoids if exactly one of them is true.
        probabilities=half(found.logits_NC[kept_D].softmax(-1)),
        objectness=objectness_D.numpy(),
        num_overlaps=torch.cat(overlaps).numpy(),
        embeddings=half(seen.raw.embeddings_BE),
        box_features=half(seen.raw.features.of(rows_kept, boxes_kept))
        if config.box_features
        else None,
    )


def detect(seen: Predictions, config: EvaluateConfig) -> Detections:
    """Return the family's detections: a box counts for every class of at least `score_threshold`.

    Args:
        seen: The batch.
        config: What is kept.
    """
    found = _Candidates.of(seen, config.score_threshold)
    if found.scores_NC.numel() > _MAX_PROBABILITIES and len(seen.ids) > 1:
        # A network that has learnt little finds every class everywhere: one image at a time.
        return Detections.joined([detect(each, config) for each in seen.one_by_one()])
    row_M, class_M = torch.nonzero(_possible(found, seen.scoring, config), as_tuple=True)
    score_M, image_M = found.scores_NC[row_M, class_M], found.image_N[row_M]
    order = _best_first(score_M, image_M * found.scores_NC.shape[1] + class_M)
    row_M, class_M, score_M, image_M = (each[order] for each in (row_M, class_M, score_M, image_M))
    boxes, labels, scores = [], [], []
    lengths = _lengths(image_M, len(seen.ids))
    parts = (torch.split(each, lengths) for each in (row_M, class_M, score_M))
    for rows, of_class, score in zip(*parts, strict=True):
        of_image = boxes_of_class(found.boxes, rows, of_class)
        kept = _suppressed(of_image, score, of_class, seen.scoring, config.nms_iou)
        kept = kept[: config.max_detections]
        boxes.append(boxes_of_class(found.clipped, rows[kept], of_class[kept]))
        labels.append(of_class[kept])
        scores.append(score[kept])
    return Detections(
        ids=tuple(seen.ids),
        offsets=offsets([len(each) for each in boxes]),
        boxes_xyxy=seen.original_boxes(boxes),
        labels=torch.cat(labels).numpy(),
        scores=torch.cat(scores).numpy(),
    )


def _possible(found: _Candidates, scoring: Scoring, config: EvaluateConfig) -> Tensor:
    """Return which candidates may be a detection of which class: (N, C)."""
    possible_NC = found.scores_NC >= config.score_threshold
    if scoring.one_class_a_box:
        best_N1 = found.scores_NC.argmax(-1, keepdim=True)
        possible_NC &= torch.zeros_like(possible_NC).scatter_(1, best_N1, value=True)
    has_area = have_area(found.clipped)
    return possible_NC & (has_area if has_area.ndim > 1 else has_area[:, None])


def boxes_of_class(boxes: Tensor, rows: Tensor, classes: Tensor) -> Tensor:
    """Return the boxes of some candidates for one class each: (..., 4)."""
    has_one_for_each_class = boxes.ndim > 2  # noqa: PLR2004 - (N, C, 4)
    return boxes[rows, classes] if has_one_for_each_class else boxes[rows]


def have_area(boxes: Tensor) -> Tensor:
    """Return which boxes still have an area after clipping."""
    return (boxes[..., 2:] > boxes[..., :2]).all(-1)


def _suppressed(
    boxes_N4: Tensor, scores_N: Tensor, classes_N: Tensor, scoring: Scoring, iou: float
) -> Tensor:
    """Return the rows of the boxes that are kept, best first."""
    if scoring.suppression:
        kept: Tensor = batched_nms(boxes_N4, scores_N, classes_N, iou)
        return kept
    return torch.sort(scores_N, descending=True, stable=True).indices


def _best_first(scores_N: Tensor, groups_N: Tensor) -> Tensor:
    """Return rows by group, best first, ties in their order; of each at most `MAX_CANDIDATES`."""
    order = torch.sort(scores_N, descending=True, stable=True).indices
    order = order[torch.sort(groups_N[order], stable=True).indices]
    groups_N = groups_N[order]
    rank_N = torch.arange(len(order)) - torch.searchsorted(groups_N, groups_N)
    return order[rank_N < MAX_CANDIDATES]


def _lengths(image_N: Tensor, num_images: int) -> list[int]:
    """Return how many rows each image has."""
    lengths: list[int] = torch.bincount(image_N, minlength=num_images).tolist()
    return lengths


def half(values: Tensor) -> Floats:
    """Return values as the score record holds them, in float16."""
    return values.to(torch.float16).cpu().numpy()
