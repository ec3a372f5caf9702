"""The program of the two processes that test a whole batch, and what one process compares.

A process takes steps with its half of four images, and leaves what it then has.
"""

import os
from collections.abc import Iterator
from functools import partial
from operator import eq

import torch
from torch import Tensor, nn

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Losses, Target, build_detector
from job.detection.detectors.raw_output import ImageBatch
from job.detection.detectors.serialization import pack
from job.detection.detectors.ssd import SsdDetector
from job.detection.training.member_processes import Exchange, take_part
from job.detection.training.process_group import joined
from job.detection.training.whole_batch import WholeBatch

CONFIG = DetectorConfig(size=64, width=0.25, backbone="scratch")
SPIN = os.environ.get("GOMP_SPINCOUNT")
"""What the environment has after all these imports."""


def batch(part: slice = slice(4)) -> tuple[ImageBatch, list[Target]]:
    """Four images with 2, 1, 0 and 1 boxes: two halves with unequal numbers of anchors to learn."""
    images = torch.randint(0, 256, (4, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    shown = [[[4, 4, 40, 40], [20, 30, 60, 60]], [[0, 0, 63, 63]], [], [[10, 20, 30, 36]]]
    targets = [
        Target(
            boxes=torch.tensor(boxes, dtype=torch.float64).reshape(-1, 4),
            labels=torch.tensor([1, 2][: len(boxes)], dtype=torch.int64),
        )
        for boxes in shown
    ]
    return ImageBatch.filled(images.to(torch.uint8)[part]), targets[part]


class PerImage(SsdDetector):
    """A detector of another family: its loss is a mean over images, and not all of it is used."""

    of_boxes: nn.Parameter
    of_nothing: nn.Parameter
    unused: nn.Parameter

    def losses(self, images: ImageBatch, targets: list[Target]) -> Losses:
        """Return the mean of the images' own losses; that of an empty image has a weight apart."""
        each = []
        for image, target in zip(images.pixels_BCHW, targets, strict=True):
            losses = super().losses(ImageBatch.filled(image[None]), [target])
            weight = self.of_boxes if len(target["boxes"]) else self.of_nothing
            each.append((weight * losses.classification, losses.bbox_regression))
        classification, bbox_regression = (
            torch.stack(column).mean() for column in zip(*each, strict=True)
        )
        return Losses(classification, bbox_regression, len(images))


def detector_of(family: type[SsdDetector]) -> SsdDetector:
    """A detector whose running statistics are the batch's, so that anchors differ in their loss.

    It is in double precision, so that rounding does not hide what differs, and infers, so that
    batch normalisation does not depend on the part of a batch.
    """
    detector = build_detector(CONFIG, ("disc", "square"), 0).double().train()
    assert isinstance(detector, SsdDetector)
    for norm in norms_of(detector):
        norm.momentum = None
    with torch.no_grad():
        detector.forward_raw(batch()[0])
    detector.__class__ = family
    if family is PerImage:
        for name in ("of_boxes", "of_nothing", "unused"):
            setattr(detector, name, nn.Parameter(torch.tensor(0.5, dtype=torch.float64)))
        detector.freeze("stages")
    return detector.eval()


def norms_of(detector: nn.Module) -> list[nn.BatchNorm2d]:
    """All layers of batch normalisation."""
    return [module for module in detector.modules() if isinstance(module, nn.BatchNorm2d)]


def gradients_of(detector: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The gradients that there are, by name."""
    for name, parameter in detector.named_parameters():
        if parameter.grad is not None:
            yield name, parameter.grad.clone()


def weights_after_step(detector: nn.Module) -> Iterator[tuple[str, Tensor]]:
    """The weights after a step by the gradients that there are, by name."""
    torch.optim.SGD(detector.parameters(), lr=0.1, momentum=0.9).step()
    for name, parameter in detector.named_parameters():
        yield name, parameter.detach().clone()


def work(exchange: Exchange, rank: int, count: int) -> None:
    """Take part."""
    torch.set_num_threads(1)
    part, found = slice(2 * rank, 2 * rank + 2), dict[str, Tensor]()
    meeting = exchange.folder / "meeting"
    with joined(rank, count, torch.device("cpu"), 60, meeting) as group:
        for family in (SsdDetector, PerImage):
            detector = detector_of(family)
            whole = WholeBatch(group, detector)
            losses = whole.backward(whole.losses(*batch(part)))
            name = family.__name__
            found |= {f"{name}/gradient/{k}": value for k, value in gradients_of(detector)}
            found |= {f"{name}/weight/{k}": value for k, value in weights_after_step(detector)}
            found |= {f"{name}/loss/{k}": torch.as_tensor(v) for k, v in losses._asdict().items()}
        answers = [group.agree(partial(eq, rank, each))() for each in (0, 1, 2)]
        detector = detector_of(SsdDetector).train()
        frozen, *learning = norms_of(detector)
        frozen.eval()
        whole = WholeBatch(group, detector)
        for norm in (frozen, *learning):
            norm.momentum = 0  # the batch changes nothing, so that what is left is the exchange's
            norm.get_buffer("running_mean").fill_(rank)
        whole.backward(whole.losses(*batch(part)))
        found["means"] = torch.cat([norm.get_buffer("running_mean") for norm in learning])
        kept = sorted(set(frozen.get_buffer("running_mean").tolist()))
        said = {"answers": answers, "frozen": kept, "spin": SPIN, "gathered": group.gather(rank)}
    exchange.put(f"found-{rank}", pack(found, said))


if __name__ == "__main__":
    take_part(work)
