"""Commands that only read, at every moment of an experiment whose seeds are not equally far."""

from pathlib import Path

import pytest

from job.artifacts.experiment_file import load_experiment
from job.keys import ExperimentKeys, RoundRef, StageRef
from job.plan import Plan
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import AlJob
from tests.stores import filled

PLACES = ("status", "report", "replay", "cleaning")


@pytest.fixture(scope="module")
def finished(two_seeds: Path) -> MemoryStore:
    """An experiment that has ended, and one of another name that is its copy; only read."""
    store = filled(MemoryStore(), LocalStore(two_seeds))
    for key in list(store.list("experiments/tiny/")):
        data = store.read(key).replace(b"experiment: tiny", b"experiment: twin")
        data = data.replace(b"experiments/tiny/", b"experiments/twin/")
        store.write(key.replace("/tiny/", "/twin/"), data)
    return store


@pytest.fixture(scope="module")
def stages(finished: MemoryStore) -> list[StageRef]:
    """All stages, the second seed's among the later ones of the first."""
    found = list(Plan(load_experiment(finished, "tiny")).stages())
    first, second = ([ref for ref in found if ref.round.seed == seed] for seed in (0, 1))
    return [*first[:8], *second[:6], *first[8:], *second[6:]]


def begun(finished: MemoryStore) -> MemoryStore:
    store = MemoryStore()
    keys = [*finished.list("datasets/"), *finished.list("experiments/twin/")]
    for key in [*keys, ExperimentKeys("tiny").config]:
        store.write(key, finished.read(key))
    return store


@pytest.mark.slow
def test_commands_that_read_work_after_every_stage(
    finished: MemoryStore,
    stages: list[StageRef],
    al_job: AlJob,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    """What is there is told. What is missing gets one line and 64, with what to do first."""
    store = begun(finished)
    for place in PLACES:
        monkeypatch.setattr(f"job.cli.{place}.open_store", lambda _: store)
    evaluated = RoundRef("tiny", 0, None, 0).stage("evaluate").done
    scored = RoundRef("tiny", 0, None, 0).stage("score").done
    for ref in stages:
        for key in finished.list(ref.prefix):
            store.write(key, finished.read(key))
        assert al_job("status", "--experiment", "tiny").code == 0, ref
        assert al_job("prune", "tiny", "--dry-run").code == 0, ref
        side = al_job("report", "compare", "tiny", "twin", "--out", tmp_path / "side")
        assert side.code == (0 if store.exists(evaluated) else 64), ref
        where = ("--round", 1, "--arm", "brust", "--seed", 0, "--out", tmp_path / "replay")
        again = al_job("replay", "--experiment", "tiny", "--strategies", "random,brust", *where)
        assert again.code == (0 if store.exists(scored) else 64), ref
        for ended in (side, again):
            assert ended.code == 0 or "not done yet" in ended.error or "no round" in ended.error


def test_seeds_without_a_common_round_are_reported(
    finished: MemoryStore, al_job: AlJob, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """As two processes leave them that each run one seed, and of which markers were lost."""
    store = begun(finished)
    for seed, index in ((0, 1), (1, 2)):
        for arm in ("random", "brust"):
            for key in finished.list(RoundRef("tiny", seed, arm, index).prefix):
                store.write(key, finished.read(key))
    monkeypatch.setattr("job.cli.report.open_store", lambda _: store)
    assert al_job("report", "--experiment", "tiny").code == 0
    assert store.exists(ExperimentKeys("tiny").page)
    side = al_job("report", "compare", "tiny", "twin", "--out", tmp_path / "side")
    assert side.code == 0, side.err
