import importlib.metadata
import multiprocessing
import os
import signal
from collections.abc import Callable, Generator
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torch.utils.data import dataloader, get_worker_info

from job.config.detector import DetectorConfig
from job.config.train import TrainConfig
from job.detection.detectors.base import Detector, build_detector, save_model
from job.detection.detectors.serialization import pack, unpack
from job.detection.training import loop as training
from job.detection.training.checkpoint import threads_of
from job.detection.training.context import TrainingContext
from job.detection.training.history import HistoryRow
from job.detection.training.loop import fit
from job.detection.training.process_group import Group
from job.detection.training.sampler import Batch, draw_batches
from job.errors import AlJobError, BadDataError, ConfigError, StopRequested, TemporaryError
from job.records.annotation import Annotation

CPU = torch.device("cpu")
CLASSES = ("disc", "square")
NOTHING = np.empty((0, 4), dtype=np.float32)


class Samples:
    """Samples held in memory."""

    def __init__(self, *samples: tuple[Image.Image, Annotation]) -> None:
        self.samples = samples

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        return self.samples[index]


def rectangles(num_samples: int) -> Samples:
    """Noise with one bright rectangle in each image."""
    rng = np.random.default_rng(0)
    samples = []
    for _ in range(num_samples):
        pixels = rng.integers(0, 60, (60, 80, 3), dtype=np.uint8)
        left, top = int(rng.integers(0, 48)), int(rng.integers(0, 36))
        pixels[top : top + 24, left : left + 32] = (250, 40, 40)
        boxes = np.array([[left, top, left + 32, top + 24]], dtype=np.float32)
        annotation = Annotation(80, 60, boxes, ("square",), (False,), (False,))
        samples.append((Image.fromarray(pixels), annotation))
    return Samples(*samples)


def empty_images(num_samples: int) -> Samples:
    nothing = Annotation(80, 60, NOTHING, (), (), ())
    return Samples(*[(image, nothing) for image, _ in rectangles(num_samples).samples])


def settings(**changes: Any) -> TrainConfig:
    defaults = {"batch_size": 3, "checkpoint_every_steps": 2, "warmup_steps": 2}
    return TrainConfig.model_validate(defaults | changes)


class Run:
    """One training, with what it saved on the way."""

    def __init__(self, config: TrainConfig, samples: Samples, steps: int = 5) -> None:
        self.config, self.samples, self.steps = config, samples, steps
        self.checkpoints: list[bytes] = []
        self.history: list[HistoryRow] = []
        small = DetectorConfig(size=64, width=0.25, backbone="scratch")
        self.detector: Detector = build_detector(small, CLASSES, seed=0)

    def go(
        self,
        checkpoint: bytes | None = None,
        stop_after: int | None = None,
        seed: int = 0,
        workers: int = 0,
        group: Group | None = None,
    ) -> "Run":
        """Train."""
        asked = count()
        self.history = fit(
            TrainingContext(
                self.detector,
                self.samples,
                self.config,
                steps=self.steps,
                seed=(seed, 1),
                device=CPU,
                workers=workers,
                group=group,
            ),
            save_checkpoint=self.checkpoints.append,
            stop=lambda: next(asked) == stop_after,
            checkpoint=checkpoint,
        )
        return self

    @property
    def model(self) -> bytes:
        """The detector's file."""
        return save_model(self.detector)

    @property
    def timeless_history(self) -> list[HistoryRow]:
        """The history without what a clock says."""
        return [replace(row, images_per_second=0) for row in self.history]


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_a_resumed_training_ends_on_the_same_bytes(optimizer: str, decay: float) -> None:
    """From whichever checkpoint it resumes, model and history are those of an undisturbed run."""
    config = settings(optimizer=optimizer, ema_decay=decay, learning_rate=0.01)
    straight = Run(config, rectangles(4)).go()
    assert len(straight.checkpoints) == 2
    for checkpoint in straight.checkpoints:
        resumed = Run(config, rectangles(4)).go(checkpoint)
        assert resumed.model == straight.model
        assert resumed.timeless_history == straight.timeless_history


def test_a_stopped_training_goes_on_where_it_stopped() -> None:
    """Asked to stop, it saves, says where it is, and nothing is lost."""
    straight = Run(settings(), rectangles(4)).go()
    stopped = Run(settings(), rectangles(4))
    with pytest.raises(StopRequested, match="step 3 of 5"):
        stopped.go(stop_after=3)
    resumed = Run(settings(), rectangles(4)).go(stopped.checkpoints[-1])
    assert resumed.model == straight.model
    assert len(resumed.checkpoints) == 1  # at step 4: it did not begin again


