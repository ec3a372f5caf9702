from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from job.config.train import TrainConfig
from job.detection.detectors.base import Detector
from job.detection.training.context import TrainingContext
from job.detection.training.process_group import Group
from job.detection.training.sampler import TrainingDataset, draw_batches
from job.errors import BadDataError
from job.records.annotation import Annotation


class Samples:
    """Images that say their index by their colour."""

    def __init__(self, num_samples: int, broken: int = -1) -> None:
        self.num_samples, self.broken = num_samples, broken

    def __len__(self) -> int:
        return self.num_samples

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        if index == self.broken:
            message = f"image {index} is broken"
            raise BadDataError(message)
        image = Image.new("RGB", (40, 40), (20 * index, 0, 0))
        boxes = np.array([[5, 5, 30, 30]], dtype=np.float32)
        return image, Annotation(40, 40, boxes, ("disc",), (False,), (False,))


def run_of(
    detector: Detector,
    samples: Samples,
    seed: tuple[int, ...] = (0,),
    batch_size: int = 3,
    steps: int = 1,
    **settings: Any,
) -> TrainingContext:
    config = TrainConfig(batch_size=batch_size)
    return TrainingContext(
        detector, samples, config, steps, seed, device=torch.device("cpu"), **settings
    )


def test_each_pass_shows_every_sample_once_in_an_order_of_its_own(detector: Detector) -> None:
    """Positions 0 to 6, 7 to 13 and so on are permutations of the 7 samples."""
    dataset = TrainingDataset(run_of(detector, Samples(7), seed=(3, 1)))
    passes = [[dataset.index_at(7 * epoch + i) for i in range(7)] for epoch in range(4)]
    assert all(sorted(each) == list(range(7)) for each in passes)
    assert len({tuple(each) for each in passes}) == 4


def test_order_depends_on_the_seed_alone(detector: Detector) -> None:
    """Whichever position is asked for first, the answer is the same; another seed's differs."""
    forwards = TrainingDataset(run_of(detector, Samples(9), seed=(3, 1)))
    backwards = TrainingDataset(run_of(detector, Samples(9), seed=(3, 1)))
    other = TrainingDataset(run_of(detector, Samples(9), seed=(3, 2)))
    positions = range(30)
    expected = [forwards.index_at(p) for p in positions]
    assert [backwards.index_at(p) for p in reversed(positions)] == expected[::-1]
    assert [other.index_at(p) for p in positions] != expected


def test_a_sample_seen_again_is_augmented_anew(detector: Detector) -> None:
    """One image's appearances differ, since each position has a seed of its own."""
    dataset = TrainingDataset(run_of(detector, Samples(1), seed=(0,)))
    seen = [dataset[position] for position in range(4)]
    pixels = {each[0].numpy().tobytes() for each in seen if isinstance(each, tuple)}
    assert len(pixels) > 1


@pytest.mark.parametrize("first_step", [0, 2])
def test_batches_do_not_depend_on_who_draws_them(detector: Detector, first_step: int) -> None:
    """A worker process gives the batches that this process gives, from any step on."""
    drawn = [
        list(draw_batches(run_of(detector, Samples(5), steps=4, workers=workers), first_step))
        for workers in (0, 1)
    ]
    assert len(drawn[0]) == len(drawn[1]) == 4 - first_step
    for (images, targets), (others, other_targets) in zip(*drawn, strict=True):
        assert torch.equal(images.pixels_BCHW, others.pixels_BCHW)
        for target, other in zip(targets, other_targets, strict=True):
            assert torch.equal(target["boxes"], other["boxes"])


@pytest.mark.parametrize("workers", [0, 1])
def test_what_is_wrong_with_a_sample_comes_back_in_one_piece(
    detector: Detector, workers: int
) -> None:
    """An error in a worker process arrives as it was raised, not wrapped in a traceback."""
    run = run_of(detector, Samples(3, broken=1), steps=1, workers=workers)
    (batch,) = draw_batches(run, 0)
    assert isinstance(batch, BadDataError)
    assert str(batch) == "image 1 is broken"


def test_drawing_leaves_the_global_stream(detector: Detector) -> None:
    """Neither the loader nor the samples move torch's global stream."""
    before = torch.get_rng_state()
    list(draw_batches(run_of(detector, Samples(3), steps=2), 0))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("count", [2, 3])
def test_shares_make_up_the_batches(detector: Detector, count: int) -> None:
    """What the processes of a group draw is, one after another, what a single one draws."""

    def drawn(group: Group | None) -> list[torch.Tensor]:
        run = run_of(detector, Samples(5), batch_size=6, steps=3, group=group)
        return [each[0].pixels_BCHW for each in draw_batches(run, 1) if isinstance(each, tuple)]

    whole = drawn(None)
    shares = [drawn(Group(rank, count, torch.device("cpu"))) for rank in range(count)]
    assert len(whole) == 2
    for step, images in enumerate(whole):
        assert torch.equal(torch.cat([share[step] for share in shares]), images)
