"""Random streams: each a function of the seed, the round and the purpose."""

from zlib import crc32

import numpy as np


def random_stream(*seed: int | str) -> np.random.Generator:
    """Return the random stream of a purpose, such as `random_stream(seed, round, "select")`.

    The stream is a function of its arguments alone, never of what ran before.
    """
    words = [part if isinstance(part, int) else crc32(part.encode()) for part in seed]
    return np.random.default_rng(words)
