"""`al-job track`, and `tracking` of an experiment that is run in this process."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import AlJob, FinishedState
from tests.unit.tracking.mlflow_double import MlflowDouble


@pytest.fixture
def state(tmp_path: Path, tiny: str, finished_state: FinishedState) -> Path:
    """A finished experiment of one round, in a folder that a test may change."""
    finished = finished_state(tiny.replace("rounds: 3", "rounds: 1"))
    return shutil.copytree(finished, tmp_path / "state")


def files(state: Path) -> list[str]:
    folder = state / "experiments/tiny/tensorboard"
    return sorted(str(path.parent.relative_to(folder)) for path in folder.rglob("events.*"))


def test_a_finished_experiment_is_shown(al_job: AlJob, state: Path) -> None:
    """In both places, and the command says where to look."""
    with MlflowDouble() as server:
        shown = al_job("track", "--store", state, "--mlflow", server.url, "--tensorboard")
        assert len(server.runs) == 3
    assert shown.out.splitlines() == [
        f"tiny: {server.url}/#/experiments/1",
        f"tiny: tensorboard --logdir {state}/experiments/tiny/tensorboard",
    ]
    assert files(state) == ["brust/seed-0", "random/seed-0", "round-000/seed-0"]


def test_a_run_shows_what_its_file_says(al_job: AlJob, state: Path, tiny: str) -> None:
    """Also stages that were done before; `track` then needs no option."""
    path = state.parent / "tiny.yaml"
    one = tiny.replace("rounds: 3", "rounds: 1")
    path.write_text(f"{one}\ntracking: {{tensorboard: true}}\n")
    ended = al_job("run", path, "--store", state)
    assert "nothing left to run" in ended.out
    assert files(state) == ["brust/seed-0", "random/seed-0", "round-000/seed-0"]
    assert "tensorboard --logdir" in al_job("track", "--store", state).out


def test_a_server_that_is_down_ends_no_run(al_job: AlJob, state: Path, tiny: str) -> None:
    """It is logged. `track`, which does nothing else, fails."""
    with MlflowDouble() as server:
        url = server.url
    path = state.parent / "tiny.yaml"
    one = tiny.replace("rounds: 3", "rounds: 1")
    path.write_text(f"{one}\ntracking: {{mlflow: {url}}}\n")
    ended = al_job("run", path, "--store", state)
    assert ended.code == 0
    assert ended.err.count("tracking.failed") == 1
    ended = al_job("track", "--store", state)
    assert ended.code == 75
    assert f"MLflow at {url}" in ended.error


def test_a_place_has_to_be_named(al_job: AlJob, state: Path) -> None:
    """By the experiment, or by an option with a whole address."""
    ended = al_job("track", "--store", state)
    assert ended.code == 64
    assert "name a server by --mlflow, or add --tensorboard" in ended.error
    ended = al_job("track", "--store", state, "--mlflow", "mlflow:5000")
    assert ended.code == 64
    assert "is not an address such as" in ended.error
