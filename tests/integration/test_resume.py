"""Killed at any moment and run again, an experiment ends with the bytes of an undisturbed run."""

import csv
import io
import re
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from job import experiment
from job.artifacts.markers import Markers
from job.config import loading
from job.config.schema import Config
from job.data.decoding import decode_rgb
from job.errors import StopRequested, TemporaryError
from job.keys import RoundRef, Stage
from job.plan import Plan
from job.report.analysis.results import TIMES, Row
from job.report.build import update_report
from job.stages import run_stage
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import FinishedState
from tests.integration.processes import AlJobProcess, al_job_process
from tests.outputs import read_output
from tests.stores import filled
from tests.unit.report.sketch import sketch

pytestmark = pytest.mark.integration

ROUND_0 = RoundRef("tiny", 0, None, 0)


def contents(store: Store) -> dict[str, bytes]:
    """All that has to be equal: picks, labels, costs, models, scores, metrics and results.

    The report is left out: it has the times of the stages.
    """
    result = {}
    for key in store.list("experiments/"):
        name = key.rpartition("/")[2]
        if "/report/" in key or name in {"done.json", "experiment.yaml"}:
            continue
        if name.startswith("history-"):  # it holds times
            continue
        if name.startswith("checkpoint-"):  # may be left by a kill right after the marker
            continue
        data = store.read(key)
        result[key] = _without_times(data) if name == "results.csv" else data
    return result


def _without_times(data: bytes) -> bytes:
    rows = list(csv.DictReader(io.StringIO(data.decode())))
    return repr([{k: v for k, v in row.items() if k not in TIMES} for row in rows]).encode()


def markers(store: Store) -> dict[str, bytes]:
    return {k: store.read(k) for k in store.list("experiments/") if k.endswith("/done.json")}


@pytest.fixture(scope="module")
def tiny_config(tiny: str) -> Config:
    return loading.parse(tiny, "tiny")


def run(store: Store, config: Config) -> tuple[int, list[Row]]:
    """Run and report, as `al-job run` does; return how many stages ran, and the rows."""
    outcome = experiment.run(store, config)
    return outcome.num_run, update_report(store, outcome.plan, draw=sketch)


@pytest.fixture(scope="module")
def two_rounds(tiny: str) -> str:
    return tiny.replace("rounds: 3", "rounds: 2")


@pytest.fixture(scope="module")
def undisturbed(two_rounds: str, finished_state: FinishedState) -> dict[str, bytes]:
    """What an undisturbed run of two rounds and its report leave."""
    store = filled(MemoryStore(), LocalStore(finished_state(two_rounds)))
    assert run(store, loading.parse(two_rounds, "tiny"))[0] == 0
    return contents(store)


def wait_for_stage(process: AlJobProcess, number: int) -> None:
    """Wait until the process begins its stage of that number, from 1."""
    for line in process.stderr:
        number -= '"stage.begin"' in line
        if number == 0:
            return
    pytest.fail("the process ended before")


@pytest.mark.slow
def test_sigkill_at_any_moment_costs_nothing_but_time(
    two_rounds: str, tmp_path: Path, undisturbed: dict[str, bytes]
) -> None:
    """Kill the real process again and again: same bytes at the end, no finished stage run twice."""
    # In the middle of a train, soon after the start of a score, of a select.
    kills = ((3, 0.15), (3, 0.03), (2, 0.0))
    assert run_and_kill(two_rounds, tmp_path, kills) == undisturbed


@pytest.mark.slow
def test_strategies_that_learn_from_labelled_images_are_resumed_too(
    two_rounds: str, tmp_path: Path
) -> None:
    """PPAL against PAL from a core-set: killed while scoring, the same bytes."""
    learning = two_rounds.replace("random: {strategy: random}", "ppal: {strategy: ppal}")
    learning = learning.replace(
        "brust: {strategy: brust, class_weights: true}", "pal: {strategy: pal}"
    )
    learning = learning.replace("score: {", "score: {box_features: true, ")
    learning = learning.replace("cold_start: {strategy: random}", "cold_start: {strategy: coreset}")
    store = MemoryStore()
    run(store, loading.parse(learning, "tiny"))
    kills = ((5, 0.02),)
    assert run_and_kill(learning, tmp_path, kills) == contents(store)


def run_and_kill(text: str, tmp_path: Path, kills: Sequence[tuple[int, float]]) -> dict[str, bytes]:
    """Run an experiment, killed so many seconds after the start of its n-th stage; what is left."""
    path = tmp_path / "tiny.yaml"
    path.write_text(text)
    store = LocalStore(tmp_path / "state")
    finished: dict[str, bytes] = {}
    for stage, seconds in kills:
        with al_job_process("run", path, "--store", store.root) as process:
            wait_for_stage(process, stage)
            time.sleep(seconds)  # any moment will do: the rule holds at each
            process.send_signal(signal.SIGKILL)
        assert process.returncode == -signal.SIGKILL
        now = markers(store)
        assert {key: now[key] for key in finished} == finished, "a finished stage ran again"
        finished = now
    with al_job_process("run", path, "--store", store.root) as process:
        log = process.stderr.read()
    assert process.returncode == 0, log
    assert {key: markers(store)[key] for key in finished} == finished
    return contents(store)


