import pytest
import torch
from torch import nn

from job.detection.training.ema import WeightAverage


def test_the_average_follows_the_weights_with_a_rising_decay() -> None:
    """By hand: decays are 1/10, 2/11, then the configured 0.2 where 3/12 is more."""
    layer = nn.Linear(1, 1, bias=False)
    nn.init.constant_(layer.weight, 1.0)
    average = WeightAverage(layer, decay=0.2)
    expected = 1.0
    for step, (value, decay) in enumerate([(3.0, 0.1), (5.0, 2 / 11), (7.0, 0.2)]):
        nn.init.constant_(layer.weight, value)
        average.update(step)
        expected = decay * expected + (1 - decay) * value
        assert average.values["weight"].item() == pytest.approx(expected)
    average.install()
    assert layer.weight.item() == pytest.approx(expected)


def test_running_statistics_are_averaged_and_counts_kept() -> None:
    """Batch normalisation's means follow the average; its count of batches stays the model's."""
    norm = nn.BatchNorm1d(1, momentum=1.0)
    average = WeightAverage(norm, decay=0.999)
    norm(torch.tensor([[4.0], [6.0]]))
    average.update(0)
    average.install()
    state = norm.state_dict()
    assert state["running_mean"].item() == pytest.approx(0.9 * 5.0)
    assert state["num_batches_tracked"].item() == 1
