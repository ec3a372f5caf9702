"""`al-job status` and `al-job logs`, from the store."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.usage import Usage
from job.cli.choose import choose_experiment
from job.errors import TemporaryError
from job.keys import ExperimentKeys
from job.plan import Plan
from job.progress import Driver, Status, dump_status
from job.records.pace import Pace
from job.standing import Progress
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import AlJob
from tests.made_up import finish, study


def test_logs_are_shown_by_attempt(al_job: AlJob, begun: Path) -> None:
    """Each with its name; where none is kept, the message says why."""
    store = LocalStore(begun)
    key = "experiments/tiny/seed-0/round-000/train/logs/"
    store.write(f"{key}a-1-xyz.log", b"first\n")
    store.write(f"{key}a-2-xyz.log", b"second [red]\n")
    end = al_job("logs", "train", "--round", 0, "--store", begun)
    assert end.out == "==> a-1-xyz <==\nfirst\n==> a-2-xyz <==\nsecond [red]\n"
    end = al_job("logs", "score", "--round", 0, "--store", begun)
    assert (end.code, "keeps no log of seed 0 round 0 score" in end.err) == (64, True)


def test_logs_of_the_report_need_no_round(al_job: AlJob, begun: Path) -> None:
    """It is of the whole experiment; of any other stage the round has to be named."""
    LocalStore(begun).write("experiments/tiny/report/logs/a-report-1-xyz.log", b"drawn\n")
    end = al_job("logs", "report", "--store", begun)
    assert end.out == "==> a-report-1-xyz <==\ndrawn\n"
    end = al_job("logs", "train", "--store", begun)
    assert (end.code, "--round: which round of train?" in end.err) == (64, True)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("logs", "report", "--round", "0"), "--round: the report is of the whole experiment"),
        (("logs", "report", "--seed", "0"), "--seed: the report is of the whole experiment"),
        (("logs", "train", "--round", "0", "-n", "al"), "--namespace: a namespace is of a cluster"),
        (("status", "--namespace", "al"), "--namespace: a namespace is of a cluster"),
        (("status", "--release", "al-voc", "--store", "x"), "--store: with --release the cluster"),
        (("status", "--release", "al-voc", "--experiment", "x"), "--experiment: with --release"),
    ],
)
def test_options_that_would_say_nothing_are_refused(
    al_job: AlJob, command: tuple[str, ...], words: str
) -> None:
    """Whoever gives one means something else than what the command would show."""
    end = al_job(*command)
    assert (end.code, words in end.err) == (64, True), end.err


def test_the_environment_may_name_what_a_command_does_not_need(
    al_job: AlJob, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is set for all commands of a shell or a pod."""
    monkeypatch.setenv("AL_SEED", "0")
    LocalStore(begun).write("experiments/tiny/report/logs/a-report-1-xyz.log", b"drawn\n")
    assert al_job("logs", "report", "--store", begun).code == 0


def test_watching_ends_when_the_experiment_has_ended(
    al_job: AlJob, store: Path, tiny: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere than on a terminal, each change is printed once."""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.replace("rounds: 3", "rounds: 1"))
    assert al_job("init", path, "--store", store).code == 0
    opened = LocalStore(store)
    config = choose_experiment(opened, None).config
    looks = []

    def do_all(_: float) -> None:
        looks.append(1)
        if len(looks) == 3:
            experiment.run(opened, config)

    monkeypatch.setattr("job.cli.status.time.sleep", do_all)
    end = al_job("status", "--watch", "--store", store)
    assert end.code == 0
    assert len(looks) == 3
    assert end.out.count("seconds of the stages that are done") == 2
    assert end.out.count("random") == 2


def test_watching_waits_for_a_store_that_is_away(
    al_job: AlJob, begun: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A temporary error is logged, and the next look may succeed."""
    looks = []

    def look(_: Progress) -> Status:
        looks.append(1)
        if len(looks) == 1:
            message = "the store is away"
            raise TemporaryError(message)
        return Status(experiment="tiny", rounds=[])

    monkeypatch.setattr(Progress, "look", look)
    monkeypatch.setattr("job.cli.status.time.sleep", lambda _: None)
    end = al_job("status", "--watch", "--store", begun)
    assert end.code == 0
    assert "the store is away" in end.err
    assert end.out.count("seconds of the stages that are done") == 1


def test_a_status_tells_the_version_of_the_data(
    al_job: AlJob, grown: MemoryStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From which round on; and a dash for what was not measured."""
    monkeypatch.setattr("job.cli.status.open_store", lambda _: grown)
    told = al_job("status", "--experiment", "growing").out
    assert "from round 2 on: version 5 of the data set" in told
    assert "│     - │" in told


@pytest.mark.slow
def test_a_large_experiment_is_shown_by_arm(al_job: AlJob, tmp_path: Path) -> None:
    """A row for each of 90 rounds could not be read: arms have a row, and rounds at work."""
    store, plan = LocalStore(tmp_path), Plan(study(arms=3, seeds=2, rounds=15))
    experiment.init(store, plan)
    stages = list(plan.stages())
    finish(store, Plan(load_experiment(store, "study")), stages[:-1])
    end = al_job("status", "--store", tmp_path)
    assert end.out.count("30 of 30") == 2
    assert "29 of 30" in end.out
    assert "rounds at work" not in end.out
    assert end.out.count("\n") < 15


def test_what_jobs_took_of_the_cluster_is_told(al_job: AlJob, begun: Path) -> None:
    """By what the driver has published: without one there is no such table."""
    assert "took of the cluster" not in al_job("status", "--store", begun).out
    driver = Driver(phase="running", updated=datetime.now(UTC), release="al-voc")
    pace = Pace(6400, 64.0, 16.0, 15_360)
    usage = {"train": Usage(2, 120.0, 5400.0, 5400.0, 6.0, 2, 0, pace)}
    status = Status(experiment="tiny", driver=driver, usage=usage, rounds=[])
    LocalStore(begun).write(ExperimentKeys("tiny").status, dump_status(status))
    told = al_job("status", "--store", begun).out
    assert "what Jobs took of the cluster" in told
    assert "│ train │    2 │    2 │      0 │        1.0 │      1.50 │      1.50 │  6.00 │" in told
    assert "how fast they were" in told
    assert "│ train │   6400 │    100.0 │         25 │            15.0 │" in told