@pytest.mark.slow
def test_sigterm_saves_and_asks_to_be_run_again(tiny: str, tmp_path: Path) -> None:
    """SIGTERM in the middle of training leaves a checkpoint, no marker, and exits 75."""
    store = LocalStore(tmp_path / "state")
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("steps: 4", "steps: 4000"))
    with al_job_process("run", path, "--store", tmp_path / "state") as process:
        wait_for_stage(process, 3)
        while not any("/checkpoint-" in key for key in store.list("experiments/")):
            time.sleep(0.01)
        process.send_signal(signal.SIGTERM)
        log = process.stderr.read()
    assert process.returncode == TemporaryError.exit_code
    assert "training stopped at step" in log
    assert "Traceback" not in log
    keys = list(store.list("experiments/"))
    assert any("/train/checkpoint-" in key for key in keys)
    assert not any(key.endswith("train/done.json") for key in keys)


def test_a_stop_is_not_taken_for_a_broken_image() -> None:
    """A signal that comes while an image is decoded stops the program; nothing swallows it."""

    def stop(*_: object, **__: object) -> None:
        raise StopRequested

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("job.data.decoding.Image.open", stop)
        with pytest.raises(StopRequested):
            decode_rgb(b"an image")


class FirstWriteFails(MemoryStore):
    """A stage object's first write fails: before anything is written, or after (a lost answer)."""

    def __init__(self, *, written: bool) -> None:
        super().__init__()
        self._written = written
        self._failed: set[str] = set()

    @contextmanager
    def _fail_once(self, key: str) -> Iterator[None]:
        apart = key.startswith("datasets/") or "/report/" in key
        # A history holds times, so each attempt's has another digest in its name.
        name = re.sub(r"/history-\w+", "/history", key)
        fails = name not in self._failed and not apart
        if fails and not self._written:
            self._failed.add(name)
            raise TemporaryError(key)
        yield
        if fails:
            self._failed.add(name)
            raise TemporaryError(key)

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        with self._fail_once(key):
            return super().write(key, data, if_absent=if_absent)

    def upload(self, key: str, path: Path) -> None:
        with self._fail_once(key):
            super().upload(key, path)


@pytest.mark.slow
@pytest.mark.parametrize("written", [False, True])
def test_every_single_write_may_fail(
    two_rounds: str, undisturbed: dict[str, bytes], *, written: bool
) -> None:
    """Each write fails in turn; after as many attempts the experiment ends the same."""
    store, config = FirstWriteFails(written=written), loading.parse(two_rounds, "tiny")
    num_failures = 0
    with capture_logs() as logs:
        while True:
            try:
                run(store, config)
                break
            except TemporaryError:
                num_failures += 1
    assert num_failures >= len(undisturbed)
    resumed = [line["step"] for line in logs if line["event"] == "train.resumed"]
    assert len(resumed) >= 3, "each of the three trainings resumes from its checkpoint"
    assert set(resumed) == {2}
    assert contents(store) == undisturbed


class StopsAfterACheckpoint(MemoryStore):
    """Fails once, right after the first checkpoint was written."""

    failed = False

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        written = super().write(key, data, if_absent=if_absent)
        if "/checkpoint-" in key and not self.failed:
            self.failed = True
            raise TemporaryError(key)
        return written


@pytest.mark.slow
def test_a_training_keeps_the_threads_that_it_began_with(
    tiny: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It resumes where `auto` would be another number: its bytes and its marker are of the first.

    The sums of 1 and of 2 threads differ, so that their models do.
    """

    def train(store: Store, cpus: int) -> bytes:
        monkeypatch.setattr("job.config.runtime.usable_cpus", lambda: cpus)
        plan = experiment.init(store, Plan(loading.parse(text, "tiny")))
        stages: tuple[Stage, ...] = ("select", "annotate", "train")
        for stage in stages:
            run_stage(store, plan, ROUND_0.stage(stage))
        return read_output(store, ROUND_0.stage("train"), "model.safetensors")

    text = tiny.replace("threads: 1", "threads: auto")
    text = text.replace("steps: 4", "steps: 2").replace("every_steps: 2", "every_steps: 1")
    two = train(MemoryStore(), 2)
    assert two != train(MemoryStore(), 1)
    store = StopsAfterACheckpoint()
    with pytest.raises(TemporaryError):
        train(store, 2)
    with capture_logs() as logs:
        assert train(store, 1) == two
    assert any(line["event"] == "train.resumed" for line in logs)
    marker = Markers(store).get(ROUND_0.stage("train"))
    assert marker
    assert marker.threads == 2


def test_a_checkpoint_is_gone_when_training_is_done(tiny_config: Config) -> None:
    """What only an interrupted training needs is removed with its end, not before its marker."""

    class Order(MemoryStore):
        def delete(self, key: str) -> None:
            if "/checkpoint-" in key:
                assert self.exists(key.rpartition("/")[0] + "/done.json")
            super().delete(key)

    store = Order()
    run(store, tiny_config.model_copy(update={"rounds": 1}))
    assert not any("/checkpoint-" in key for key in store.list(""))


@pytest.mark.slow
def test_an_experiment_that_grew_ends_like_one_begun_larger(
    two_rounds: str, undisturbed: dict[str, bytes]
) -> None:
    """A round and an arm added later give the same bytes, and run only what is new."""
    store = MemoryStore()
    small = two_rounds.replace("rounds: 2", "rounds: 1").replace(
        "  random: {strategy: random}\n", ""
    )
    assert run(store, loading.parse(small, "small"))[0] == 4
    assert run(store, loading.parse(two_rounds, "tiny"))[0] == 13 - 4
    assert contents(store) == undisturbed


@pytest.mark.slow
def test_a_pool_that_is_used_up_ends_the_labelling_not_the_experiment(tiny: str) -> None:
    """A budget beyond what is left labels what is left, and later rounds label nothing."""
    greedy = tiny.replace("initial: 6, per_round: 4", "initial: 20, per_round: 10")
    rows = run(MemoryStore(), loading.parse(greedy, "greedy"))[1]
    assert [row.total_samples for row in rows] == [20, 24, 24] * 2
