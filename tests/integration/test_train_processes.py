"""Training by two processes, through the real command line."""

import io
import json
import math
import os
import shutil
import signal
import tarfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.config import loading
from job.errors import BadDataError
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.local import LocalStore
from tests.integration.processes import AlJobProcess, al_job_process
from tests.outputs import output_key, read_output

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUND_0 = RoundRef("tiny", 0, None, 0)
TRAIN = ROUND_0.stage("train")
LABELS = ROUND_0.stage("annotate")


@pytest.fixture(scope="module")
def labelled(tiny: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which round 0 is about to train, by two processes."""
    text = tiny.replace("threads: 1", "threads: 1, processes: 2").replace("steps: 4", "steps: 12")
    folder = tmp_path_factory.mktemp("labelled")
    store = LocalStore(folder)
    begun = experiment.init(store, Plan(loading.parse(text, "tiny")))
    for stage in (ROUND_0.stage("select"), LABELS):
        run_stage(store, begun, stage)
    return folder


@pytest.fixture
def state(labelled: Path, tmp_path: Path) -> Path:
    """A store of a test's own."""
    return shutil.copytree(labelled, tmp_path / "state")


@contextmanager
def training(state: Path) -> Iterator[AlJobProcess]:
    """A training, with `state`'s sibling `tmp` for its temporary files."""
    temporary = state.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    command = ("train", "--round", 0, "--store", state)
    with al_job_process(*command, environment={"TMPDIR": str(temporary)}) as process:
        yield process


def train(state: Path) -> None:
    """Train to the end, with this process as the parent of processes that are started afresh."""
    store = LocalStore(state)
    run_stage(store, Plan(load_experiment(store, "tiny")), TRAIN)


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def checkpoints(state: Path) -> list[str]:
    return [key for key in LocalStore(state).list(TRAIN.prefix) if "/checkpoint-" in key]


def children(pid: int) -> list[int]:
    """The processes that another has started and that are not dead, in the order of their start."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rpartition(")")[2].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(path.parent.name))
    return sorted(found)


@pytest.fixture(scope="module")
def undisturbed(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which the training was done in one go."""
    state = shutil.copytree(labelled, tmp_path_factory.mktemp("undisturbed") / "state")
    train(state)
    return state


def test_two_processes_leave_what_one_does(undisturbed: Path) -> None:
    """A model, a history with finite losses of the same labelled set, a marker: nothing else."""
    store = LocalStore(undisturbed)
    names = {key.removeprefix(TRAIN.prefix) for key in store.list(TRAIN.prefix)}
    written = {output_key(store, TRAIN, name) for name in ("model.safetensors", "history.jsonl")}
    assert names == {"done.json", *(key.removeprefix(TRAIN.prefix) for key in written)}
    rows = [json.loads(line) for line in read_output(store, TRAIN, "history.jsonl").splitlines()]
    assert [row["step"] for row in rows] == [12]
    assert all(math.isfinite(row["loss"]) and row["loss"] > 0 for row in rows)
    marker = json.loads(store.read(TRAIN.done))
    assert marker["inputs"][LABELS.done] == json.loads(store.read(LABELS.done))["digest"]


def test_a_killed_process_means_try_again(state: Path) -> None:
    """The others do not wait for it: they end, the parent says why, and nothing is left behind."""
    with training(state) as process:
        wait_until(lambda: len(children(process.pid)) == 2)
        first, second = children(process.pid)
        os.kill(second, signal.SIGKILL)
        told = process.stderr.read()
    assert process.returncode == 75, told
    assert "process 1 was ended by SIGKILL" in told.splitlines()[-1]
    assert "Traceback" not in told
    assert not Path(f"/proc/{first}").exists()
    assert not list((state.parent / "tmp").iterdir())


def test_stopped_it_goes_on_to_the_same_bytes(state: Path, undisturbed: Path) -> None:
    """SIGTERM to the parent alone: a checkpoint, no marker, exit 75; then as if undisturbed."""
    with training(state) as process:
        wait_until(lambda: checkpoints(state))
        process.send_signal(signal.SIGTERM)
        asked = time.monotonic()
        told = process.stderr.read()
    assert process.returncode == 75, told
    assert time.monotonic() - asked < 25
    assert "training stopped at step" in told.splitlines()[-1]
    assert "Traceback" not in told
    assert len(checkpoints(state)) == 1
    assert not (state / TRAIN.done).exists()
    with training(state) as process:
        told = process.stderr.read()
    assert process.returncode == 0, told
    model = output_key(LocalStore(undisturbed), TRAIN, "model.safetensors")
    assert (state / model).read_bytes() == (undisturbed / model).read_bytes()
    assert not checkpoints(state)


def test_a_broken_image_in_one_process_ends_the_training(state: Path) -> None:
    """It is bad data, told in one line, and no process waits for the one that had it."""
    shard, marker = state / output_key(LocalStore(state), LABELS, "00000.tar"), state / LABELS.done
    broken = with_broken_image(shard.read_bytes())
    shard.write_bytes(broken)
    content = json.loads(marker.read_text())
    content["outputs"]["00000.tar"] = sha256(broken).hexdigest()
    marker.write_text(json.dumps(content))
    with training(state) as process:
        told = process.stderr.read()
    assert process.returncode == BadDataError.exit_code, told
    message = told.splitlines()[-1]
    assert message.startswith("al-job: ")
    assert "\\n" not in message
    assert "Traceback" not in told
    assert not (state / TRAIN.done).exists()


def with_broken_image(shard: bytes) -> bytes:
    """A shard whose first image is no longer one."""
    made = io.BytesIO()
    with (
        tarfile.open(fileobj=io.BytesIO(shard)) as source,
        tarfile.open(fileobj=made, mode="w") as target,
    ):
        num_images = 0
        for member in source:
            file = source.extractfile(member)
            assert file
            data = file.read()
            num_images += member.name.endswith(".jpg")
            if member.name.endswith(".jpg") and num_images == 1:
                data = bytes(len(data))
            target.addfile(member, io.BytesIO(data))
    return made.getvalue()
