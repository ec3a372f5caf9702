"""Scores and boxes of families other than SSD, worked out by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from job.config.schema import EvaluateConfig, ScoreConfig
from job.detection.detectors.raw_output import RawOutput, RowFeatures
from job.detection.detectors.scoring import Scoring
from job.detection.inference.post_processing import Predictions, class_scores, detect, record_batch
from job.detection.view import View

P = [[0.8, 0.5], [0.6, 0.2], [0.1, 0.05]]
"""The sigmoids of two classes, of three candidates: the second overlaps the first by 0.8."""
BOXES = [[0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 8.0], [20.0, 20.0, 30.0, 30.0]]


def logit(values: object) -> torch.Tensor:
    return torch.logit(torch.tensor(values))


def seen(scoring: Scoring, **changes: Any) -> Predictions:
    raw = RawOutput(
        boxes=torch.tensor([BOXES]),
        logits_BAC=logit([P]),
        embeddings_BE=torch.zeros(1, 3),
        features=RowFeatures(torch.arange(6.0).view(1, 3, 2)),
    )
    view = View.whole((40, 40), (40, 40))
    return Predictions(["a"], [(40, 40)], [view], replace(raw, **changes), scoring)


def test_independent_sigmoids_are_the_scores() -> None:
    """The best class's score is the objectness; the distribution is that of exactly one class.

    P(first | one of the two) is proportional to p1 (1 - p2): 0.8 * 0.5 to 0.2 * 0.5 is 4 to 1.
    """
    record = record_batch(seen(Scoring("sigmoid")), ScoreConfig(score_threshold=0.3, nms_iou=0.9))
    np.testing.assert_allclose(record.objectness, [0.8, 0.6], atol=1e-6)
    np.testing.assert_allclose(record.probabilities[0], [0.8, 0.2], atol=1e-3)
    np.testing.assert_allclose(record.probabilities[1], [6 / 7, 1 / 7], atol=1e-3)
    assert record.num_overlaps.tolist() == [2, 2]


@pytest.mark.parametrize(
    ("quality", "expected"),
    [
        ("none", [0.8, 0.5]),
        ("product", [0.2, 0.125]),
        ("geometric_mean", [0.2**0.5, 0.125**0.5]),
    ],
)
def test_quality_enters_the_score(quality: str, expected: list[float]) -> None:
    """By hand: a candidate of 0.8 and 0.5 whose own sigmoid is 0.25, as far as `Scoring` says."""
    scoring = Scoring("sigmoid", quality=quality)  # type: ignore[arg-type]
    (found,) = class_scores(logit(P[:1]), None, logit([0.25]), scoring).tolist()
    assert found == pytest.approx(expected)
    predictions = seen(scoring, quality_BA=logit([[0.25, 0.25, 0.9999]]))
    record = record_batch(predictions, ScoreConfig(score_threshold=0.15, nms_iou=1.0))
    assert record.objectness[0] == pytest.approx(expected[0])


def test_queries_are_not_suppressed() -> None:
    """The second box overlaps the first by 0.8 and has its class: both are kept, best first."""
    alone, both = (
        record_batch(seen(Scoring("sigmoid", suppression=s)), ScoreConfig(score_threshold=0.3))
        for s in (True, False)
    )
    assert alone.objectness.tolist() == pytest.approx([0.8])
    assert both.objectness.tolist() == pytest.approx([0.8, 0.6])
    found = detect(seen(Scoring("sigmoid", suppression=False)), EvaluateConfig(score_threshold=0.3))
    assert found.scores.tolist() == pytest.approx([0.8, 0.6, 0.5])
    assert found.labels.tolist() == [0, 0, 1]


def test_a_box_may_count_for_its_best_class_alone() -> None:
    """The second class of the first box has 0.5, and is not a detection."""
    scoring = Scoring("sigmoid", suppression=False, one_class_a_box=True)
    found = detect(seen(scoring), EvaluateConfig(score_threshold=0.3))
    assert found.scores.tolist() == pytest.approx([0.8, 0.6])


def test_each_class_may_have_its_own_box() -> None:
    """Detections have the box of their class, and a record's row that of its best class."""
    boxes = torch.tensor([[[box, [x + 1 for x in box]] for box in BOXES]])
    predictions = seen(Scoring("sigmoid"), boxes=boxes)
    found = detect(predictions, EvaluateConfig(score_threshold=0.45, nms_iou=0.9))
    assert found.boxes_xyxy.tolist() == [BOXES[0], BOXES[1], [1, 1, 11, 11]]
    record = record_batch(predictions, ScoreConfig(score_threshold=0.7))
    assert record.boxes_xyxy.tolist() == BOXES[:1]


def test_features_are_those_of_the_boxes_that_are_kept() -> None:
    """The third candidate is the best one here."""
    predictions = seen(Scoring("sigmoid"), logits_BAC=logit([[*P[:2], [0.1, 0.95]]]))
    config = ScoreConfig(score_threshold=0.7, box_features=True)
    record = record_batch(predictions, config)
    assert record.box_features is not None
    assert record.box_features.tolist() == [[4, 5], [0, 1]]


def test_rows_that_fill_up_are_nothing() -> None:
    """A candidate whose logits are all -inf is never kept, not even at a threshold of 0."""
    logits = torch.cat([logit([P[:2]]), torch.full((1, 1, 2), -torch.inf)], 1)
    boxes = torch.tensor([[*BOXES[:2], [0.0] * 4]])
    background = torch.zeros(1, 3)
    for scoring, changes in (
        (Scoring("sigmoid"), {}),
        (Scoring("softmax"), {"background_BA": background}),
    ):
        predictions = seen(scoring, logits_BAC=logits, boxes=boxes, **changes)
        record = record_batch(predictions, ScoreConfig(score_threshold=0, nms_iou=1.0))
        assert len(record.objectness) == 2
        assert np.isfinite(record.probabilities).all()


def test_boxes_are_clipped_after_suppression_if_the_family_does_so() -> None:
    """By hand: the second box overlaps the first by 0.45 as it is, and by 0.8 within the image.

    The third lies outside, so nothing is left of it.
    """
    boxes = torch.tensor([[[0.0, 0, 40, 40], [0, 8, 40, 72], [50, 50, 60, 60.0]]])
    found = detect(seen(Scoring("sigmoid"), boxes=boxes), EvaluateConfig(score_threshold=0.05))
    assert found.boxes_xyxy[found.labels == 0].tolist() == [[0, 0, 40, 40], [0, 8, 40, 40]]
    config = ScoreConfig(score_threshold=0.05, nms_iou=0.5)
    record = record_batch(seen(Scoring("sigmoid"), boxes=boxes), config)
    assert record.boxes_xyxy.tolist() == [[0, 0, 40, 40], [0, 8, 40, 40]]
