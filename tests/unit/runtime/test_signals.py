"""SIGTERM and Ctrl-C: one line and a known end, from the first moment on."""

import os
import shlex
import signal
import subprocess
import sys
import time

import pytest
from structlog.testing import capture_logs

from job.detection.training.stopping import asked_to_stop
from job.errors import StopRequested
from job.runtime.signals import exit_code_of
from tests.conftest import AlJob

LINE = "al-job: interrupted; run the same command to resume\n"

# What Python asks first where a module is stands for a signal while that module is imported.
AT_IMPORT = """
import os, runpy, sys
class Signal:
    def find_spec(self, name, *rest):
        if name == os.environ["AT"]:
            os.kill(os.getpid(), int(os.environ["NUMBER"]))
sys.meta_path.insert(0, Signal())
runpy.run_module("job", run_name="__main__", alter_sys=True)
"""
# A command that does nothing but get the signal while it runs.
AT_WORK = """
import os, signal, sys, types
from job.cli import main
module = types.ModuleType("at_work")
module.command = lambda: os.kill(os.getpid(), int(os.environ["NUMBER"]))
sys.modules["at_work"] = module
main.COMMANDS = {"status": ("at_work:command", "Status.")}
from job.__main__ import main
main()
"""


@pytest.mark.parametrize(
    ("program", "at", "number", "code"),
    [
        (AT_IMPORT, "job.cli.main", signal.SIGINT, -signal.SIGINT),
        (AT_IMPORT, "job.cli.status", signal.SIGTERM, os.EX_TEMPFAIL),
        (AT_WORK, "", signal.SIGINT, -signal.SIGINT),
    ],
    ids=["start", "import", "work"],
)
def test_a_signal_ends_a_command_with_one_line_at_any_moment(
    program: str, at: str, number: signal.Signals, code: int
) -> None:
    """While it starts, is imported and runs. By -SIGINT shells see Ctrl-C; they call it 130."""
    ended = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", program, "status"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"AT": at, "NUMBER": str(int(number))},
    )
    assert (ended.returncode, ended.stderr) == (code, LINE)


# A command that leaves behind what takes long to take apart.
AT_THE_END = """
import atexit, sys, types
from job.cli import main
module = types.ModuleType("at_work")
class Slow:
    def __del__(self):
        print("taken apart")
def command():
    sys.modules["left"], sys.modules["left"].slow = types.ModuleType("left"), Slow()
    atexit.register(print, "tidied up")
    print("done")
    raise SystemExit(3)
module.command = command
sys.modules["at_work"] = module
main.COMMANDS = {"status": ("at_work:command", "Status.")}
from job.__main__ import main
main()
"""


def test_a_command_ends_without_taking_its_modules_apart() -> None:
    """With its exit code and all that it has printed. A pod would hold its GPU for seconds more."""
    ended = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", AT_THE_END, "status"], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (3, "done\ntidied up\n"), ended.stderr


def test_a_command_may_have_no_output() -> None:
    """A shell can close it (`>&-`), which is nobody's mistake."""
    command = f"exec {shlex.quote(sys.executable)} -m job --version >&-"
    ended = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=False)  # noqa: S603 - our own code
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
def test_a_command_that_was_interrupted_says_by_what(
    al_job: AlJob, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, code: int
) -> None:
    """Retried by an orchestrator is what SIGTERM has stopped, and not what a person has."""

    def stop(_: str) -> None:
        message = "stopped"
        raise StopRequested(message, exit_code_of(number))

    monkeypatch.setattr("job.cli.status.open_store", stop)
    ended = al_job("status")
    assert (ended.code, ended.error) == (code, "al-job: stopped")


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 75)])
@pytest.mark.parametrize("answers", [True, False])
def test_a_training_that_is_stopped_says_by_what(
    number: signal.Signals, code: int, *, answers: bool
) -> None:
    """Whether it saves and stops by itself, or ends before it looks for the question."""
    with pytest.raises(StopRequested) as stopped, asked_to_stop() as asked:  # noqa: PT012 - the signal has to come within
        assert not asked()
        signal.raise_signal(number)
        if answers:
            assert asked()
            raise StopRequested
    assert stopped.value.exit_code == code


def test_a_training_that_is_stopped_says_how_long_that_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From the first signal to the saved checkpoint: a pod gets no more than its grace period."""
    clock = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    with (  # noqa: PT012 - the signals have to come within
        capture_logs() as logs,
        pytest.raises(StopRequested),
        asked_to_stop(),
    ):
        for clock[0] in (103.0, 105.5, 110.25):
            signal.raise_signal(signal.SIGTERM)
        raise StopRequested
    assert [(each["event"], each["seconds"]) for each in logs] == [("train.stopped", 7.2)]
