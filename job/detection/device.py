"""The device and the CPU threads of torch."""

import torch

from job.config.runtime import RuntimeConfig
from job.errors import ConfigError


def resolve_device(runtime: RuntimeConfig) -> torch.device:
    """Return the device that the configuration means.

    Raises:
        ConfigError: The configuration says `cuda`, and torch sees no GPU.
    """
    if runtime.device == "cpu":
        return torch.device("cpu")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if runtime.device == "cuda":
        message = "runtime.device: cuda, but torch sees no GPU here: set auto or cpu"
        raise ConfigError(message)
    return torch.device("cpu")


def set_threads(runtime: RuntimeConfig) -> None:
    """Set torch's CPU threads: by default it counts the machine's cores, not the container's."""
    torch.set_num_threads(runtime.num_threads())
