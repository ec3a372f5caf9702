"""Memory that is freed is there for what comes next."""

import ctypes
import os
import subprocess
import sys

import pytest

from job import cli

if not hasattr(ctypes.CDLL(None), "mallopt"):
    pytest.skip("the C library is not glibc", allow_module_level=True)

# Fills 100 MB in another thread, frees them, and counts the page faults of doing so again.
AGAIN = """
from resource import RUSAGE_SELF, getrusage
from threading import Thread
from job.allocator import keep_memory
keep_memory()
def fill():
    bytearray(b"x") * 100_000_000
for _ in range(2):
    before = getrusage(RUSAGE_SELF).ru_minflt
    thread = Thread(target=fill)
    thread.start()
    thread.join()
print(getrusage(RUSAGE_SELF).ru_minflt - before)
"""
NUM_PAGES = 100_000_000 // os.sysconf("SC_PAGE_SIZE")


def num_faults(**more: str) -> int:
    environment = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    environment.pop("GLIBC_TUNABLES", None)
    command = [sys.executable, "-c", AGAIN]
    return int(subprocess.check_output(command, env=environment | more))  # noqa: S603


def test_what_was_freed_is_used_again() -> None:
    assert num_faults() < NUM_PAGES / 10


@pytest.mark.parametrize(
    "setting", [("GLIBC_TUNABLES", "glibc.malloc.tcache_count=7"), ("MALLOC_ARENA_MAX", "8")]
)
def test_settings_of_the_environment_stay(setting: tuple[str, str]) -> None:
    assert num_faults(**dict([setting])) >= NUM_PAGES


def test_it_is_the_first_thing_that_the_command_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before there are threads."""

    class Called(Exception):  # noqa: N818
        pass

    def stop() -> None:
        raise Called

    monkeypatch.setattr(cli, "keep_memory", stop)
    with pytest.raises(Called):
        cli.main()
