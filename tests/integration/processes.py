"""`al-job` in processes of its own, which do not import torch again.

They are forked by a process of one thread that has imported the command line and all of its stages,
and has run nothing: what a command does, and how it dies, is as if it had been started afresh. The
processes that train together are forked in turn.
"""

import ctypes
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import TextIO

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(
    [
        "job.cli.main",
        "job.cli.run",
        "job.cli.stages",
        "job.stages.select",
        "job.stages.annotate",
        "job.stages.train",
        "job.stages.evaluate",
        "job.stages.score",
        "job.report.build",
    ]
)


class AlJobProcess:
    """A running `al-job`: what it tells, and how it ended."""

    def __init__(self, process: BaseProcess, stderr: TextIO) -> None:
        self._process = process
        self.stderr = stderr

    @property
    def pid(self) -> int:
        """The number of the process."""
        assert self._process.pid
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        """Its exit code, or the negative number of the signal that killed it."""
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, number)


@contextmanager
def al_job_process(
    *arguments: object,
    environment: Mapping[str, str] | None = None,
    network: Path | None = None,
) -> Iterator[AlJobProcess]:
    """Run `al-job` with these arguments; wait for its end when the block is left.

    Args:
        arguments: What follows `al-job`.
        environment: Variables to set.
        network: The file of the network namespace that it runs in; None: that of this process.
    """
    reader, writer = _CONTEXT.Pipe(duplex=False)
    texts = [str(argument) for argument in arguments]
    process = _CONTEXT.Process(
        target=_run, args=(texts, {"AL_LOG": "json"} | dict(environment or {}), network, writer)
    )
    process.start()
    writer.close()
    with os.fdopen(os.dup(reader.fileno())) as stderr:
        reader.close()
        yield AlJobProcess(process, stderr)
        stderr.read()
        process.join()


def _run(
    arguments: list[str], environment: dict[str, str], network: Path | None, stderr: Connection
) -> None:
    from job.cli.main import main  # noqa: PLC0415 - it was imported before this process was forked
    from job.detection.training import member_processes  # noqa: PLC0415 - as above

    forking = SimpleNamespace(Popen=_ForkedMember, PIPE=subprocess.PIPE)
    vars(member_processes)["subprocess"] = forking
    if network:
        with network.open() as file:
            assert ctypes.CDLL(None).setns(file.fileno(), 0) == 0
    os.dup2(stderr.fileno(), 2)
    stderr.close()
    os.environ.update(environment)
    tempfile.tempdir = None  # so that it is looked up in this environment
    sys.argv = ["al-job", *arguments]
    main()


class _ForkedMember:
    """A member of a training, as far as `subprocess.Popen` is asked to start and to watch one."""

    def __init__(self, command: Sequence[str], *, stdin: int, env: Mapping[str, str]) -> None:
        assert stdin == subprocess.PIPE
        ours, self._theirs = os.pipe()
        self._returncode: int | None = None
        self._pid = os.fork()
        if self._pid == 0:
            try:
                os.close(self._theirs)
                os.environ.update(env)
                sys.stdin = os.fdopen(ours)
                sys.argv = list(command[command.index("-m") + 1 :])
                runpy.run_module(sys.argv[0], run_name="__main__")
            finally:
                os._exit(1)
        os.close(ours)

    def poll(self) -> int | None:
        return self._wait(os.WNOHANG)

    def kill(self) -> None:
        if self.poll() is None:
            os.kill(self._pid, signal.SIGKILL)

    def communicate(self) -> None:
        os.close(self._theirs)
        self._wait(0)

    def _wait(self, options: int) -> int | None:
        if self._returncode is None:
            pid, status = os.waitpid(self._pid, options)
            self._returncode = os.waitstatus_to_exitcode(status) if pid else None
        return self._returncode