def test_a_damaged_checkpoint_is_not_used() -> None:
    """One that was cut short gives way to a training from the start."""
    straight = Run(settings(), rectangles(4), steps=3).go()
    damaged = straight.checkpoints[0][:-9]
    assert Run(settings(), rectangles(4), steps=3).go(damaged).model == straight.model


def renamed(tensors: dict[str, Tensor], _: dict[str, Any]) -> None:
    name = next(name for name in tensors if name.startswith("model/"))
    tensors[f"{name}_old"] = tensors.pop(name)


def without_momentum(tensors: dict[str, Tensor], _: dict[str, Any]) -> None:
    del tensors["optimizer/3/momentum_buffer"]


def without_average(tensors: dict[str, Tensor], _: dict[str, Any]) -> None:
    del tensors[next(name for name in tensors if name.startswith("average/"))]


def reshaped(tensors: dict[str, Tensor], _: dict[str, Any]) -> None:
    tensors["optimizer/0/momentum_buffer"] = torch.zeros(1)


def without_step(_: dict[str, Tensor], progress: dict[str, Any]) -> None:
    del progress["step"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [renamed, without_momentum, without_average, reshaped, without_step],
)
def test_a_checkpoint_of_other_code_is_not_used(
    change: Callable[[dict[str, Tensor], dict[str, Any]], None],
) -> None:
    """Lacking or having anything that this training does not, it gives way to a start afresh."""
    config = settings(ema_decay=0.9)
    straight = Run(config, rectangles(4), steps=3).go()
    tensors, progress = unpack(straight.checkpoints[0])
    change(tensors, progress)
    afresh = Run(config, rectangles(4), steps=3).go(pack(tensors, progress))
    assert afresh.model == straight.model
    assert len(afresh.checkpoints) == 1  # at step 2: it began again


@pytest.fixture
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Torch looks every 0.1 seconds, not every 5, whether its workers live."""
    look = dataloader._MultiProcessingDataLoaderIter._try_get_data  # noqa: SLF001 - no setting of its own
    monkeypatch.setattr(look, "__defaults__", (0.1,))
    monkeypatch.setattr("torch.utils.data._utils.MP_STATUS_CHECK_INTERVAL", 0.1)


@pytest.mark.slow
def test_a_checkpoint_of_another_version_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a step does may have changed, though the tensors have not."""
    straight = Run(settings(), rectangles(4), steps=3).go()
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.0.0")
    other = Run(settings(), rectangles(4), steps=3).go(straight.checkpoints[0])
    assert len(other.checkpoints) == 1  # at step 2: it began again


def test_a_checkpoint_that_is_not_used_has_no_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """A training that begins anew takes its own number, not that of another version's."""
    checkpoint = Run(settings(), rectangles(4), steps=3).go().checkpoints[0]
    assert threads_of(checkpoint) == torch.get_num_threads()
    assert threads_of(checkpoint[:-1]) is None
    monkeypatch.setattr(importlib.metadata, "version", lambda _: "0.0.0")
    assert threads_of(checkpoint) is None


class Deadly(Samples):
    """Samples that send a signal to the worker process that draws the first of them."""

    def __init__(self, samples: Samples, *signals: signal.Signals) -> None:
        super().__init__(*samples.samples)
        self.signals = signals

    def __getitem__(self, index: int) -> tuple[Image.Image, Annotation]:
        if index == 0 and get_worker_info():
            for number in self.signals:
                os.kill(os.getpid(), number)
        return super().__getitem__(index)


@pytest.mark.usefixtures("_soon")
def test_a_training_whose_worker_dies_may_go_on() -> None:
    """It is a failure to retry, which says what to do; what was done is saved.

    The worker draws ahead: how many steps are done when it dies depends on who gets the CPU. So no
    step is one after which a checkpoint is saved anyway.
    """
    rarely = settings(checkpoint_every_steps=100)
    straight = Run(rarely, rectangles(9)).go()
    shot = Run(rarely, Deadly(rectangles(9), signal.SIGKILL))
    with pytest.raises(TemporaryError, match=r"runtime\.workers") as caught:
        shot.go(workers=1)
    assert "\n" not in str(caught.value)
    assert len(shot.checkpoints) == 1
    resumed = Run(rarely, rectangles(9)).go(shot.checkpoints[-1])
    assert resumed.model == straight.model


