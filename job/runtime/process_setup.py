"""How the C library hands out memory."""

import ctypes
import os

# Of glibc's malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8


def keep_freed_memory() -> None:
    """Let glibc keep what is freed for what is asked for next: docs/decisions/0015.

    By itself it asks the system for each large tensor and gives it back, and the system clears each
    page when it is first touched: that took half of a network's time. To be called before other
    threads are there, which glibc gives memory of their own, too little for a large tensor.

    The environment goes before: where it has settings for glibc's memory, they stay. Where there is
    another C library, nothing happens.
    """
    if any(name == "GLIBC_TUNABLES" or name.startswith("MALLOC_") for name in os.environ):
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_ARENA_MAX, 1)  # one heap for all threads: of the others none holds 64 MB
        set_option(_MMAP_MAX, 0)  # large blocks come from the heap too
        set_option(_TRIM_THRESHOLD, -1)  # whose end is never given back
