"""Randomness as an argument, for parts of torchvision that only draw from the global stream."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: Sequence[int]) -> Iterator[None]:
    """Within, torch's CPU stream is a function of `seed`; after, it is as it was before.

    One thread computes within: sums depend on the number, and worker processes have one. For small
    images it is faster as well.
    """
    state = np.random.SeedSequence(seed).generate_state(1, np.uint64)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(int(state[0]))
            yield
    finally:
        torch.set_num_threads(threads)