@pytest.mark.parametrize(
    "error",
    [
        ConnectionResetError(104, "reset by peer"),
        EOFError(),
        OSError("got end of file during message"),
    ],
)
def test_a_worker_may_die_while_its_batch_is_handed_over(
    monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    """The error is then that of the broken connection, and not the loader's own."""
    shot = Run(settings(), rectangles(3))
    monkeypatch.setattr(training, "draw_batches", breaking_with(error))
    with pytest.raises(TemporaryError, match=r"at step 1 .*runtime\.workers") as caught:
        shot.go(workers=1)
    assert "\n" not in str(caught.value)
    assert len(shot.checkpoints) == 1


Batches = Generator[Batch | AlJobError]


def breaking_with(error: Exception) -> Callable[[TrainingContext, int], Batches]:
    """Return a loader that gives one batch and raises an error."""

    def broken(context: TrainingContext, first_step: int) -> Batches:
        yield next(draw_batches(replace(context, workers=0), first_step))
        raise error

    return broken


def test_another_error_of_the_system_is_not_a_workers_death(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It comes out as it is: to do the same again would not help."""
    full = Run(settings(), rectangles(3))
    monkeypatch.setattr(training, "draw_batches", breaking_with(OSError(28, "disk is full")))
    with pytest.raises(OSError, match="disk is full"):
        full.go(workers=1)
    assert full.checkpoints == []


def test_a_training_without_shared_memory_may_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a worker's batch finds no room, the training does not wait for ever."""

    def no_room(_: Tensor) -> None:
        message = "unable to allocate shared memory(shm) for file </x>: No space left on device"
        raise RuntimeError(message)

    monkeypatch.setattr(Tensor, "share_memory_", no_room)
    full = Run(settings(), rectangles(3))
    advice = r"No space left .*/dev/shm.*runtime\.workers"
    with pytest.raises(TemporaryError, match=advice) as caught:
        full.go(workers=1)
    assert "\n" not in str(caught.value)
    assert len(full.checkpoints) == 1
    assert not multiprocessing.active_children(), "the program would wait for its worker at its end"


@pytest.mark.usefixtures("_soon")
def test_a_worker_that_dies_while_stopping_is_no_failure() -> None:
    """Asked to stop, a training stops, whatever becomes of its workers."""
    shot = Run(settings(), Deadly(rectangles(3), signal.SIGKILL))
    with pytest.raises(StopRequested):
        shot.go(workers=1, stop_after=0)
    assert len(shot.checkpoints) == 1


def test_workers_leave_signals_to_the_training() -> None:
    """SIGTERM and SIGINT to all processes at once do not end a worker under the training."""
    straight = Run(settings(), rectangles(3), steps=2).go()
    samples = Deadly(rectangles(3), signal.SIGTERM, signal.SIGINT)
    assert Run(settings(), samples, steps=2).go(workers=1).model == straight.model


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "seed", "num_samples"),
    [(settings(learning_rate=0.002), 0, 4), (settings(), 1, 4), (settings(), 0, 5)],
)
def test_another_trainings_checkpoint_is_not_used(
    config: TrainConfig, seed: int, num_samples: int
) -> None:
    """One from other settings, another seed or other samples gives way to a start afresh."""
    straight = Run(settings(), rectangles(4), steps=3).go()
    other = Run(config, rectangles(num_samples), steps=3).go(seed=seed)
    resumed = Run(settings(), rectangles(4), steps=3).go(other.checkpoints[0])
    assert resumed.model == straight.model


def test_checkpoints_come_every_so_many_steps_but_not_at_the_end() -> None:
    """Four steps with one every two save once: after the last, the model itself is there."""
    assert len(Run(settings(), rectangles(3), steps=4).go().checkpoints) == 1


@pytest.mark.slow
def test_the_seed_decides_what_is_learnt() -> None:
    """Two trainings of one seed are equal, and of two seeds are not."""
    one, same, other = (Run(settings(), rectangles(4), 2).go(seed=s).model for s in (0, 0, 1))
    assert one == same
    assert one != other


