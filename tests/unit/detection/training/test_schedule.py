import pytest
import torch

from job.config.train import TrainConfig
from job.detection.training.schedule import learning_rate


@pytest.mark.parametrize(
    ("step", "expected"),
    [(0, 0.2), (4, 1.0), (5, 1.0), (10, (1 + 0.5**0.5) / 2), (15, 0.5), (20, (1 - 0.5**0.5) / 2)],
)
def test_cosine_rises_linearly_and_falls_like_a_cosine(step: int, expected: float) -> None:
    """5 of 25 steps warm up; then (1 + cos) / 2 of 0, 45, 90 and 135 degrees of the way."""
    config = TrainConfig(learning_rate=1.0, schedule="cosine", warmup_steps=5)
    assert learning_rate(config, step, 25) == pytest.approx(expected)


def test_constant_stays_after_the_warm_up() -> None:
    """The rate is reached at the last step of the warm-up and kept."""
    config = TrainConfig(learning_rate=0.3, schedule="constant", warmup_steps=3)
    rates = [learning_rate(config, step, 6) for step in range(6)]
    assert rates == pytest.approx([0.1, 0.2, 0.3, 0.3, 0.3, 0.3])


def test_a_warm_up_longer_than_the_training_is_cut_to_it() -> None:
    """The highest rate is reached at the last step at the latest."""
    config = TrainConfig(learning_rate=1.0, schedule="cosine", warmup_steps=100)
    assert [learning_rate(config, step, 2) for step in range(2)] == [0.5, 1.0]


@pytest.mark.parametrize("steps", [10, 50, 333])
def test_onecycle_is_torchs(steps: int) -> None:
    """The rates are those of torch's OneCycleLR with its own defaults."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    reference = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, max_lr=0.7, total_steps=steps, cycle_momentum=False
    )
    config = TrainConfig(learning_rate=0.7, schedule="onecycle")
    for step in range(steps):
        expected = optimizer.param_groups[0]["lr"]
        assert learning_rate(config, step, steps) == pytest.approx(expected, abs=1e-12)
        optimizer.step()
        if step + 1 < steps:
            reference.step()
