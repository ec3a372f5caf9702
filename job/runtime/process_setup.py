"""What a process sets up first: memory, and OpenMP's threads."""

import ctypes
import gc
import io
import logging
import os
import sys

# Options of glibc's mallopt, from its malloc.h.
_TRIM_THRESHOLD, _MMAP_MAX, _ARENA_MAX = -1, -4, -8


def prepare_process() -> None:
    """Set up this process: to be called before torch is imported and before there are threads.

    What the environment says about either has precedence.
    """
    keep_freed_memory()
    seek_garbage_rarely()
    spin_briefly()
    write_every_letter()
    draw_without_settings()


def keep_freed_memory() -> None:
    """Let glibc keep freed memory for what is allocated next: see docs/decisions/0015.

    By default it asks the system for each large tensor and gives it back, and the system clears
    each page when it is first touched, which took half of a network's time. Threads that exist
    already have a heap of their own, which is too small for a large tensor.

    If the environment has settings for glibc's memory, or the C library is another one, this does
    nothing.
    """
    if any(name == "GLIBC_TUNABLES" or name.startswith("MALLOC_") for name in os.environ):
        return
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_ARENA_MAX, 1)  # one heap for all threads: no other holds 64 MB
        set_option(_MMAP_MAX, 0)  # large blocks come from the heap too
        set_option(_TRIM_THRESHOLD, -1)  # whose end is never given back


def seek_garbage_rarely() -> None:
    """Let Python look for unused cycles of objects after 10,000 new ones instead of 700.

    While torch and torchvision are imported it would look 800 times and find little, for a sixth of
    the time that a stage takes to start.
    """
    gc.set_threshold(10_000)


def spin_briefly() -> None:
    """Let OpenMP's threads spin only briefly while they wait: see docs/decisions/0005.

    By default they spin for milliseconds. If cores are shared, by stages side by side or by a pod's
    CPU limit, that burns the time that others need. A short spin nearly keeps the speed of a free
    machine. OpenMP reads the setting when torch is loaded.
    """
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", "10000")


def write_every_letter() -> None:
    """Let standard output take every letter: what its encoding lacks is written as an escape."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def draw_without_settings() -> None:
    """Keep the user's settings of matplotlib, and what it says of them, away from this process.

    Figures go into files. So no backend is needed, such as the one of a notebook that started this
    process and that may not be installed here.
    """
    os.environ.pop("MPLBACKEND", None)
    logging.getLogger("matplotlib").setLevel(logging.ERROR)
