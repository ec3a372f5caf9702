"""What tests of every part share: a tiny experiment, and the command line in this process."""

import fcntl
import gc
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import pytest

from job.cli.main import main
from job.runtime.process_setup import prepare_process

pytest_plugins = ["job.testing"]  # as in a package with a detector

prepare_process()  # as the program does: without it, threads that wait for each other spin
gc.disable()  # until all modules are imported: what they hold stays

TINY = """
experiment: tiny
dataset:
  name: drawn
  synthetic: {num_pool: 24, num_test: 6, size: 64}
rounds: 3
budget: {initial: 6, per_round: 4}
cold_start: {strategy: random}
arms:
  random: {strategy: random}
  brust: {strategy: brust, class_weights: true}
detector: {size: 64, width: 0.25, backbone: scratch}
train:
  init: warm_start
  steps: 4
  batch_size: 4
  optimizer: adamw
  learning_rate: 0.001
  checkpoint_every_steps: 2
score: {images_per_part: 5}
evaluate: {max_detections: 20}
runtime: {threads: 1}
"""


def pytest_collection_finish() -> None:
    """Let searches for garbage be rare, and leave the modules out: that alone takes a second."""
    gc.freeze()
    gc.set_threshold(10_000)
    gc.enable()


def pytest_unconfigure() -> None:
    """Let the end of the interpreter find it all; some libraries complain about what is left."""
    gc.unfreeze()


@pytest.fixture(scope="session")
def tiny() -> str:
    """The configuration of an experiment that takes a second or two."""
    return TINY


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """No test leaves its number of threads to the next one."""
    yield
    if torch := sys.modules.get("torch"):
        torch.set_num_threads(1)


OnceFilled = Callable[[str, Callable[[Path], None]], Path]
FinishedState = Callable[..., Path]


@pytest.fixture(scope="session")
def once_filled(tmp_path_factory: pytest.TempPathFactory) -> OnceFilled:
    """A function that returns a folder of a name, which its first caller in any worker fills."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def fill_once(name: str, fill: Callable[[Path], None]) -> Path:
        folder = shared / name
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not folder.exists():
                part = shared / f"{name}.part"
                shutil.rmtree(part, ignore_errors=True)
                fill(part)
                part.rename(folder)
        return folder

    return fill_once


@pytest.fixture(scope="session")
def finished_state(once_filled: OnceFilled) -> FinishedState:
    """A function from a configuration to the folder of its finished experiment, only to be read.

    Given a smaller configuration too, it lets that one's experiment grow, which takes less time. So
    does an experiment of three rounds, from that of two, which others read.
    """
    from job import experiment  # noqa: PLC0415 - not every test needs it
    from job.config import loading  # noqa: PLC0415
    from job.storage.local import LocalStore  # noqa: PLC0415

    def finish(text: str, smaller: str = "") -> Path:
        if "rounds: 3" in text:
            smaller = text.replace("rounds: 3", "rounds: 2")

        def run(folder: Path) -> None:
            if smaller:
                shutil.copytree(finish(smaller), folder)
            experiment.run(LocalStore(folder), loading.parse(text, "tiny"))

        return once_filled(f"finished-{sha256(text.encode()).hexdigest()[:12]}", run)

    return finish


@pytest.fixture(scope="session")
def two_seeds(tiny: str, finished_state: FinishedState) -> Path:
    """The folder of the tiny experiment of two rounds and two seeds, only to be read."""
    smaller = tiny.replace("rounds: 3", "rounds: 2")
    return finished_state(f"{smaller}seeds: [0, 1]\n", smaller)


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line that tells a user what is wrong."""
        (line,) = [line for line in self.err.splitlines() if line.startswith("al-job: ")]
        assert "Traceback" not in self.err
        return line


AlJob = Callable[..., Ended]


@pytest.fixture
def al_job(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> AlJob:
    """A function that runs a command line as `al-job` would; figures are only sketched."""
    from tests.unit.report.sketch import sketch  # noqa: PLC0415 - matplotlib takes a second

    for name in [name for name in os.environ if name.startswith("AL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("job.cli.main.signal.signal", lambda *_: None)
    monkeypatch.setattr("job.cli.main.prepare_process", lambda: None)
    monkeypatch.setattr("job.report.drawing.render.draw", sketch)

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr("sys.argv", ["al-job", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as end:
            main()
        captured = capsys.readouterr()
        return Ended(int(end.value.code or 0), captured.out, captured.err)

    return run


@pytest.fixture
def free_gib(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """A function that says how much room there is on the disk, whatever this machine has."""

    def set_free(gib: float) -> None:
        usage = SimpleNamespace(total=2**40, used=0, free=int(gib * 2**30))
        monkeypatch.setattr("job.doctor.shutil.disk_usage", lambda _: usage)

    return set_free


@pytest.fixture
def install_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A function that installs a package of one module, as `pip` would, for one test."""

    def install(module: str, code: str, group: str, entries: str) -> None:
        folder = tmp_path / "site-packages"
        metadata = folder / f"{module}-1.0.dist-info"
        metadata.mkdir(parents=True)
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n")
        (metadata / "entry_points.txt").write_text(f"[{group}]\n{entries}\n")
        (folder / f"{module}.py").write_text(code)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, module, raising=False)

    return install
