"""Two processes at one training, as when the pod of a lost node comes back."""

import json
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from job import experiment
from job.artifacts.markers import Markers
from job.artifacts.prune import find_prunable
from job.config import loading
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.local import LocalStore
from tests.integration.processes import AlJobProcess, al_job_process
from tests.outputs import read_output

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUND_0 = RoundRef("tiny", 0, None, 0)
TRAIN = ROUND_0.stage("train")


@contextmanager
def training(state: Path, *options: object) -> Iterator[AlJobProcess]:
    """Train in a process of its own."""
    with al_job_process("train", "--round", 0, "--store", state, *options) as process:
        yield process


def test_a_process_that_wakes_up_after_the_stage_was_done_harms_nobody(
    tiny: str, tmp_path: Path
) -> None:
    """It is frozen in its training, and another one with other sums trains, and is measured."""
    store = LocalStore(tmp_path)
    plan = experiment.init(store, Plan(loading.parse(tiny.replace("steps: 4", "steps: 12"), "t")))
    for stage in ("select", "annotate"):
        run_stage(store, plan, ROUND_0.stage(stage))
    with training(tmp_path) as frozen:
        deadline = time.monotonic() + 60
        while not (checkpoints := [*tmp_path.glob(f"{TRAIN.prefix}checkpoint-*")]):
            assert time.monotonic() < deadline
            time.sleep(0.01)
        frozen.send_signal(signal.SIGSTOP)
        for each in checkpoints:  # or the other one would resume from it, to the same bytes
            each.unlink()
        with training(tmp_path, "--set", "runtime.threads=2") as other:
            told = other.stderr.read()
        assert other.returncode == 0, told
        marker, model = store.read(TRAIN.done), read_output(store, TRAIN, "model.safetensors")
        run_stage(store, plan, ROUND_0.stage("evaluate"))
        frozen.send_signal(signal.SIGCONT)
        lines = [json.loads(line) for line in frozen.stderr.read().splitlines()]
    assert frozen.returncode == 0, lines
    assert "stage.was_done_by_another" in {line["event"] for line in lines}
    assert store.read(TRAIN.done) == marker
    assert read_output(store, TRAIN, "model.safetensors") == model
    assert Markers(store).is_done(ROUND_0.stage("evaluate"), plan.config)
    rubbish = [each for each in find_prunable(store, plan) if each.kind == "orphans"]
    names = {each.key.removeprefix(TRAIN.prefix).partition("-")[0]: each.key for each in rubbish}
    assert (len(rubbish), set(names)) == (2, {"history", "model"})
    assert store.read(names["model"]) != model
