# ruff: noqa: N803, N806, N815 - shape suffixes
"""Post-processing: from raw predictions to the boxes that are kept, in pixels of the images.

Shapes: B = images of a batch, A = anchors, K = foreground classes and background as class 0, C =
foreground classes, N = candidates of all images, D = boxes kept of all images, E = length of an
embedding, F, Y, X = channels, rows and columns of a feature map.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torchvision.ops import batched_nms, box_iou

from job.config.schema import EvaluateConfig, ScoreConfig
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
    """The network's predictions of a batch, on its device."""

    ids: Sequence[str]
    sizes_wh: Sequence[tuple[int, int]]
    """Of the images, in pixels."""
    views: Sequence[View]
    logits_BAK: Tensor
    boxes_BA4: Tensor
    """In pixels of the network's square."""
    fine_maps_BFYX: Tensor
    """At stride 16."""
    embeddings_BE: Tensor

    def one_by_one(self) -> "Iterator[Predictions]":
        """Yield each image as a batch of its own."""
        for row, (image_id, size_wh, view) in enumerate(
            zip(self.ids, self.sizes_wh, self.views, strict=True)
        ):
            tensors = self.logits_BAK, self.boxes_BA4, self.fine_maps_BFYX, self.embeddings_BE
            yield Predictions([image_id], [size_wh], [view], *(t[row : row + 1] for t in tensors))

    def original_boxes(self, boxes: Iterable[Tensor]) -> Floats:
        """Return boxes of the square in pixels of their images, clipped to them: float32 (D, 4).

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
    """Anchors that may have a likely class, of all images in order.

    They are on the CPU: a trained network has few, and post-processing takes many small steps.
    """

    image_N: Tensor
    logits_NK: Tensor
    probabilities_NC: Tensor
    """Of the full softmax."""
    boxes_N4: Tensor
    has_area_N: Tensor
    """Whether the box still has an area after clipping."""

    @classmethod
    def of(cls, seen: Predictions, threshold: float) -> "_Candidates":
        """Return all whose most probable class has at least that probability, and a few more."""
        # A softmax of all takes longer, and p <= exp(logit of the class - logit of background).
        lead_BA = seen.logits_BAK[:, :, 1:].amax(-1) - seen.logits_BAK[:, :, 0]
        min_lead = math.log(threshold) - _ROUNDING if threshold else -math.inf
        where = torch.nonzero(lead_BA >= min_lead, as_tuple=True)
        logits_NK, boxes_N4 = seen.logits_BAK[where].cpu(), seen.boxes_BA4[where].cpu()
        has_area_N = (boxes_N4[:, 2:] > boxes_N4[:, :2]).all(1)
        probabilities_NC = logits_NK.softmax(-1)[:, 1:]
        return cls(where[0].cpu(), logits_NK, probabilities_NC, boxes_N4, has_area_N)


def record_batch(seen: Predictions, config: ScoreConfig) -> ScoreRecord:
    """Return the score record of a batch.

    A box is kept if its most probable class has at least `score_threshold` in the full softmax, and
    no better box of that class overlaps it. The best come first, at most `max_detections` an image.

    Args:
        seen: The batch.
        config: What is kept.
    """
    found = _Candidates.of(seen, config.score_threshold)
    best_N, class_N = found.probabilities_NC.max(-1)
    (likely,) = torch.nonzero((best_N >= config.score_threshold) & found.has_area_N, as_tuple=True)
    likely = likely[_best_first(best_N[likely], found.image_N[likely])]
    of_images = torch.split(likely, _lengths(found.image_N[likely], len(seen.ids)))
    kept, overlaps = [], []
    for rows in of_images:
        boxes = found.boxes_N4[rows]
        chosen = batched_nms(boxes, best_N[rows], class_N[rows], config.nms_iou)
        chosen = chosen[: config.max_detections]
        kept.append(rows[chosen])
        overlaps.append((box_iou(boxes[chosen], boxes) >= OVERLAP_IOU).sum(1))
    kept_D = torch.cat(kept)
    boxes_kept = [found.boxes_N4[rows] for rows in kept]
    return ScoreRecord(
        ids=np.array(seen.ids, dtype=np.str_),
        sizes_wh=np.array(seen.sizes_wh, dtype=np.int64).reshape(-1, 2),
        offsets=offsets([len(rows) for rows in kept]),
        boxes_xyxy=seen.original_boxes(boxes_kept),
        # p(class) / (1 - p(background)) is the softmax over the classes alone.
        probabilities=half(found.logits_NK[kept_D, 1:].softmax(-1)),
        objectness=found.probabilities_NC[kept_D].sum(-1).numpy(),
        num_overlaps=torch.cat(overlaps).numpy(),
        embeddings=half(seen.embeddings_BE),
        box_features=half(_box_features(seen, boxes_kept)) if config.box_features else None,
    )


def detect(seen: Predictions, config: EvaluateConfig) -> Detections:
    """Return SSD's detections: a box counts once for every class of at least `score_threshold`.

    Args:
        seen: The batch.
        config: What is kept.
    """
    found = _Candidates.of(seen, config.score_threshold)
    if found.probabilities_NC.numel() > _MAX_PROBABILITIES and len(seen.ids) > 1:
        # A network that has learnt little finds every class everywhere: one image at a time.
        return Detections.joined([detect(each, config) for each in seen.one_by_one()])
    possible_NC = (found.probabilities_NC >= config.score_threshold) & found.has_area_N[:, None]
    row_M, class_M = torch.nonzero(possible_NC, as_tuple=True)
    score_M, image_M = found.probabilities_NC[row_M, class_M], found.image_N[row_M]
    order = _best_first(score_M, image_M * possible_NC.shape[1] + class_M)
    row_M, class_M, score_M, image_M = (each[order] for each in (row_M, class_M, score_M, image_M))
    boxes, labels, scores = [], [], []
    lengths = _lengths(image_M, len(seen.ids))
    parts = (torch.split(each, lengths) for each in (row_M, class_M, score_M))
    for rows, of_class, score in zip(*parts, strict=True):
        kept = batched_nms(found.boxes_N4[rows], score, of_class, config.nms_iou)
        kept = kept[: config.max_detections]
        boxes.append(found.boxes_N4[rows[kept]])
        labels.append(of_class[kept])
        scores.append(score[kept])
    return Detections(
        ids=tuple(seen.ids),
        offsets=offsets([len(each) for each in boxes]),
        boxes_xyxy=seen.original_boxes(boxes),
        labels=torch.cat(labels).numpy(),
        scores=torch.cat(scores).numpy(),
    )


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


def _box_features(seen: Predictions, boxes: Sequence[Tensor]) -> Tensor:
    """Return the mean of the stride-16 map over each box: (D, F); of each image, boxes (n, 4).

    RoIAlign with an output of one cell, as torchvision's `roi_align`. That one computes each
    bilinear sample by itself. The mean over them is a product of matrices: the box's weights of
    rows, the map, and the box's weights of columns.
    """
    maps_BFYX = seen.fine_maps_BFYX
    scale = maps_BFYX.shape[-1] / seen.views[0].size
    x0, y0, x1, y1 = (torch.cat(list(boxes)).to(maps_BFYX.device) * scale - 0.5).T
    rows_DY = _sample_weights(y0, y1, maps_BFYX.shape[2])
    columns_DX = _sample_weights(x0, x1, maps_BFYX.shape[3])
    weights_DYX = rows_DY[:, :, None] * columns_DX[:, None, :]
    parts = torch.split(weights_DYX.flatten(1), [len(each) for each in boxes])
    return torch.cat(
        [part @ of_image.T for part, of_image in zip(parts, maps_BFYX.flatten(2), strict=True)]
    )


def _sample_weights(low_D: Tensor, high_D: Tensor, size: int) -> Tensor:
    """Return the weight of each cell of a line in the mean over an interval.

    The mean is over samples at equal distances of at most one cell.

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
    # Linear interpolation: a cell weighs 1 minus its distance to the sample.
    distance_DSX = at_DS.clamp(0, size - 1)[:, :, None] - torch.arange(size, device=low_D.device)
    return ((1 - distance_DSX.abs()).clamp(min=0) * share_DS[:, :, None]).sum(1)


def half(values: Tensor) -> Floats:
    """Return values as the score record holds them, in float16."""
    return values.to(torch.float16).cpu().numpy()
