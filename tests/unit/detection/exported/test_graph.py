# ruff: noqa: N806 - shape suffixes
"""The graph that is exported finds what `detect` finds."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import Module

from job.config.schema import EvaluateConfig
from job.detection.detectors.base import Detector
from job.detection.detectors.raw_output import ImageBatch, RawOutput, RowFeatures
from job.detection.detectors.scoring import Scoring
from job.detection.detectors.ssd import SsdDetector
from job.detection.exported.graph import DetectionGraph
from job.detection.inference.post_processing import Predictions, detect
from job.detection.view import View

FAMILIES = {
    "softmax": Scoring("softmax"),
    "sigmoid": Scoring("sigmoid"),
    "objectness": Scoring("sigmoid", quality="product"),
    "centre-ness": Scoring("sigmoid", quality="geometric_mean"),
    "queries": Scoring("sigmoid", suppression=False),
    "queries of one class": Scoring("softmax", suppression=False, one_class_a_box=True),
}
SIZE_WH = (90, 60)
PIXELS = torch.zeros(1, 3, 60, 90, dtype=torch.uint8)


class Saying(Module):
    """Stands for a detector that says the same of every image."""

    def __init__(self, raw: RawOutput, scoring: Scoring) -> None:
        super().__init__()
        self.raw, self.scoring = raw, scoring
        self.classes = tuple("abc"[: raw.logits_BAC.shape[2]])

    def forward_raw(self, images: ImageBatch) -> RawOutput:
        assert images.sizes_hw == ((60, 90),)
        return self.raw


def said(scoring: Scoring, *, per_class: bool = False, num_candidates: int = 500) -> RawOutput:
    """What a detector says of 3 classes, drawn by chance."""
    draw = torch.Generator().manual_seed(1)
    shape = (1, num_candidates, 3) if per_class else (1, num_candidates)
    corners = torch.rand(*shape, 2, 2, generator=draw).sort(dim=-2).values
    boxes = (corners * 1.4 * torch.tensor(SIZE_WH) - 20).flatten(-2)  # some reach past the image
    logits_BAC = 3 * torch.randn(1, num_candidates, 3, generator=draw) - 2
    one_BA = torch.randn(1, num_candidates, generator=draw)
    return RawOutput(
        boxes=boxes,
        logits_BAC=logits_BAC,
        embeddings_BE=torch.zeros(1, 1),
        features=RowFeatures(torch.zeros(1, num_candidates, 1)),
        background_BA=one_BA if scoring.activation == "softmax" else None,
        quality_BA=one_BA if scoring.quality != "none" else None,
    )


def found_by(detector: object, config: EvaluateConfig) -> tuple[Tensor, Tensor, Tensor]:
    """Boxes, scores and labels that the graph finds."""
    graph = DetectionGraph(detector, config)  # type: ignore[arg-type]  # all that it asks is there
    found: tuple[Tensor, Tensor, Tensor] = graph(PIXELS)
    return found


@pytest.mark.parametrize("per_class", [False, True])
@pytest.mark.parametrize("family", FAMILIES)
def test_it_finds_what_evaluation_finds(family: str, per_class: bool) -> None:  # noqa: FBT001
    """Every family, also one with a box for each class."""
    scoring, config = FAMILIES[family], EvaluateConfig(score_threshold=0.2, max_detections=150)
    raw = said(scoring, per_class=per_class)
    view = View.whole(SIZE_WH, SIZE_WH)
    expected = detect(Predictions(["x"], [SIZE_WH], [view], raw, scoring), config)
    boxes, scores, labels = found_by(Saying(raw, scoring), config)
    assert 50 < len(scores) <= 150
    np.testing.assert_allclose(scores.numpy(), expected.scores, rtol=1e-6)
    np.testing.assert_array_equal(labels.numpy(), expected.labels)
    np.testing.assert_allclose(boxes.numpy(), expected.boxes_xyxy, rtol=1e-6)


def test_a_box_suppresses_those_of_its_own_class_only() -> None:
    """Of two boxes of one class at one place the better one is kept, and that of another class."""
    raw = replace(
        said(FAMILIES["sigmoid"], num_candidates=3),
        boxes=torch.tensor([[[10.0, 10, 50, 50], [10, 10, 50, 49], [10, 10, 50, 50]]]),
        logits_BAC=torch.tensor([[[1.0, -9, -9], [2, -9, -9], [-9, 0.5, -9]]]),
    )
    boxes, scores, labels = found_by(Saying(raw, FAMILIES["sigmoid"]), EvaluateConfig())
    assert labels.tolist() == [0, 1]
    assert boxes.tolist() == [[10, 10, 50, 49], [10, 10, 50, 50]]
    assert scores.tolist() == pytest.approx([1 / (1 + np.exp(-2)), 1 / (1 + np.exp(-0.5))])


def test_an_image_may_show_nothing() -> None:
    """No score is high enough, so there are no boxes, in arrays of the same kinds."""
    raw = said(FAMILIES["softmax"])
    boxes, scores, labels = found_by(
        Saying(raw, FAMILIES["softmax"]), EvaluateConfig(score_threshold=1.0)
    )
    assert (boxes.shape, scores.shape, labels.shape) == ((0, 4), (0,), (0,))
    assert (boxes.dtype, labels.dtype) == (torch.float32, torch.int64)


def test_a_detector_is_made_ready_to_infer(detector: SsdDetector) -> None:
    """It does not train any more, and no weight asks for a gradient."""
    graph = DetectionGraph(detector, EvaluateConfig())
    assert isinstance(graph.detector, Detector)
    assert not graph.detector.training
    assert not any(each.requires_grad for each in graph.parameters())
