"""The rules for detectors: a small one keeps all of them, and each rule finds what breaks it."""

import random
import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

import pytest
import torch
from torchvision.ops import batched_nms

from job.detection.detectors import DETECTORS, Detector, ImageBatch, Losses, RawOutput, Target
from job.testing import DetectorContract, EvaluateConfig, Found
from job.testing import detector_contract as contract
from tests.typing.one_per_cell_network import CellDetector

torch.set_num_threads(1)


@pytest.fixture(autouse=True)
def _registered(monkeypatch: pytest.MonkeyPatch) -> None:
    place = "tests.typing.one_per_cell:OnePerCell"
    monkeypatch.setitem(DETECTORS.built_in, "one-per-cell", place)


class TestOnePerCell(DetectorContract):
    """The smallest detector that there is."""

    settings: ClassVar[Mapping[str, Any]] = {
        "model": "one-per-cell",
        "size": 64,
        "backbone": "scratch",
    }
    training: ClassVar[Mapping[str, Any]] = {"learning_rate": 0.01}

    def reference(
        self, detector: Detector, batch: ImageBatch, config: EvaluateConfig
    ) -> Sequence[Found]:
        raw = detector.forward_raw(batch)
        assert raw.background_BA is not None
        logits = torch.cat([raw.background_BA[:, :, None], raw.logits_BAC], -1)
        found: list[Found] = []
        for boxes, scores in zip(raw.boxes, logits.softmax(-1)[:, :, 1:], strict=True):
            row, label = torch.nonzero(scores >= config.score_threshold, as_tuple=True)
            kept = batched_nms(boxes[row], scores[row, label], label, config.nms_iou)
            row, label = row[kept], label[kept]
            found.append({"boxes": boxes[row], "labels": label + 1, "scores": scores[row, label]})
        return found


class Of(TestOnePerCell):
    """The same, for what is broken; not collected by itself."""

    __test__ = False


see, lose = CellDetector.forward_raw, CellDetector.losses


def connects(*_: object) -> None:
    with suppress(OSError):
        socket.create_connection(("example.org", 80))


def draws(self: CellDetector, images: ImageBatch) -> RawOutput:
    raw = see(self, images)
    return replace(raw, logits_BAC=raw.logits_BAC + random.random())  # noqa: S311 - not a secret


def is_double(self: CellDetector, images: ImageBatch) -> RawOutput:
    raw = see(self, images)
    return replace(raw, boxes=raw.boxes.double())


def is_nothing(self: CellDetector, images: ImageBatch) -> RawOutput:
    raw = see(self, images)
    return replace(raw, embeddings_BE=raw.embeddings_BE * torch.nan)


def weighs_images(self: CellDetector, images: ImageBatch, targets: list[Target]) -> Losses:
    return lose(self, images, targets)._replace(weight=len(images) ** 2)


def draws_by_itself(self: CellDetector, images: ImageBatch, targets: list[Target]) -> Losses:
    losses = lose(self, images, targets)
    return losses._replace(classification=losses.classification * random.random())  # noqa: S311


def learns_nothing(self: CellDetector, images: ImageBatch, targets: list[Target]) -> Losses:
    losses = lose(self, images, targets)
    return losses._replace(
        classification=losses.classification * 0 + 1, bbox_regression=losses.bbox_regression * 0
    )


@pytest.mark.parametrize(
    ("rule", "method", "fault"),
    [
        (
            Of.test_construction_depends_on_the_seed_alone_and_needs_no_network,
            "normalise_by",
            connects,
        ),
        (Of.test_a_model_that_was_written_and_read_is_the_same, "forward_raw", draws),
        (Of.test_raw_outputs_are_what_the_protocol_says, "forward_raw", is_double),
        (Of.test_the_record_is_the_same_twice_and_means_what_it_should, "forward_raw", draws),
        (Of.test_the_record_is_the_same_twice_and_means_what_it_should, "forward_raw", is_nothing),
        (Of.test_losses_are_a_mean_over_their_weight, "losses", weighs_images),
        (Of.test_the_loss_falls_on_eight_images, "losses", learns_nothing),
    ],
)
def test_a_rule_finds_what_breaks_it(
    rule: Callable[[DetectorContract], None],
    method: str,
    fault: Callable[..., object],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A detector with one fault fails, and not by an error of another kind."""
    contract._outspoken.cache_clear()  # noqa: SLF001 - it holds detectors without the fault
    monkeypatch.setattr(CellDetector, method, fault)
    with pytest.raises(AssertionError):
        rule(Of())


def test_draws_of_a_generator_that_is_not_torchs_are_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A training that was resumed would draw others."""
    monkeypatch.setattr(CellDetector, "losses", draws_by_itself)
    with pytest.raises(AssertionError):
        Of().test_a_training_that_was_killed_ends_on_the_same_bytes(workers=0)


def test_other_detections_than_the_librarys_are_found() -> None:
    """Here the library's classes are others."""

    class Other(Of):
        def reference(self, *arguments: Any) -> Sequence[Found]:
            found = super().reference(*arguments)
            for each in found:
                each["labels"] = each["labels"] % 3 + 1
            return found

    with pytest.raises(AssertionError):
        Other().test_average_precision_is_that_of_the_librarys_own_post_processing()
