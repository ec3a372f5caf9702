"""Compiling a network with `torch.compile`: the same function but for rounding, faster.

What is compiled stays in a cache on disk, so that the next process has it at once.
"""

import os
from collections.abc import Callable
from functools import cache

import torch

from job.detection.detectors.base import Detector
from job.runtime import log
from job.storage import cache as storage_cache


def compile_network(detector: Detector, warm_up: Callable[[], object]) -> bool:
    """Compile a detector for inference; if that fails, log a warning and leave it as it is.

    Args:
        detector: On its device. Its weights become part of the code and must not change.
        warm_up: Runs the detector on a batch of the only shape that it will ever get.

    Returns:
        Whether it is compiled.
    """
    reason = _refusal(detector.device) or _compile(detector, warm_up)
    if reason:
        log.get().warning("compile.unavailable", reason=reason)
    return not reason


def _compile(detector: Detector, warm_up: Callable[[], object]) -> str:
    """Compile, and return the reason if it failed, else an empty string."""
    from torch._inductor import config as inductor  # noqa: PLC0415 - it takes a second

    torch.compiler.reset()  # frees what was compiled for another network
    detector.compile(dynamic=False)
    try:
        # Not as an option of `compile`: the first run traces, and has to see the setting too.
        with inductor.patch(freezing=True):
            warm_up()
    except Exception as error:  # noqa: BLE001
        detector._compiled_call_impl = None  # noqa: SLF001 - torch has no way back
        return _reason(error)
    return ""


@cache
def _refusal(device: torch.device) -> str:
    """Return why nothing can be compiled for a device; empty: a small function can be."""
    os.environ.setdefault("TORCHINDUCTOR_CACHE_DIR", str(storage_cache.directory() / "compiled"))
    try:
        torch.compile(torch.neg)(torch.ones(1, device=device))
    except Exception as error:  # noqa: BLE001
        return _reason(error)
    return ""


def _reason(error: Exception) -> str:
    """Return one line of what a compiler raised: errors of many classes and lines."""
    lines = [line.strip() for line in str(error).splitlines()]
    reasons = [line for line in lines if line and not line.startswith("backend=")]
    return reasons[0] if reasons else type(error).__name__
