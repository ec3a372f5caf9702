"""Randomness as an argument, for parts of torchvision that only draw from torch's global stream."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Lock

import numpy as np
import torch

_global_stream = Lock()
"""Held while the global stream is seeded: all threads share it."""


@contextmanager
def seeded(seed: Sequence[int]) -> Iterator[None]:
    """Within, torch's CPU stream is a function of `seed`; after, it is as it was before.

    One thread at a time is within, and the others wait: it must not be nested.

    Torch computes in one thread within. Sums depend on the number of threads, and worker processes
    have one. For small images one is faster as well.
    """
    with _global_stream:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.random.fork_rng(devices=[]):
                torch.default_generator.manual_seed(_number(seed))
                yield
        finally:
            torch.set_num_threads(threads)


@contextmanager
def drawing(seed: Sequence[int], device: torch.device) -> Iterator[None]:
    """Within, torch's streams are a function of `seed`; after, they are as they were before.

    One thread at a time is within, and the others wait: it must not be nested.

    Args:
        seed: What is drawn within is a function of it.
        device: Its stream, and the CPU's, are meant.
    """
    gpus = [device] if device.type == "cuda" else []
    with _global_stream, torch.random.fork_rng(devices=gpus):
        torch.manual_seed(_number(seed))
        yield


def _number(seed: Sequence[int]) -> int:
    """Return one number of 64 bits that is a function of several."""
    return int(np.random.SeedSequence(seed).generate_state(1, np.uint64)[0])
