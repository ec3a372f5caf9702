"""`al-job run`: a whole experiment, its results and its mistakes."""

from pathlib import Path

import pytest

from job.artifacts.holder import Holder, write_holder
from job.storage.local import LocalStore
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
    assert f"al-job: {path}: arms.brust: strategy: unknown 'burst'" in ended.error
    assert "brust, coreset, cost_aware" in ended.error
    assert not store.exists()


def test_a_mistyped_preset_is_answered_with_the_closest(al_job: AlJob, store: Path) -> None:
    """A preset is a setting, so the exit code is 78; nothing is written."""
    ended = al_job("run", "quickstrat", "--store", store)
    assert ended.code == 78
    assert "quickstrat: no such file, and no such preset; did you mean 'quickstart'?" in ended.error
    assert not store.exists()


@pytest.mark.slow
def test_the_command_line_runs_a_part(al_job: AlJob, tiny: str, tmp_path: Path) -> None:
    """`--only-arm` and `--only-seed`."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("rounds: 3", "rounds: 1\nseeds: [0, 1]"))
    state = tmp_path / "state"
    al_job("run", path, "--store", state, "--only-seed", "1", "--only-arm", "random")
    assert not (state / "experiments/tiny/seed-0").exists()
    assert (state / "experiments/tiny/seed-1/round-000/evaluate/done.json").exists()


def test_init_names_the_next_stage_and_the_store(
    al_job: AlJob, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its command can be pasted; a second `init` says that the experiment is there already."""
    monkeypatch.chdir(tmp_path)
    Path("tiny.yaml").write_text(tiny.replace("rounds: 3", "rounds: 1"))
    for store, option in (("state", ""), ("other", f" --store file://{tmp_path}/other")):
        command = f"al-job select --round 0 --seed 0 --experiment tiny{option}"
        begun = al_job("init", "tiny.yaml", "--store", store)
        assert f"tiny: created; next: {command}\n" in begun.out
        assert al_job(*command.split()[1:]).code == 0
        again = al_job("init", "tiny.yaml", "--store", store)
        assert f"tiny: there already; next: {command.replace('select', 'annotate')}\n" in again.out
    assert al_job("run", "tiny.yaml").code == 0
    assert "tiny: there already; all of its stages are done" in al_job("init", "tiny.yaml").out


@pytest.mark.slow
def test_a_pool_that_is_used_up_is_said_on_the_terminal_and_on_the_page(
    al_job: AlJob, store: Path, tiny: str, tmp_path: Path
) -> None:
    """6 images in round 0 and 4 in round 1 use up a pool of 9: round 2 has none left."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("num_pool: 24", "num_pool: 9"))
    ended = al_job("run", path, "--store", store, "--only-arm", "random")
    assert ended.code == 0, ended.err
    words = " ".join(ended.err.split())
    assert "the pool has 9 images, and 3 rounds want 14" in words
    assert "every image of the pool is labelled already: this round labels none" in words
    note = "Rounds that labelled no image (random, seed 0: 2)"
    assert note in ended.out
    assert note in (store / "experiments/tiny/report/index.html").read_text()


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (["--only-arm", "burst"], "--only-arm: unknown 'burst'; did you mean 'brust'?"),
        (["--only-seed", "7"], "--only-seed: unknown '7'; known: 0"),
    ],
)
def test_an_unknown_part_is_answered_by_its_own_option(
    al_job: AlJob, tiny: str, tmp_path: Path, part: list[str], words: str
) -> None:
    """Not by the option of another command."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny)
    ended = al_job("run", path, "--store", tmp_path / "state", *part)
    assert ended.code == 64
    assert words in ended.error


def test_a_run_beside_a_driver_is_refused(
    al_job: AlJob, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says whose the experiment is, and nothing is begun."""
    store, driver = LocalStore(tmp_path / "state"), Holder("al-voc", "namespace al of cluster 1")
    write_holder(store, "tiny", driver)
    monkeypatch.setattr(
        "job.hold.time.sleep", lambda _: write_holder(store, "tiny", driver.next_beat())
    )
    (tmp_path / "tiny.yaml").write_text(tiny)
    ended = al_job("run", tmp_path / "tiny.yaml", "--store", tmp_path / "state")
    assert ended.code == 78
    assert "'tiny' is run by release al-voc in namespace al of cluster 1" in ended.error
    assert list(store.list("")) == ["experiments/tiny/holder.json"]
