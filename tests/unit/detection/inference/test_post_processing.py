"""Boxes of a batch, beside a plain loop over images, classes and boxes."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torchvision.ops import nms, roi_align

from job.config.schema import EvaluateConfig, ScoreConfig
from job.detection.detectors.raw_output import MapFeatures, RawOutput, RowFeatures
from job.detection.detectors.scoring import Scoring
from job.detection.inference import post_processing
from job.detection.inference.post_processing import Predictions, detect, record_batch
from job.detection.view import View

SIZE = 320
IMAGE_WH = (640, 480)
NUM_ANCHORS, NUM_CLASSES = 600, 3


def draw(background: float, *, tied: bool = False, num_images: int = 3) -> Predictions:
    """Draw what a network says; every tenth box has no area.

    Args:
        background: How much its logit is raised.
        tied: Whether many boxes are equally likely.
        num_images: How many.
    """
    rng = torch.Generator().manual_seed(int(background) + 100 * tied)
    logits = torch.randn(num_images, NUM_ANCHORS, NUM_CLASSES + 1, generator=rng) * 3
    logits[..., 0] += background
    logits = logits.round() if tied else logits
    corners = torch.rand(num_images, NUM_ANCHORS, 2, 2, generator=rng) * SIZE
    boxes = torch.cat([corners.amin(2), corners.amax(2)], -1)
    boxes[:, ::10, 2] = boxes[:, ::10, 0]
    return Predictions(
        ids=[f"image {number}" for number in range(num_images)],
        sizes_wh=[IMAGE_WH] * num_images,
        views=[View.whole(IMAGE_WH, (SIZE, SIZE))] * num_images,
        raw=RawOutput(
            boxes=boxes,
            logits_BAC=logits[..., 1:],
            background_BA=logits[..., 0],
            embeddings_BE=torch.randn(num_images, 5, generator=rng),
            features=RowFeatures(torch.randn(num_images, NUM_ANCHORS, 8, generator=rng)),
        ),
        scoring=Scoring("softmax"),
    )


def best_first(scores: list[float]) -> list[int]:
    """Positions by their score, equal ones as they come."""
    return sorted(range(len(scores)), key=lambda each: -scores[each])


def suppressed(boxes: Tensor, scores: Tensor, labels: list[int], iou: float) -> list[int]:
    """The positions that suppression within each class leaves, best first."""
    kept: list[int] = []
    for label in set(labels):
        members = [number for number, each in enumerate(labels) if each == label]
        kept += [members[row] for row in nms(boxes[members], scores[members], iou).tolist()]
    return sorted(kept, key=lambda each: (-float(scores[each]), each))


def candidates(seen: Predictions, image: int) -> tuple[Tensor, Tensor, list[int]]:
    """Of an image all probabilities and boxes, and which boxes have an area."""
    raw = seen.raw[image : image + 1]
    assert raw.background_BA is not None
    logits = torch.cat([raw.background_BA[0, :, None], raw.logits_BAC[0]], 1)
    probabilities, boxes = logits.softmax(-1)[:, 1:], raw.boxes[0]
    has_area = [row for row, (x0, y0, x1, y1) in enumerate(boxes.tolist()) if x1 > x0 and y1 > y0]
    return probabilities, boxes, has_area


CASES = [
    pytest.param(0.0, {"score_threshold": 0.0}, id="all"),
    pytest.param(-9.0, {"score_threshold": 0.05}, id="more than are looked at"),
    pytest.param(-9.0, {"nms_iou": 1.0, "max_detections": 2000}, id="all that are looked at"),
    pytest.param(6.0, {"score_threshold": 0.05}, id="a few"),
    pytest.param(6.0, {"score_threshold": 0.5, "nms_iou": 0.2, "max_detections": 7}, id="fewer"),
    pytest.param(30.0, {"score_threshold": 0.05}, id="none"),
    pytest.param(0.0, {"score_threshold": 1.0}, id="certain ones only"),
]


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("background", "settings"), CASES)
def test_the_record_is_that_of_a_plain_loop(
    background: float, settings: dict[str, Any], *, tied: bool
) -> None:
    """The batch's post-processing keeps what a loop over images and candidates keeps."""
    seen, config = draw(background, tied=tied), ScoreConfig(**settings)
    record = record_batch(seen, config)
    assert record.ids.tolist() == seen.ids
    for image in range(len(seen.ids)):
        probabilities, boxes, rows = candidates(seen, image)
        best = probabilities.max(1).values
        rows = [row for row in rows if best[row] >= config.score_threshold]
        rows = [rows[each] for each in best_first(best[rows].tolist())][:400]
        labels = probabilities.argmax(1)[rows].tolist()
        kept = suppressed(boxes[rows], best[rows], labels, config.nms_iou)
        kept = [rows[each] for each in kept][: config.max_detections]
        begin, end = record.offsets[image : image + 2]
        assert end - begin == len(kept)
        expected = 2 * boxes[kept] * torch.tensor([1, 0.75, 1, 0.75])
        np.testing.assert_allclose(record.boxes_xyxy[begin:end], expected, rtol=1e-5, atol=1e-3)
        np.testing.assert_allclose(
            record.objectness[begin:end], probabilities[kept].sum(1), atol=1e-6
        )
        shares = probabilities[kept] / probabilities[kept].sum(1, keepdim=True)
        np.testing.assert_allclose(record.probabilities[begin:end], shares, atol=1e-3)


