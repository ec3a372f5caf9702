"""`--set` and the variables of runtime settings, from the command line to the marker."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Ended

Run = Callable[..., Ended]
ROUND_0 = "experiments/tiny/seed-0/round-000"


@pytest.fixture
def state(al_job: Run, tiny: str, tmp_path: Path) -> Path:
    """A store in which the experiment was created, with one thread in its configuration."""
    (tmp_path / "tiny.yaml").write_text(tiny.replace("rounds: 3", "rounds: 1"))
    assert al_job("init", tmp_path / "tiny.yaml", "--store", tmp_path / "state").code == 0
    return tmp_path / "state"


def threads(state: Path, stage: str) -> object:
    return json.loads((state / ROUND_0 / stage / "done.json").read_text())["threads"]


@pytest.mark.slow
def test_a_stage_takes_the_option_before_the_variable_before_the_file(
    al_job: Run, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each marker records the threads of its own invocation."""
    stage = ("--round", 0, "--store", state)
    assert al_job("select", *stage).code == 0
    monkeypatch.setenv("AL_RUNTIME_THREADS", "2")
    assert al_job("annotate", *stage).code == 0
    assert al_job("train", *stage, "--set", "runtime.threads=3").code == 0
    assert [threads(state, each) for each in ("select", "annotate", "train")] == [1, 2, 3]


@pytest.mark.slow
def test_run_keeps_no_setting_of_one_invocation(
    al_job: Run, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next invocation has the configuration's; another number makes no stage run again."""
    monkeypatch.setattr("job.config.runtime.usable_cpus", lambda: 2)
    before = (state / "experiments/tiny/experiment.yaml").read_bytes()
    run = ("run", state.parent / "tiny.yaml", "--store", state)
    assert "4 stages run" in al_job(*run, "--set", "runtime.threads=auto").out
    assert threads(state, "train") == 2
    assert (state / "experiments/tiny/experiment.yaml").read_bytes() == before
    assert "nothing left to run" in al_job(*run).out


@pytest.mark.parametrize("command", ["run", "train"])
def test_a_wrong_setting_ends_before_anything_is_done(
    al_job: Run, state: Path, command: str
) -> None:
    """One line, exit code 64, and nothing written."""
    before = sorted(state.rglob("*"))
    where = (state.parent / "tiny.yaml",) if command == "run" else ("--round", 0)
    ended = al_job(command, *where, "--store", state, "--set", "runtime.thread=4")
    assert ended.code == 64
    assert "--set runtime.thread=4: unknown 'runtime.thread'; did you mean" in ended.err
    assert ended.err.count("\n") == 1
    assert sorted(state.rglob("*")) == before
