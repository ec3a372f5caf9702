"""Memory that is freed is there for what comes next."""

import ctypes
import gc
import os
import subprocess
import sys
from types import SimpleNamespace
from typing import NoReturn

import pytest

from job.cli import main as cli
from job.detection.training import member_processes as workers
from job.runtime.process_setup import keep_freed_memory, seek_garbage_rarely, spin_briefly

if not hasattr(ctypes.CDLL(None), "mallopt"):
    pytest.skip("the C library is not glibc", allow_module_level=True)

# Fills 100 MB in another thread, frees them, and counts the page faults of doing so again.
AGAIN = """
from resource import RUSAGE_SELF, getrusage
from threading import Thread
from job.runtime.process_setup import keep_freed_memory
keep_freed_memory()
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


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """What glibc is told, without telling it; and an environment that has no settings."""
    for name in [name for name in os.environ if "MALLOC" in name]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("GLIBC_TUNABLES", raising=False)
    told: list[int] = []
    library = SimpleNamespace(mallopt=lambda option, _value: told.append(option))
    monkeypatch.setattr(ctypes, "CDLL", lambda _: library)
    return told


def test_what_was_freed_is_used_again() -> None:
    """Memory that a thread has freed costs the next thread few page faults."""
    environment = {name: value for name, value in os.environ.items() if "MALLOC" not in name}
    environment.pop("GLIBC_TUNABLES", None)
    command = [sys.executable, "-c", AGAIN]
    num_faults = int(subprocess.check_output(command, env=environment))  # noqa: S603
    assert num_faults < NUM_PAGES / 10


def test_without_settings_glibc_is_told(options: list[int]) -> None:
    """All three options are set."""
    keep_freed_memory()
    assert len(options) == 3


@pytest.mark.parametrize("name", ["GLIBC_TUNABLES", "MALLOC_ARENA_MAX"])
def test_settings_of_the_environment_stay(
    options: list[int], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """What the environment says about memory has precedence."""
    monkeypatch.setenv(name, "1")
    keep_freed_memory()
    assert not options


def test_another_c_library_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A C library without `mallopt` is not an error."""
    monkeypatch.setattr(ctypes, "CDLL", lambda _: SimpleNamespace())
    keep_freed_memory()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "10000"),
        ({"GOMP_SPINCOUNT": "7"}, "7"),
        ({"OMP_WAIT_POLICY": "active"}, None),
    ],
)
def test_threads_spin_briefly_unless_the_environment_says_otherwise(
    environment: dict[str, str], expected: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Either variable of OpenMP has precedence."""
    for name in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    spin_briefly()
    assert os.environ.get("GOMP_SPINCOUNT") == expected
    os.environ.pop("GOMP_SPINCOUNT", None)


def test_garbage_is_sought_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """After ten thousand new objects, and not hundreds of times while torch is imported."""
    told: list[tuple[int, ...]] = []
    monkeypatch.setattr(gc, "set_threshold", lambda *thresholds: told.append(thresholds))
    seek_garbage_rarely()
    assert told == [(10_000,)]


class CalledError(Exception):
    """It was called."""


def called() -> NoReturn:
    raise CalledError


def test_it_is_the_first_thing_that_the_command_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """Before there are threads."""
    monkeypatch.setattr(cli, "prepare_process", called)
    with pytest.raises(CalledError):
        cli.main()


def test_it_is_the_first_thing_that_a_training_process_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Before it can have threads."""
    monkeypatch.setattr(workers, "prepare_process", called)
    with pytest.raises(CalledError):
        workers.take_part(lambda *_: None)