@pytest.mark.parametrize("many", [10, 1 << 18])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize(("background", "settings"), CASES)
def test_detections_are_those_of_a_plain_loop(
    background: float,
    settings: dict[str, Any],
    many: int,
    monkeypatch: pytest.MonkeyPatch,
    *,
    tied: bool,
) -> None:
    """Also where so many are likely that images are taken one by one.

    Which of equally likely boxes of two classes comes first is open.
    """
    monkeypatch.setattr(post_processing, "_MAX_PROBABILITIES", many)
    seen, config = draw(background, tied=tied), EvaluateConfig(**settings)
    found = detect(seen, config)
    assert found.ids == tuple(seen.ids)
    for image in range(len(seen.ids)):
        probabilities, boxes, area = candidates(seen, image)
        pairs: list[tuple[int, int]] = []
        for label in range(NUM_CLASSES):
            score = probabilities[:, label]
            rows = [row for row in area if score[row] >= config.score_threshold]
            rows = [rows[each] for each in best_first(score[rows].tolist())][:400]
            pairs += [(row, label) for row in rows]
        scores = torch.tensor([float(probabilities[pair]) for pair in pairs])
        places = boxes[[row for row, _ in pairs]]
        kept = suppressed(places, scores, [label for _, label in pairs], config.nms_iou)
        kept = kept[: config.max_detections]
        begin, end = found.offsets[image : image + 2]
        np.testing.assert_allclose(found.scores[begin:end], scores[kept], atol=1e-6)
        if not tied:
            assert found.labels[begin:end].tolist() == [pairs[each][1] for each in kept]
            expected = 2 * places[kept] * torch.tensor([1, 0.75, 1, 0.75])
            np.testing.assert_allclose(found.boxes_xyxy[begin:end], expected, rtol=1e-5, atol=1e-3)


def test_box_features_are_those_of_roi_align() -> None:
    """Of boxes of all sizes, at the edges too, by torchvision's own code."""
    rng = np.random.default_rng(0)
    corners = rng.uniform(0, 320, (200, 2, 2)).astype(np.float32)
    boxes = torch.from_numpy(np.concatenate([corners.min(1), corners.max(1)], axis=1))
    edges = [[0, 0, 320, 320], [0, 0, 0.5, 0.5], [319, 100, 320, 101], [16, 32, 48, 64]]
    boxes = torch.cat([boxes, torch.tensor(edges, dtype=torch.float32)])
    fine_map = torch.from_numpy(rng.normal(size=(8, 20, 20)).astype(np.float32))
    fine_maps = torch.stack([fine_map, fine_map.flip(1), fine_map.flip(2)])
    features = MapFeatures(fine_maps, (320, 320))
    of_images = [boxes[:150], boxes[:0], boxes[150:]]
    expected = roi_align(
        fine_maps, of_images, output_size=1, spatial_scale=20 / 320, aligned=True
    ).flatten(1)
    torch.testing.assert_close(features.of([], of_images), expected, atol=1e-5, rtol=0)
    assert features.of([], [boxes[:0]] * 3).shape == (0, 8)
