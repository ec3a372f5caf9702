"""The learning rate as a function of the step."""

import math

from job.config.train import TrainConfig

# The defaults of torch.optim.lr_scheduler.OneCycleLR: the share of steps over which the rate rises,
# and what the highest rate is divided by at the begin, and that again at the end.
_RISE_SHARE = 0.3
_BEGIN_DIVISOR = 25.0
_END_DIVISOR = 1e4


def learning_rate(config: TrainConfig, step: int, steps: int) -> float:
    """Return the rate of a step.

    Args:
        config: The schedule.
        step: From 0 on.
        steps: How many there are.
    """
    if config.schedule == "onecycle":
        return _one_cycle(config.learning_rate, step, steps)
    warmup = min(config.warmup_steps, steps)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    if config.schedule == "constant":
        return config.learning_rate
    return _cosine(config.learning_rate, 0.0, (step - warmup) / (steps - warmup))


def _one_cycle(highest: float, step: int, steps: int) -> float:
    """Return the rate of the one-cycle policy (Smith and Topin 2018, arXiv 1708.07120)."""
    begin = highest / _BEGIN_DIVISOR
    peak = max(_RISE_SHARE * steps - 1, 0.0)
    if step <= peak:
        return _cosine(begin, highest, step / peak if peak else 1.0)
    return _cosine(highest, begin / _END_DIVISOR, (step - peak) / (steps - 1 - peak))


def _cosine(begin: float, end: float, done: float) -> float:
    """Return the rate on a cosine between two rates; `done` goes from 0 to 1."""
    return end + (begin - end) * (1 + math.cos(math.pi * done)) / 2
