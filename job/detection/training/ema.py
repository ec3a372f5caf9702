"""An exponential moving average of a model's weights."""

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """The exponential moving average of all weights and running statistics."""

    def __init__(self, model: nn.Module, decay: float) -> None:
        self._decay = decay
        # These share memory with the model, which changes in place.
        self._live = {k: v for k, v in model.state_dict().items() if v.is_floating_point()}
        self.values: dict[str, Tensor] = {k: v.clone() for k, v in self._live.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after a step.

        The decay rises to its full value, so that a short training is not held back by the
        weights it began with; the rule is that of TensorFlow's ExponentialMovingAverage.
        """
        decay = min(self._decay, (1 + step) / (10 + step))
        average = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        average(list(self.values.values()), list(self._live.values()), step)

    @torch.no_grad()
    def install(self) -> None:
        """Make the average the model's weights."""
        for name, value in self.values.items():
            self._live[name].copy_(value)