def test_training_leaves_the_global_stream() -> None:
    """Torch's global stream is where it was."""
    before = torch.get_rng_state()
    Run(settings(), rectangles(4), steps=2).go()
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.slow
@pytest.mark.parametrize(("freeze", "num_kept"), [("backbone", 19), ("stages", 7)])
def test_what_is_frozen_stays_as_it_is(freeze: str, num_kept: int) -> None:
    """Neither weights nor statistics of these layers move, averaged or not; the rest learns.

    By hand: the first layer of MobileNetV2 at stride 16 is the eighth of 19.
    """
    for decay in (0.0, 0.9):
        run = Run(settings(freeze=freeze, ema_decay=decay), rectangles(6))
        backbone = {k: v.clone() for k, v in run.detector.backbone_layers.state_dict().items()}
        before = {k: v.clone() for k, v in run.detector.state_dict().items()}
        run.go()
        moved = {
            int(key.partition(".")[0])
            for key, value in run.detector.backbone_layers.state_dict().items()
            if not torch.equal(value, backbone[key])
        }
        assert moved == set(range(num_kept, 19))
        after = run.detector.state_dict()
        changed = {key for key, value in after.items() if not torch.equal(value, before[key])}
        assert any("head.classification_head" in key for key in changed)
        assert any("running_mean" in key for key in changed), "those of the extra layers"


@pytest.mark.slow
@pytest.mark.parametrize("freeze", ["backbone", "stages"])
def test_a_training_with_a_frozen_part_is_resumed(freeze: str) -> None:
    """Its checkpoint has no state for what is not trained; the bytes at the end are the same."""
    config = settings(freeze=freeze, optimizer="adamw")
    straight = Run(config, rectangles(4)).go()
    assert Run(config, rectangles(4)).go(straight.checkpoints[0]).model == straight.model


@pytest.mark.slow
def test_the_loss_falls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty steps on three images at least halve the loss."""
    monkeypatch.setattr(training, "STEPS_PER_ROW", 4)
    config = settings(optimizer="adamw", learning_rate=0.003, augmentation="none")
    history = Run(config, rectangles(3), steps=20).go().history
    assert history[-1].loss < history[0].loss / 2


def test_history_has_a_row_every_so_many_steps_and_one_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Rows say how many steps were done, the parts of the loss, and the schedule's rate."""
    monkeypatch.setattr(training, "STEPS_PER_ROW", 2)
    config = settings(schedule="constant", learning_rate=0.001)
    history = Run(config, rectangles(3), steps=5).go().history
    assert [row.step for row in history] == [2, 4, 5]
    for row in history:
        assert row.loss == row.classification_loss + row.bbox_loss > 0
        assert row.learning_rate == 0.001
        assert row.images_per_second > 0


