"""Three rounds at the command line: undisturbed, and killed in the middle of a training."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest

EXPERIMENT = """
experiment: yolo
dataset:
  name: drawn
  synthetic: {num_pool: 20, num_test: 6, size: 64}
rounds: 3
budget: {initial: 6, per_round: 4}
arms: {entropy: {strategy: entropy}}
detector: {model: yolo, network: yolo11n, size: 64, backbone: scratch}
train:
  steps: 12
  batch_size: 4
  optimizer: adamw
  learning_rate: 0.001
  checkpoint_every_steps: 2
score: {score_threshold: 0.001}
evaluate: {score_threshold: 0.001}
runtime: {threads: 1}
"""
LAST = "seed-0/entropy/round-002"
STAGES = ("select", "annotate", "train", "evaluate", "score")
"""Of a round. The last one is not scored: nobody would read it."""
SAME = (
    "picks-*.csv",
    "model-*.safetensors",
    "detections-*.parquet",
    "metrics-*.json",
    "*.tar",
    "p*.parquet",
)
"""What has to be equal to the byte."""


def start(folder: Path) -> subprocess.Popen[str]:
    """Run the experiment, as a user does, in a folder that is also the home."""
    (folder / "yolo.yaml").write_text(EXPERIMENT)
    return subprocess.Popen(
        [sys.executable, "-m", "job", "run", "yolo.yaml", "--store", "state"],
        cwd=folder,
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
            "HOME": str(folder / "home"),
            "AL_LOG": "json",
            "PYTHONPATH": ":".join(map(str, map(Path.absolute, map(Path, sys.path)))),
        },
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def finished(folder: Path) -> str:
    """Run the experiment to its end, and return its log."""
    process = start(folder)
    _, log = process.communicate(timeout=300)
    assert process.returncode == 0, log
    return log


def left(folder: Path) -> dict[str, bytes]:
    experiment = folder / "state/experiments/yolo"
    return {
        str(path.relative_to(experiment)): path.read_bytes()
        for pattern in SAME
        for path in experiment.rglob(pattern)
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("undisturbed")
    finished(folder)
    return folder


def test_three_rounds_run_to_their_report(undisturbed: Path) -> None:
    """Every stage leaves its marker, and the strategy has boxes to select by."""
    experiment = undisturbed / "state/experiments/yolo"
    assert all((experiment / LAST / stage / "done.json").exists() for stage in STAGES[:-1])
    (record,) = (experiment / "seed-0/entropy/round-001/score").glob("part-*.parquet")
    assert sum(map(len, pq.read_table(record)["objectness"].to_pylist())) > 0
    assert "yolo11n" in (experiment / "experiment.yaml").read_text()
    assert (experiment / "report/index.html").exists()


def test_the_package_writes_nothing_into_the_home(undisturbed: Path) -> None:
    """No settings, no user's number."""
    assert not [path for path in (undisturbed / "home").rglob("*") if "ltralytics" in path.name]


def test_killed_in_a_training_it_ends_with_the_same_bytes(
    undisturbed: Path, tmp_path: Path
) -> None:
    """Killed after a checkpoint of the second round, and run again."""
    process = start(tmp_path)
    training = tmp_path / "state/experiments/yolo/seed-0/entropy/round-001/train"
    while process.poll() is None and not [*training.glob("checkpoint-*")]:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (training / "done.json").exists()
    assert '"train.resumed"' in finished(tmp_path)
    expected = left(undisturbed)
    assert len(expected) >= 3 * len(STAGES) - 1
    assert left(tmp_path) == expected
