"""A tiny experiment with its report, which the tests of this folder read."""

import shutil
from pathlib import Path

import pytest

from job import experiment
from job.config import loading
from job.config.schema import Config
from job.keys import RoundRef
from job.plan import Plan, Subset
from job.report.build import write_report
from job.storage.local import LocalStore
from tests.conftest import OnceFilled
from tests.unit.report.parsed import ParsedPage
from tests.unit.report.sketch import sketch

IMAGE = "registry.example/al-job@sha256:0123"


@pytest.fixture(scope="session")
def settings(tiny: str) -> Config:
    return loading.parse(tiny.replace("rounds: 3", "rounds: 2\nseeds: [0, 1]"), "tiny")


@pytest.fixture(scope="session")
def store(
    settings: Config,
    two_seeds: Path,
    once_filled: OnceFilled,
    tmp_path_factory: pytest.TempPathFactory,
) -> LocalStore:
    """Seed 0 is done; of seed 1, one arm, whose last stage an image has run.

    The report's figures are sketched.
    """
    undone = (
        RoundRef("tiny", 1, None, 0).stage("score"),
        RoundRef("tiny", 1, "random", 1).stage("evaluate"),
        RoundRef("tiny", 1, "brust", 1),
    )

    def run(folder: Path) -> None:
        store = LocalStore(shutil.copytree(two_seeds, folder))
        for key in [key for ref in undone for key in store.list(ref.prefix)]:
            store.delete(key)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("AL_IMAGE", IMAGE)
            assert experiment.run(store, settings, Subset(arms=("random",))).num_run == 1
        write_report(store, Plan(settings), draw=sketch)

    own = tmp_path_factory.mktemp("report") / "state"
    return LocalStore(shutil.copytree(once_filled("reported", run), own))


@pytest.fixture(scope="session")
def page(store: LocalStore) -> ParsedPage:
    return ParsedPage(store.read("experiments/tiny/report/index.html").decode())
