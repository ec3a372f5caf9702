import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from job.detection.training.member_processes import Exchange, LostError, run_together
from job.errors import AlJobError, BadDataError, ConfigError, StopRequested, TemporaryError

PART = """
import os, signal, sys, time
from job.detection.training.member_processes import LostError, take_part
from job.errors import *

os.kill(os.getpid(), signal.SIGTERM)  # it starts while all get the signal

def wait_for(exchange, name):
    while not exchange.has(name):
        time.sleep(0.01)

def work(exchange, rank, count):
    {}

take_part(work)
"""


def nothing() -> None:
    pass


@pytest.fixture
def exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Exchange:
    """A folder, in which the module that the processes run lies as well."""
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", path.rstrip(os.pathsep))
    return Exchange(tmp_path)


def together(exchange: Exchange, body: str) -> None:
    """Let two processes do `body`."""
    exchange.put("part.py", PART.format(body).encode())
    run_together("part", 2, exchange, nothing)


def test_what_is_taken_is_gone(tmp_path: Path) -> None:
    """A file that was taken is not there again until the next is put."""
    exchange = Exchange(tmp_path)
    exchange.put("letter", b"one")
    assert exchange.take("letter") == b"one"
    assert not exchange.has("letter")
    exchange.put("letter", b"two")
    assert exchange.get("letter") == b"two"


def test_each_process_knows_its_rank_and_their_number(exchange: Exchange) -> None:
    """Two processes are 0 of 2 and 1 of 2."""
    together(exchange, "exchange.put(f'rank-{rank}', str(count).encode())")
    assert (exchange.get("rank-0"), exchange.get("rank-1")) == (b"2", b"2")


def test_what_a_process_leaves_at_its_end_is_seen(exchange: Exchange) -> None:
    """The caller looks once more when all have ended."""
    exchange.put("part.py", PART.format("exchange.put('last', b'')").encode())
    seen: list[bool] = []
    run_together("part", 1, exchange, lambda: seen.append(exchange.has("last")))
    assert seen[-1]


@pytest.mark.parametrize("kind", [BadDataError, ConfigError, TemporaryError])
def test_the_cause_is_told_not_what_follows_from_it(
    exchange: Exchange, kind: type[AlJobError]
) -> None:
    """Process 0 ends since process 1 failed; the error is process 1's, as it was raised."""
    fails = f"""
    if rank == 1:
        raise {kind.__name__}("image 3 is broken")
    wait_for(exchange, "outcome-1.json")
    raise LostError("the others are gone")
    """
    with pytest.raises(kind, match=r"^image 3 is broken$"):
        together(exchange, fails)


def test_processes_that_only_lost_each_other_may_try_again(exchange: Exchange) -> None:
    """Without any other cause it is a failure that a later attempt can get past."""
    with pytest.raises(LostError) as caught:
        together(exchange, "raise LostError('the others are gone')")
    assert caught.value.exit_code == 75


def test_a_killed_process_ends_the_others(exchange: Exchange) -> None:
    """Nobody waits for ever for a process that is gone; a later attempt may get further."""
    begun = time.monotonic()
    with pytest.raises(TemporaryError, match="process 1 was ended by SIGKILL") as caught:
        together(exchange, "os.kill(os.getpid(), signal.SIGKILL) if rank else time.sleep(60)")
    assert "\n" not in str(caught.value)
    assert time.monotonic() - begun < 30


def test_a_bug_shows_its_traceback(exchange: Exchange) -> None:
    """An error of no known kind comes with where it was raised."""
    with pytest.raises(RuntimeError, match=r"(?s)process 1 .*in work.*ZeroDivisionError"):
        together(exchange, "1 / (1 - rank)")


def test_a_process_that_ends_without_a_word_is_a_bug(exchange: Exchange) -> None:
    """Its exit code is all there is to tell."""
    with pytest.raises(RuntimeError, match="process 0 ended with exit code 3"):
        together(exchange, "os._exit(3) if rank == 0 else time.sleep(60)")


def test_one_that_has_stopped_does_not_end_one_that_still_saves(exchange: Exchange) -> None:
    """Asked to stop, all get the time they need."""
    saves = """
    if rank == 0:
        wait_for(exchange, "outcome-1.json")
        time.sleep(0.3)
        exchange.put("saved", b"")
    raise StopRequested("stopped at step 3")
    """
    with pytest.raises(StopRequested, match="stopped at step 3"):
        together(exchange, saves)
    assert exchange.has("saved")


def test_signals_are_left_to_the_parent(exchange: Exchange) -> None:
    """SIGTERM and SIGINT to all processes at once end none of them, and their children neither."""
    together(
        exchange,
        "[os.kill(os.getpid(), each) for each in (signal.SIGTERM, signal.SIGINT)]; "
        "exchange.put(f'alive-{rank}', b'')",
    )
    assert exchange.has("alive-0")
    assert exchange.has("alive-1")


def test_the_parents_end_ends_the_processes(exchange: Exchange) -> None:
    """Also when it is killed: no process stays behind."""
    body = "exchange.put('pid', str(os.getpid()).encode()); time.sleep(60)"
    exchange.put("part.py", PART.format(body).encode())
    script = (
        "import sys; from pathlib import Path; "
        "from job.detection.training.member_processes import *; "
        "run_together('part', 1, Exchange(Path(sys.argv[1])), lambda: None)"
    )
    command = [sys.executable, "-c", script, str(exchange.folder)]
    with subprocess.Popen(command) as parent:  # noqa: S603 - our own program
        wait_until(lambda: exchange.has("pid"))
        parent.kill()
    wait_until(lambda: not running(int(exchange.get("pid"))))


def running(pid: int) -> bool:
    """Whether a process is there, and not just waiting to be collected."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
