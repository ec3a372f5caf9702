# ruff: noqa: N806 - shape suffixes
"""The rules that every detector keeps. A detector's own test module has a subclass of the contract.

Shapes: B = images of a batch, A = candidates, C = foreground classes, D = detections.
"""

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from functools import cache
from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from job.config.detector import DetectorConfig
from job.config.schema import EvaluateConfig
from job.detection.detectors.base import Detector, build_detector, load_model, save_model
from job.detection.detectors.raw_output import ImageBatch, RawOutput
from job.detection.inference.post_processing import detect
from job.detection.metrics.average_precision import evaluate
from job.testing.drawn_images import CLASSES, DrawnImages
from job.testing.network import attempts_to_connect
from job.testing.selecting import picks_of_all
from job.testing.trying import (
    Found,
    batch_of,
    every_other,
    joined,
    outspoken,
    predictions_of,
    record_of,
    still,
    targets_of,
    threshold_for,
    train,
)

EIGHT = 8
HALF_PRECISION = 2e-3
"""How far the sum of probabilities in half precision may be from 1."""


class DetectorContract:
    """What holds for every detector, tried on a small network with random weights."""

    settings: ClassVar[Mapping[str, Any]]
    """The section `detector` of a configuration: a small network, with no weights to download."""
    training: ClassVar[Mapping[str, Any]] = {}
    """The section `train`, as far as it differs from AdamW at a rate of 0.001."""
    steps: ClassVar[int] = 20
    """After so many steps on eight images, their loss has fallen by a fifth."""
    losses_add_up: ClassVar[bool] = True
    """Whether the losses of two halves of a batch, weighed, are those of the whole. Not if what
    they are a mean over is drawn at random."""

    def reference(
        self, detector: Detector, batch: ImageBatch, config: EvaluateConfig
    ) -> Sequence[Found]:
        """Return what the library's own post-processing finds in each image of a batch.

        Args:
            detector: Set to infer.
            batch: What the network sees.
            config: What is kept. The library's own settings have to be set to it.
        """
        raise NotImplementedError

    @property
    def config(self) -> DetectorConfig:
        """The settings, validated."""
        return DetectorConfig.model_validate(self.settings)

    def new(self, seed: int = 0) -> Detector:
        """Return a new detector of these settings."""
        return build_detector(self.config, CLASSES, seed)

    def build(self) -> Detector:
        """Return one whose scores differ from each other, set to infer."""
        return deepcopy(_outspoken(json.dumps(dict(self.settings))))

    def test_construction_depends_on_the_seed_alone_and_needs_no_network(self) -> None:
        """The same seed gives the same bytes, another one others; nobody is asked for anything."""
        with attempts_to_connect() as attempts:
            one, same, other = (save_model(self.new(seed)) for seed in (1, 1, 2))
        assert not attempts
        assert one == same
        assert one != other

    def test_a_model_that_was_written_and_read_is_the_same(self) -> None:
        """To the byte, and it sees the same; without the network, like construction."""
        detector = self.build()
        batch = batch_of(detector, DrawnImages.draw(2))
        data = save_model(detector)
        with attempts_to_connect() as attempts:
            loaded = load_model(data, self.config)
        assert not attempts
        assert loaded.classes == CLASSES
        assert save_model(loaded) == data
        one, other = see(detector, batch), see(loaded, batch)
        assert torch.equal(one.logits_BAC, other.logits_BAC)
        assert torch.equal(one.boxes, other.boxes)

    def test_raw_outputs_are_what_the_protocol_says(self) -> None:
        """Shapes and types, and which logits there are."""
        detector = self.build()
        batch = batch_of(detector, DrawnImages.draw(4))
        raw = see(detector, batch)
        B, A, C = raw.logits_BAC.shape
        assert (4, len(CLASSES)) == (B, C)
        assert raw.boxes.shape in {(B, A, 4), (B, A, C, 4)}
        assert raw.embeddings_BE.shape == (B, detector.embedding_length)
        softmax = detector.scoring.activation == "softmax"
        assert (raw.background_BA is not None) == softmax
        assert (raw.quality_BA is not None) == (detector.scoring.quality != "none")
        for given in (raw.logits_BAC, raw.background_BA, raw.quality_BA, raw.boxes):
            assert given is None or given.dtype == torch.float32
        assert torch.isfinite(raw.boxes).all()

    def test_the_record_is_the_same_twice_and_means_what_it_should(self) -> None:
        """Distributions sum to 1, objectness is a probability, boxes lie inside their images."""
        images = DrawnImages.draw(5)
        record, again = (record_of(self.build(), images) for _ in range(2))
        assert record.to_table().equals(again.to_table())
        assert len(record.objectness)
        assert np.abs(record.probabilities.astype(float).sum(1) - 1).max() < HALF_PRECISION
        assert ((record.objectness >= 0) & (record.objectness <= 1)).all()
        assert (record.num_overlaps >= 1).all()
        limits = np.repeat(np.tile(record.sizes_wh, 2), np.diff(record.offsets), axis=0)
        assert (record.boxes_xyxy >= 0).all()
        assert (record.boxes_xyxy <= limits).all()
        assert (record.boxes_xyxy[:, 2:] > record.boxes_xyxy[:, :2]).all()
        assert record.box_features is not None
        assert len(record.box_features) == len(record.objectness)
        assert np.isfinite(record.box_features).all()
        assert np.isfinite(record.embeddings).all()

    def test_what_is_seen_in_an_image_does_not_depend_on_its_batch(self) -> None:
        """Of images of other sizes that go through the network together, each is as alone."""
        detector, images = self.build(), DrawnImages.draw(4)
        together = predictions_of(detector, images).raw
        for number in range(len(images)):
            alone = predictions_of(detector, images.part([number])).raw
            length = alone.logits_BAC.shape[1]
            assert torch.isneginf(together.logits_BAC[number, length:]).all()
            for name in ("logits_BAC", "boxes"):
                seen, expected = getattr(together, name)[number], getattr(alone, name)[0]
                torch.testing.assert_close(seen[:length], expected, rtol=0.01, atol=0.01)

    def test_average_precision_is_that_of_the_librarys_own_post_processing(self) -> None:
        """To 1e-3. What is to be found is every other detection of the library, moved a little."""
        detector, images = self.build(), DrawnImages.draw(EIGHT)
        seen = predictions_of(detector, images)
        config = EvaluateConfig(score_threshold=threshold_for(seen))
        with torch.inference_mode():
            ours = detect(seen, config)
            batches = [batch_of(detector, images.part([number])) for number in range(EIGHT)]
            found = [self.reference(detector, batch, config)[0] for batch in batches]
        theirs = joined(found, seen)
        assert len(theirs.scores) > EIGHT
        truth = every_other(theirs, images)
        one, other = (evaluate(truth, each, CLASSES) for each in (ours, theirs))
        assert other.map50_area
        assert one.map50_area == pytest.approx(other.map50_area, abs=1e-3)
        assert one.map_coco == pytest.approx(other.map_coco, abs=1e-3)

    def test_losses_are_a_mean_over_their_weight(self) -> None:
        """Those of two halves of a batch, weighed by it, are those of the whole."""
        if not self.losses_add_up:
            pytest.skip("a loss of this detector is a mean over what is drawn at random")
        detector, images = still(self.build()), DrawnImages.draw(4)
        batch, targets = batch_of(detector, images), targets_of(detector, images)
        whole = detector.losses(batch, targets)
        parts = [slice(0, 1), slice(1, 4)]
        halves = [detector.losses(part_of(batch, part), targets[part]) for part in parts]
        weights = [max(float(each.weight), 1) for each in (whole, *halves)]
        assert weights[0] == pytest.approx(max(sum(float(half.weight) for half in halves), 1))
        for name in ("classification", "bbox_regression"):
            weighed = sum(
                w * getattr(half, name) for w, half in zip(weights[1:], halves, strict=True)
            )
            expected = getattr(whole, name)
            torch.testing.assert_close(weighed / weights[0], expected, rtol=1e-4, atol=1e-5)

    @pytest.mark.detectors
    def test_the_loss_falls_on_eight_images(self) -> None:
        """By a fifth, and a training on images that show nothing has a loss, too."""
        images = DrawnImages.draw(EIGHT)
        detector = self.new()
        before = self.loss(detector, images)
        train(detector, images, self.training, self.steps)
        assert self.loss(detector, images) < 0.8 * before
        assert np.isfinite(self.loss(detector, images.without_boxes()))

    def loss(self, detector: Detector, images: DrawnImages) -> float:
        """Return the sum of the losses of images as a batch; what is drawn is drawn alike."""
        torch.manual_seed(0)
        with torch.no_grad():
            losses = detector.train().losses(
                batch_of(detector, images), targets_of(detector, images)
            )
        return float(losses.total)

    @pytest.mark.detectors
    @pytest.mark.parametrize("workers", [0, 1])
    def test_a_training_that_was_killed_ends_on_the_same_bytes(self, workers: int) -> None:
        """On a CPU, with worker processes or without; nothing depends on torch's global stream."""
        images, steps = DrawnImages.draw(EIGHT), 4
        models = []
        for number, stop_after in enumerate((None, 3)):
            torch.manual_seed(number)
            detector = self.new()
            checkpoints = train(
                detector, images, self.training, steps, workers=workers, stop_after=stop_after
            )
            if stop_after:
                torch.manual_seed(2)
                detector = self.new()
                train(
                    detector, images, self.training, steps, workers=workers, resume=checkpoints[-1]
                )
            models.append(save_model(detector))
        assert models[0] == models[1]

    @pytest.mark.detectors
    def test_every_strategy_selects_from_the_record(self) -> None:
        """With the ground truth of labelled images, and the budget that it was given."""
        pool, known = DrawnImages.draw(12, seed=1), DrawnImages.draw(EIGHT)
        detector = self.new()
        train(detector, known, self.training, self.steps)
        record, record_of_known = (record_of(detector, each) for each in (pool, known))
        picked = picks_of_all(record, record_of_known, known.annotations, budget=3)
        for name, picks in picked.items():
            assert len(set(picks)) == 3 or name == "tutorial_random", name  # noqa: PLR2004


@cache
def _outspoken(settings: str) -> Detector:
    config = DetectorConfig.model_validate_json(settings)
    return outspoken(build_detector(config, CLASSES, seed=0)).eval()


def see(detector: Detector, batch: ImageBatch) -> RawOutput:
    """Return what a detector says of a batch."""
    with torch.inference_mode():
        return detector.forward_raw(batch)


def part_of(batch: ImageBatch, part: slice) -> ImageBatch:
    """Return some images of a batch."""
    return ImageBatch(batch.pixels_BCHW[part], batch.sizes_hw[part])
