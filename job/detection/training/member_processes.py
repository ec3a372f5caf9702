"""Starts the processes that train together, watches them, and says how they ended.

They only compute. What they need and what they make are files of one directory; the process that
started them is the only one that reads and writes the store. Nothing here needs torch, and
docs/decisions/0019 says why torch does not start them.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from typing import NoReturn

from job.errors import (
    AlJobError,
    BadDataError,
    ConfigError,
    MissingObjectError,
    StopRequested,
    TemporaryError,
    UsageError,
)
from job.runtime.place import Place
from job.runtime.process_setup import prepare_process
from job.runtime.signals import SIGNALS
from job.storage.files import whole_file

SECONDS_BETWEEN_LOOKS = 0.05


class LostError(TemporaryError):
    """Another of the processes is gone. The cause is known where it ended, not here."""


_KINDS: dict[str, type[BaseException]] = {
    kind.__name__: kind
    for kind in (
        UsageError,
        BadDataError,
        MissingObjectError,
        ConfigError,
        TemporaryError,
        LostError,
        StopRequested,
    )
}
"""What a process may end with and tell by name; anything else is a bug."""


@dataclass(frozen=True)
class Exchange:
    """A directory by which processes tell each other things: its files appear whole."""

    folder: Path

    def put(self, name: str, data: bytes) -> None:
        """Write a file; one that is there is replaced."""
        with whole_file(self.folder / name) as file:
            file.write(data)

    def has(self, name: str) -> bool:
        """Whether a file is there."""
        return (self.folder / name).exists()

    def get(self, name: str) -> bytes:
        """Return what a file holds."""
        return (self.folder / name).read_bytes()

    def take(self, name: str) -> bytes:
        """Return what a file holds, and remove it; another may be put there at the same time."""
        taken = (self.folder / name).replace(self.folder / f"{name}.taken")
        data = taken.read_bytes()
        taken.unlink()
        return data


def run_together(
    module: str,
    count: int,
    exchange: Exchange,
    look: Callable[[], None],
    place: Place | None = None,
) -> None:
    """Run `python -m module FOLDER RANK COUNT` for each rank from 0 on, until all have ended.

    SIGTERM and Ctrl-C, which may come to all processes at once, do not reach them: they look for
    what they are told in the folder. If one fails, the others are ended, for they would wait for it
    for ever. They also end when this process does.

    Args:
        module: It calls `take_part`.
        count: How many processes.
        exchange: The directory that tells them what to do.
        look: Called again and again meanwhile, and once after.
        place: If others start the other processes: the one to start here.

    Raises:
        AlJobError: What a process failed with, the first cause if several failed;
            `TemporaryError` if one was killed.
        StopRequested: They stopped because they were asked to.
        RuntimeError: A process has a bug; the message holds its traceback.
    """
    processes: list[subprocess.Popen[bytes]] = []
    ranks = [place.rank] if place else range(count)
    is_local = place is None or place.is_on_one_machine
    try:
        with _signals_held_back():
            for rank in ranks:
                arguments = [module, str(exchange.folder), str(rank), str(count)]
                processes.append(_start(arguments, is_local=is_local))
        while None in (codes := [each.poll() for each in processes]) and not any(codes):
            time.sleep(SECONDS_BETWEEN_LOOKS)
            look()
    finally:
        for process in processes:
            process.kill()
            process.communicate()  # closes its pipe, and waits
    look()
    outcomes = [_outcome(exchange, rank, code) for rank, code in zip(ranks, codes, strict=True)]
    if worst := min(filter(None, outcomes), key=_rank_of_cause, default=None):
        raise worst


def _start(arguments: list[str], *, is_local: bool) -> subprocess.Popen[bytes]:
    # What torch has to say of the others comes with its errors; its own lines are for its authors.
    environment = {"TORCH_CPP_LOG_LEVEL": "FATAL"}
    if is_local:
        # The machine's name need not resolve, and no other interface need be there.
        loopback = next(name for _, name in socket.if_nameindex() if name.startswith("lo"))
        environment |= {"GLOO_SOCKET_IFNAME": loopback, "NCCL_SOCKET_IFNAME": loopback}
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-P", "-m", *arguments],
        stdin=subprocess.PIPE,  # it ends when this process does
        env=environment | os.environ,
    )


@contextmanager
def _signals_held_back() -> Iterator[None]:
    """Processes started within never get the signals, not even before they can ignore them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _outcome(exchange: Exchange, rank: int, code: int | None) -> BaseException | None:
    """Return what a process failed with; None: it did all, or was ended here."""
    if exchange.has(_outcome_name(rank)):
        outcome = json.loads(exchange.get(_outcome_name(rank)))
        if outcome["error"] in _KINDS:
            return _KINDS[outcome["error"]](outcome["message"])
        return RuntimeError(f"process {rank} failed:\n{outcome['message']}")
    if code is None or code == 0:
        return None
    if code > 0:
        return RuntimeError(f"process {rank} ended with exit code {code} and did not say why")
    return TemporaryError(
        f"train: process {rank} was ended by {signal.Signals(-code).name}; run the same command to "
        "resume from the last checkpoint; if memory ran out, give the job more of it"
    )


def _rank_of_cause(error: BaseException) -> int:
    """Return the order of errors: those that follow from others come after them."""
    if isinstance(error, StopRequested):
        return 3
    if isinstance(error, LostError):
        return 2
    return 0 if isinstance(error, AlJobError) else 1


def take_part(work: Callable[[Exchange, int, int], None]) -> NoReturn:
    """Do the work of a started process, leave word how it ended, and end.

    Args:
        work: Called with the directory, the process's rank and how many there are.
    """
    prepare_process()
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()
    exchange, rank, count = Exchange(Path(sys.argv[1])), int(sys.argv[2]), int(sys.argv[3])
    code = 0
    try:
        work(exchange, rank, count)
    except BaseException as error:  # noqa: BLE001 - it is passed on
        known = type(error) in _KINDS.values()
        message = str(error) if known else traceback.format_exc()
        outcome = {"error": type(error).__name__, "message": message}
        exchange.put(_outcome_name(rank), json.dumps(outcome).encode())
        code = 0 if isinstance(error, StopRequested) else 1
    sys.stdout.flush()
    sys.stderr.flush()
    # At once: what torch does at its end may wait for processes that are gone.
    os._exit(code)


def _outcome_name(rank: int) -> str:
    return f"outcome-{rank}.json"


def _end_with_parent() -> None:
    """Wait for the end of standard input, which the parent never writes to, and end then."""
    os.read(sys.stdin.fileno(), 1)
    os._exit(TemporaryError.exit_code)