def test_a_rows_losses_are_means_over_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The row of two steps is the mean of the rows of one step each."""
    single, double = Run(settings(), rectangles(3), 2), Run(settings(), rectangles(3), 2)
    monkeypatch.setattr(training, "STEPS_PER_ROW", 1)
    first, second = single.go().history
    monkeypatch.setattr(training, "STEPS_PER_ROW", 2)
    (row,) = double.go().history
    assert row.loss == pytest.approx((first.loss + second.loss) / 2)
    assert row.bbox_loss == pytest.approx((first.bbox_loss + second.bbox_loss) / 2)


def test_images_that_show_nothing_are_trained_on() -> None:
    """Without a box in sight there is no loss, and no step into the unknown."""
    (row,) = Run(settings(), empty_images(2), steps=2).go().history
    assert (row.loss, row.classification_loss, row.bbox_loss) == (0, 0, 0)


def test_fewer_images_than_a_batch_are_trained_on() -> None:
    """Two images fill a batch of five by being drawn again."""
    (row,) = Run(settings(batch_size=5), rectangles(2), steps=2).go().history
    assert np.isfinite(row.loss)


def test_weights_decay_at_the_schedules_rate_and_biases_do_not() -> None:
    """By hand: images that show nothing give no gradient, so only decay moves weights.

    SGD multiplies a decayed weight by 1 - rate * decay; the rates are 0.05 and 0.1.
    """
    config = settings(
        schedule="constant", warmup_steps=2, learning_rate=0.1, weight_decay=0.5, momentum=0
    )
    run = Run(config, empty_images(3), steps=2)
    before = {k: v.clone() for k, v in run.detector.named_parameters()}
    run.go()
    for name, value in run.detector.named_parameters():
        factor = 0.975 * 0.95 if value.ndim > 1 else 1.0
        torch.testing.assert_close(value, factor * before[name])


def test_what_is_pretrained_learns_at_its_own_rate() -> None:
    """By hand, as above: the rates are 0.05 and 0.1, and a tenth of each for the backbone."""
    config = settings(
        schedule="constant",
        warmup_steps=2,
        learning_rate=0.1,
        weight_decay=0.5,
        momentum=0,
        pretrained_rate_factor=0.1,
    )
    run = Run(config, empty_images(3), steps=2)
    run.detector.pretrained = frozenset({"backbone"})
    before = {k: v.clone() for k, v in run.detector.named_parameters()}
    run.go()
    backbone = set(run.detector.backbone_layers.parameters())
    for name, value in run.detector.named_parameters():
        factor = 0.9975 * 0.995 if value in backbone else 0.975 * 0.95
        torch.testing.assert_close(value, (factor if value.ndim > 1 else 1.0) * before[name])


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_a_training_with_two_rates_is_resumed(optimizer: str) -> None:
    """Each parameter finds its own momenta again; the bytes at the end are the same."""
    config = settings(optimizer=optimizer, pretrained_rate_factor=0.1)

    def run() -> Run:
        begun = Run(config, rectangles(4))
        begun.detector.pretrained = frozenset({"backbone"})
        return begun

    straight = run().go()
    assert straight.model != Run(config, rectangles(4)).go().model
    for checkpoint in straight.checkpoints:
        assert run().go(checkpoint).model == straight.model


def test_a_training_that_diverges_stops_and_says_what_to_do() -> None:
    """The message names the step and the settings; it is bad data, never tried again."""
    config = settings(learning_rate=1e12, warmup_steps=0, max_grad_norm=None)
    with pytest.raises(BadDataError, match=r"at step [1-9]: lower train\.learning_rate") as caught:
        Run(config, rectangles(3)).go()
    assert "\n" not in str(caught.value)


def test_a_broken_sample_ends_the_training() -> None:
    """What the samples raise comes out as it was raised."""
    image, annotation = rectangles(1).samples[0]
    unknown = replace(annotation, labels=("cat",))
    with pytest.raises(BadDataError, match="'cat'"):
        Run(settings(), Samples((image, unknown))).go()


def test_nothing_to_train_on_is_refused() -> None:
    """No labelled images is an error of its own, not a division by zero."""
    with pytest.raises(BadDataError, match="no labelled images"):
        Run(settings(), Samples()).go()


def test_a_batch_of_one_is_refused() -> None:
    """Batch normalisation has no variance over a single cell."""
    with pytest.raises(ConfigError, match=r"train\.batch_size"):
        Run(settings(batch_size=1), rectangles(3)).go()


def test_a_share_of_one_is_refused() -> None:
    """Nor has it over the single image that each of three processes would have."""
    run = Run(settings(batch_size=3), rectangles(3))
    with pytest.raises(ConfigError, match=r"set 6 or more, or fewer processes"):
        run.go(group=Group(0, 3, CPU))


@pytest.mark.slow
def test_the_average_is_what_is_kept() -> None:
    """By hand from the weights after each step: decays are 1/10, 2/11, then 0.2 where 3/12 is more.

    A training without the average saves the weights it passes through.
    """
    changes = {"checkpoint_every_steps": 1, "schedule": "constant"}
    plain = Run(settings(**changes), rectangles(3), steps=4).go()
    averaged = Run(settings(**changes, ema_decay=0.2), rectangles(3), steps=3).go()
    after = [unpack(data)[0] for data in plain.checkpoints]
    begun = Run(settings(), rectangles(3)).detector.state_dict()
    for name, value in averaged.detector.state_dict().items():
        if not value.is_floating_point():
            continue
        expected = begun[name]
        for decay, tensors in zip((1 / 10, 2 / 11, 0.2), after, strict=True):
            expected = decay * expected + (1 - decay) * tensors[f"model/{name}"]
        torch.testing.assert_close(value, expected)
    assert not averaged.detector.training


def test_bfloat16_is_refused_on_a_cpu() -> None:
    """Torch's gradients in bfloat16 are now and then wrong there."""
    with pytest.raises(ConfigError, match=r"train\.precision"):
        Run(settings(precision="bfloat16"), rectangles(3)).go()
