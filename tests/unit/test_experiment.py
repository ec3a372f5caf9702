"""Running parts of an experiment, and letting it grow."""

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import Markers
from job.artifacts.reader import Reader
from job.config import loading
from job.config.schema import Config
from job.errors import UsageError
from job.keys import RoundRef
from job.plan import Plan, Subset
from job.report.analysis.results import rows_of
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.conftest import FinishedState
from tests.stores import filled


@pytest.fixture
def settings(tiny: str) -> Config:
    return loading.parse(tiny.replace("rounds: 3", "rounds: 2\nseeds: [0, 1]"), "tiny")


def markers(store: Store) -> dict[str, bytes]:
    return {k: store.read(k) for k in store.list("experiments/") if k.endswith("/done.json")}


@pytest.mark.slow
def test_parts_one_after_the_other_are_the_whole(settings: Config) -> None:
    """Each part runs what it lacks and nothing of the others; in the end nothing is left."""
    store = MemoryStore()
    experiment.run(store, settings, Subset(arms=("random",), seeds=(1,)))
    first = markers(store)
    assert all("/seed-1/" in key and "/brust/" not in key for key in first)
    assert {
        (row.seed, row.arm) for row in rows_of(Reader.listed(store, "tiny"), Plan(settings))
    } >= {(1, "random")}
    experiment.run(store, settings, Subset(arms=("brust",)))
    experiment.run(store, settings, Subset(seeds=(0,)))
    assert {key: markers(store)[key] for key in first} == first
    assert experiment.run(store, settings, Subset(arms=("random",))).num_run == 0
    assert experiment.run(store, settings).num_run == 0


@pytest.mark.parametrize(
    ("part", "words"),
    [
        (
            Subset(arms=("brist",)),
            r"--only-arm: unknown 'brist'; did you mean 'brust'\? known: brust, random",
        ),
        (Subset(seeds=(7,)), "--only-seed: unknown '7'; known: 0, 1"),
    ],
)
def test_a_part_that_is_not_there_is_refused(settings: Config, part: Subset, words: str) -> None:
    """Before anything runs, with what there is."""
    store = MemoryStore()
    with pytest.raises(UsageError, match=words):
        experiment.run(store, settings, part)
    assert markers(store) == {}


def test_full_supervision_labels_the_whole_pool_once_for_each_seed(
    tiny: str, finished_state: FinishedState
) -> None:
    """Asked for later, it alone is run; its row has all 24 images."""
    store = filled(MemoryStore(), LocalStore(finished_state(tiny)))
    one = loading.parse(tiny, "tiny")
    before = markers(store)
    outcome = experiment.run(store, one.model_copy(update={"full_supervision": True}))
    assert outcome.num_run == 4
    assert {key: markers(store)[key] for key in before} == before
    (row,) = [
        row
        for row in rows_of(Reader.listed(store, "tiny"), outcome.plan)
        if row.arm == "fully-supervised"
    ]
    assert (row.round, row.total_samples, row.new_samples) == (1, 24, 18)
    assert row.mAP is not None
    train = Markers(store).get(RoundRef("tiny", 0, "fully-supervised", 1).stage("train"))
    assert train
    assert not any("/train/" in key for key in train.inputs)


def test_a_run_keeps_no_runtime_setting_of_its_own(settings: Config) -> None:
    """The report, which is made by the outcome's plan, shows what the store has."""
    runtime = settings.runtime.model_copy(update={"batch_size": 7})
    store, one = MemoryStore(), settings.model_copy(update={"seeds": (0,), "rounds": 1})
    outcome = experiment.run(store, one, runtime=runtime)
    assert outcome.plan.config == load_experiment(store, "tiny")
    assert outcome.plan.config.runtime.batch_size == 16
