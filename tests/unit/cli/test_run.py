"""`al-job run`: a whole experiment, its results and its mistakes."""

from pathlib import Path

from tests.conftest import AlJob


def test_run_report_and_status(al_job: AlJob, store: Path, tiny: str, tmp_path: Path) -> None:
    """`run` ends with a table and the places of its files; again, it says that all is done."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("rounds: 3", "rounds: 2"))
    first = al_job("run", path, "--store", store)
    assert first.code == 0, first.err
    assert "13 stages run" in first.out
    for name in ("results.csv", "report/index.html"):
        assert (store / "experiments/tiny" / name).is_file()
        assert name in first.out
    results = (store / "experiments/tiny/results.csv").read_bytes()
    again = al_job("run", path, "--store", store)
    assert "nothing left to run" in again.out
    assert al_job("report", "--store", store).code == 0
    assert (store / "experiments/tiny/results.csv").read_bytes() == results
    status = al_job("status", "--store", store)
    row = next(line for line in status.out.splitlines() if "brust" in line and " 1 " in line)
    assert row.count(" s ") == 4  # it is the last round: not scored


def test_a_changed_configuration_ends_with_78(
    al_job: AlJob, begun: Path, tiny: str, tmp_path: Path
) -> None:
    """An experiment continues with what it began with."""
    assert al_job("select", "--round", 0, "--store", begun).code == 0
    path = tmp_path / "other.yaml"
    path.write_text(tiny.replace("steps: 4", "steps: 5"))
    ended = al_job("run", path, "--store", begun)
    assert ended.code == 78
    assert "train.steps: 4 -> 5" in ended.error


def test_an_unknown_strategy_ends_before_anything_runs(
    al_job: AlJob, store: Path, tiny: str, tmp_path: Path
) -> None:
    """A misspelt strategy is answered with the known ones, and nothing is written."""
    path = tmp_path / "wrong.yaml"
    path.write_text(tiny.replace("strategy: brust", "strategy: burst"))
    ended = al_job("run", path, "--store", store)
    assert ended.code == 78
    assert "known: brust, coreset, cost_aware" in ended.error
    assert not store.exists()


def test_a_mistyped_preset_is_answered_with_the_closest(al_job: AlJob, store: Path) -> None:
    """A preset is a setting, so the exit code is 78; nothing is written."""
    ended = al_job("run", "quickstrat", "--store", store)
    assert ended.code == 78
    assert "unknown 'quickstrat'; did you mean 'quickstart'?" in ended.error
    assert not store.exists()


def test_the_command_line_runs_a_part(al_job: AlJob, tiny: str, tmp_path: Path) -> None:
    """`--only-arm` and `--only-seed`."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("rounds: 3", "rounds: 1\nseeds: [0, 1]"))
    state = tmp_path / "state"
    al_job("run", path, "--store", state, "--only-seed", "1", "--only-arm", "random")
    assert not (state / "experiments/tiny/seed-0").exists()
    assert (state / "experiments/tiny/seed-1/round-000/evaluate/done.json").exists()
