"""Training by processes that others have started, on two nodes, through the real command line."""

import json
import os
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from job import experiment
from job.config import loading
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.local import LocalStore
from tests.integration.nodes import Node, free_port, two_nodes
from tests.integration.processes import AlJobProcess, al_job_process
from tests.outputs import output_key

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUND_0 = RoundRef("tiny", 0, None, 0)
TRAIN = ROUND_0.stage("train")
CONFIG = {
    "threads: 1": "threads: 1, processes: 4, peer_seconds: 30",
    "  steps: 4": "  steps: 30",
    "batch_size: 4": "batch_size: 8",
}


@pytest.fixture(scope="module")
def labelled(tiny: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which round 0 is about to train."""
    for old, new in CONFIG.items():
        assert old in tiny
        tiny = tiny.replace(old, new)
    folder = tmp_path_factory.mktemp("labelled")
    store = LocalStore(folder)
    begun = experiment.init(store, Plan(loading.parse(tiny, "tiny")))
    for stage in ("select", "annotate"):
        run_stage(store, begun, ROUND_0.stage(stage))
    return folder


@pytest.fixture
def state(labelled: Path, tmp_path: Path) -> Path:
    """A store of a test's own."""
    return shutil.copytree(labelled, tmp_path / "state")


@pytest.fixture(scope="module")
def nodes() -> Iterator[tuple[Node, Node]]:
    """Two nodes."""
    with two_nodes() as made:
        yield made


@dataclass(frozen=True)
class Training:
    """A training by processes on two nodes, half of them on each."""

    nodes: tuple[Node, Node]
    count: int = 2

    @contextmanager
    def of(self, *states: Path, **variables: object) -> Iterator[list[AlJobProcess]]:
        """Start all processes; those of each node at its store, or all at one."""
        port, local_count = free_port(), self.count // 2
        with ExitStack() as stack:
            processes = []
            for rank in range(self.count):
                node, local_rank = divmod(rank, local_count)
                environment = {
                    "RANK": rank,
                    "WORLD_SIZE": self.count,
                    "LOCAL_RANK": local_rank,
                    "LOCAL_WORLD_SIZE": local_count,
                    "MASTER_ADDR": self.nodes[0].address,
                    "MASTER_PORT": port,
                    "GLOO_SOCKET_IFNAME": self.nodes[node].interface,
                } | variables
                started = al_job_process(
                    *("train", "--round", 0, "--store", states[node % len(states)]),
                    environment={name: str(value) for name, value in environment.items()},
                    network=self.nodes[node].namespace,
                )
                processes.append(stack.enter_context(started))
            yield processes


def ends_of(processes: list[AlJobProcess]) -> list[str]:
    """What each says at last, when it has ended."""
    return [process.stderr.read().splitlines()[-1] for process in processes]


def codes_of(processes: list[AlJobProcess]) -> list[int | None]:
    return [process.returncode for process in processes]


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def has_started_one(pid: int) -> bool:
    """Whether a process has a child: the one that trains."""
    return any(each.read_text() for each in Path(f"/proc/{pid}/task").glob("*/children"))


def checkpoints(state: Path) -> list[str]:
    return [key for key in LocalStore(state).list(TRAIN.prefix) if "/checkpoint-" in key]


@pytest.fixture(scope="module")
def on_one_machine(labelled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store in which `al-job train` itself started four processes."""
    state = shutil.copytree(labelled, tmp_path_factory.mktemp("one") / "state")
    with al_job_process("train", "--round", 0, "--store", state) as process:
        assert process.stderr.read()
    assert process.returncode == 0
    return state


def test_four_processes_on_two_nodes_leave_what_four_on_one_do(
    state: Path, on_one_machine: Path, nodes: tuple[Node, Node]
) -> None:
    """The same bytes, from one writer; the marker says how many trained, and where."""
    training = Training(nodes, count=4)
    with training.of(state) as processes:
        told = [process.stderr.read() for process in processes]
    assert codes_of(processes) == [0] * 4, told
    model = output_key(LocalStore(on_one_machine), TRAIN, "model.safetensors")
    assert (state / model).read_bytes() == (on_one_machine / model).read_bytes()
    history = output_key(LocalStore(state), TRAIN, "history.jsonl")
    assert set(LocalStore(state).list(TRAIN.prefix)) == {TRAIN.done, history, model}
    marker, of_one = (
        json.loads((each / TRAIN.done).read_text()) for each in (state, on_one_machine)
    )
    assert (marker["processes"], marker["nodes"]) == (4, 2)
    assert (of_one["processes"], of_one["nodes"]) == (4, 1)
    assert marker["digest"] == of_one["digest"]
    with training.of(state) as processes:
        told = [process.stderr.read() for process in processes]
    assert codes_of(processes) == [0] * 4
    assert all("done already" in each for each in told)


def test_stopped_they_go_on_to_the_same_bytes(
    state: Path, on_one_machine: Path, nodes: tuple[Node, Node]
) -> None:
    """SIGTERM to a follower alone: the first one saves, all end with 75, and resume as if not."""
    training = Training(nodes, count=4)
    with training.of(state) as processes:
        wait_until(lambda: checkpoints(state))
        processes[3].send_signal(signal.SIGTERM)
        ends = ends_of(processes)
    assert codes_of(processes) == [75] * 4, ends
    assert all("training stopped" in each for each in ends)
    assert len(checkpoints(state)) == 1
    assert not (state / TRAIN.done).exists()
    with training.of(state) as processes:
        ends = ends_of(processes)
    assert codes_of(processes) == [0] * 4, ends
    model = output_key(LocalStore(on_one_machine), TRAIN, "model.safetensors")
    assert (state / model).read_bytes() == (on_one_machine / model).read_bytes()
    assert not checkpoints(state)


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_means_try_again(state: Path, nodes: tuple[Node, Node], rank: int) -> None:
    """Whichever it is, the other one ends at once, with one line."""
    with Training(nodes).of(state) as processes:
        wait_until(lambda: checkpoints(state))
        os.kill(processes[rank].pid, signal.SIGKILL)
        begun = time.monotonic()
        told = processes[1 - rank].stderr.read()
        assert time.monotonic() - begun < 20
    assert processes[1 - rank].returncode == 75, told
    assert "lost the others" in told.splitlines()[-1]
    assert "Traceback" not in told
    assert not (state / TRAIN.done).exists()


def test_a_node_that_vanishes_is_given_up(tmp_path: Path, labelled: Path) -> None:
    """No connection is closed, and nothing comes any more: after `peer_seconds` all end with 75."""
    state = shutil.copytree(labelled, tmp_path / "state")
    with two_nodes() as nodes:
        if not nodes[0].namespace:
            pytest.skip("network namespaces need root and iproute2")
        with Training(nodes).of(state, AL_RUNTIME_PEER_SECONDS=8) as processes:
            wait_until(lambda: checkpoints(state))
            nodes[1].unplug()
            begun = time.monotonic()
            ends = ends_of(processes)
            assert time.monotonic() - begun < 40
    assert codes_of(processes) == [75, 75], ends
    assert all("lost the others" in each for each in ends)


def test_one_that_nobody_meets_ends(state: Path, nodes: tuple[Node, Node]) -> None:
    """It waits for `peer_seconds`, and says where it waited; the next attempt may meet them."""
    with Training(nodes[:1] * 2).of(state, AL_RUNTIME_PEER_SECONDS=2, WORLD_SIZE=4) as processes:
        ends = ends_of(processes)
    assert codes_of(processes) == [75, 75], ends
    assert f"did not meet the others at {nodes[0].address}:" in ends[0]


def test_one_that_waits_for_the_others_can_be_stopped(
    state: Path, nodes: tuple[Node, Node]
) -> None:
    """SIGTERM does not have to wait until all are there."""
    with Training(nodes[:1] * 2).of(state, WORLD_SIZE=4) as processes:
        wait_until(lambda: all(has_started_one(process.pid) for process in processes))
        for process in processes:
            process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        ends = ends_of(processes)
        assert time.monotonic() - begun < 15
    assert codes_of(processes) == [75, 75], ends


def test_nodes_with_other_inputs_do_not_train_together(
    state: Path, labelled: Path, tmp_path: Path, nodes: tuple[Node, Node]
) -> None:
    """Stores that differ are told before the first step, by the name of what differs."""
    other = shutil.copytree(labelled, tmp_path / "other")
    marker = other / ROUND_0.stage("annotate").done
    content = json.loads(marker.read_text())
    marker.write_text(json.dumps(content | {"digest": "0" * 64}))
    with Training(nodes).of(state, other) as processes:
        ends = ends_of(processes)
    assert codes_of(processes) == [75, 75], ends
    assert all("process 1 does not have the labels, weights and settings" in each for each in ends)
    assert not (state / TRAIN.done).exists()
