# ruff: noqa: N803, N806 - shape suffixes
"""The graph that leaves the house: from the pixels of one image to its detections.

Shapes: A = candidates of the image, C = classes, M = the best candidates of a class, N = pairs of a
candidate and a class that are likely enough, D = detections.
"""

import torch
from torch import Tensor, nn
from torchvision.ops import clip_boxes_to_image, nms

from job.config.schema import EvaluateConfig
from job.detection.detectors.base import Detector
from job.detection.detectors.raw_output import ImageBatch, RawOutput
from job.detection.inference.fold_batch_norm import fold_batch_norm
from job.detection.inference.post_processing import (
    MAX_CANDIDATES,
    boxes_of_class,
    class_scores,
    have_area,
)

OUTPUTS = ("boxes", "scores", "labels")
"""What the graph returns, by name."""


class DetectionGraph(nn.Module):
    """A detector with what `post_processing.detect` makes of its outputs, without Python's loops.

    It can be traced, and finds the same detections in one image as `detect`.
    """

    def __init__(self, detector: Detector, config: EvaluateConfig) -> None:
        """Wrap a detector.

        Args:
            detector: It is set to infer, its batch normalisation is merged, and it is on the CPU.
            config: Which detections are kept. It becomes part of the graph.
        """
        super().__init__()
        detector.cpu().eval().requires_grad_(requires_grad=False)
        fold_batch_norm(detector)
        self.detector = detector
        self.config = config

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the detections in an image, the most likely one first.

        Args:
            pixels: uint8 (1, 3, H, W): the image's canvas.

        Returns:
            Boxes, float32 (D, 4), corners in pixels of the canvas; scores, float32 (D,); labels,
            int64 (D,): the class's index, counted from 0.
        """
        size_hw = pixels.shape[2], pixels.shape[3]
        raw = self.detector.forward_raw(ImageBatch(pixels, (size_hw,)))
        boxes_N4, scores_N, labels_N = self._likely(raw, size_hw)
        if self.detector.scoring.suppression:
            kept_D = _suppressed(boxes_N4, scores_N, labels_N, self.config.nms_iou)
        else:
            kept_D = scores_N.argsort(descending=True)
        kept_D = kept_D[: self.config.max_detections]
        boxes_D4 = clip_boxes_to_image(boxes_N4[kept_D], size_hw)
        return boxes_D4, scores_N[kept_D], labels_N[kept_D]

    def _likely(self, raw: RawOutput, size_hw: tuple[int, int]) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes, scores and labels of what may be kept: of each class, its best."""
        scores_AC = self._scores(raw)
        best_CM, rows_CM = scores_AC.T.topk(
            torch.sym_min(MAX_CANDIDATES, scores_AC.shape[0]), dim=1
        )
        labels_CM = torch.arange(len(self.detector.classes))[:, None].expand_as(rows_CM)
        boxes_CM4 = boxes_of_class(raw.boxes[0], rows_CM, labels_CM)
        has_area_CM = have_area(clip_boxes_to_image(boxes_CM4, size_hw))
        where = torch.nonzero((best_CM >= self.config.score_threshold) & has_area_CM, as_tuple=True)
        return boxes_CM4[where], best_CM[where], labels_CM[where]

    def _scores(self, raw: RawOutput) -> Tensor:
        """Return the score of each class: (A, C)."""
        scoring = self.detector.scoring
        scores_AC = class_scores(
            raw.logits_BAC[0],
            None if raw.background_BA is None else raw.background_BA[0],
            None if raw.quality_BA is None else raw.quality_BA[0],
            scoring,
        )
        if not scoring.one_class_a_box:
            return scores_AC
        best_A1 = scores_AC.argmax(-1, keepdim=True)
        return torch.zeros_like(scores_AC).scatter(1, best_A1, scores_AC.gather(1, best_A1))


def _suppressed(boxes_N4: Tensor, scores_N: Tensor, labels_N: Tensor, iou: float) -> Tensor:
    """Return the rows of the boxes that are kept, best first.

    Two boxes are added and left out again: a traced `nms` has to keep two or more.

    Args:
        boxes_N4: Any number.
        scores_N: By which a box is better than another.
        labels_N: Only boxes of one class suppress each other.
        iou: A box that overlaps a better one by more is suppressed.
    """
    boxes = torch.cat([boxes_N4, boxes_N4.new_tensor([[0, 0, 1, 1]] * 2)])
    scores = torch.cat([scores_N, scores_N.new_tensor([-1] * 2)])
    classes = torch.cat([labels_N, labels_N.new_tensor([-1, -2])])
    corners = boxes.flatten()  # the exporter to ONNX wants an axis of each maximum
    side = corners.amax(0) - corners.amin(0) + 1
    moved = boxes + (classes * side)[:, None]  # each class to a place of its own
    kept: Tensor = nms(moved, scores, iou)
    return kept[:-2]
