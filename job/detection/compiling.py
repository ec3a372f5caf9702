"""Compiling a network with `torch.compile`: the same function but for rounding, faster.

What is compiled stays in a cache on disk, so that the next process has it at once.
"""

import os
from functools import cache

import torch

from job import log
from job.detection.models import Detector
from job.storage import cache as storage_cache


def compile_network(detector: Detector) -> bool:
    """Compile what a detector infers; where that cannot be, warn why and leave it as it is.

    Args:
        detector: It is on its device. Each shape of a batch is compiled when it first comes, with
            the weights inside: they never change again.

    Returns:
        Whether it is compiled.
    """
    if reason := _refusal(detector.device):
        log.get().warning("compile.unavailable", reason=reason)
        return False
    from torch._inductor import config as inductor  # noqa: PLC0415 - it takes a second

    torch.compiler.reset()  # what was compiled for another network is not needed any more
    # Not as an option of this one call: tracing goes by it too, and reads it here.
    inductor.freezing = True
    detector.compile(dynamic=False)
    return True


@cache
def _refusal(device: torch.device) -> str:
    """Why nothing can be compiled for a device, as compiling the least thing shows; empty: it can.

    What compilers raise has no common class, and says it in many lines.
    """
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(storage_cache.directory() / "compiled"))
    try:
        torch.compile(torch.neg)(torch.ones(1, device=device))
    except Exception as error:  # noqa: BLE001
        lines = [line.strip() for line in str(error).splitlines()]
        reasons = [line for line in lines if line and not line.startswith("backend=")]
        return reasons[0] if reasons else type(error).__name__
    return ""
