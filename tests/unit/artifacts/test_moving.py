"""Moving an experiment to a later version of its data set."""

import pytest
from structlog.testing import capture_logs

from job import experiment
from job.artifacts.experiment_file import load_experiment, open_dataset
from job.artifacts.markers import Markers
from job.artifacts.moving import find_move, make_move
from job.config.schema import Config
from job.errors import ConfigError, UsageError
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.memory import MemoryStore
from tests.growing import begin, correct, grow, label_picks, run_with_people

ROUND_0 = RoundRef("growing", 0, None, 0)
ROUND_1 = RoundRef("growing", 0, "entropy", 1)


@pytest.fixture
def store() -> MemoryStore:
    """An empty store."""
    return MemoryStore()


@pytest.fixture
def plan(store: MemoryStore) -> Plan:
    """An experiment that has begun on version 1, of which version 2 is there."""
    made = experiment.init(store, Plan(begin(store)))
    grow(store)
    return made


def moved(store: MemoryStore, plan: Plan, version: int | None = None) -> Config:
    make_move(store, plan, find_move(store, plan, version))
    return load_experiment(store, "growing")


def test_before_any_stage_all_rounds_use_the_new_version(store: MemoryStore, plan: Plan) -> None:
    """The version that it began with stays in the configuration, and no round uses it."""
    config = moved(store, plan)
    assert [(each.from_round, each.version) for each in config.dataset.moves] == [(0, 2)]
    assert [open_dataset(store, config, index).version for index in (0, 2)] == [2, 2]
    assert config.dataset.sha256 == plan.config.dataset.sha256


@pytest.mark.parametrize(
    ("begun", "from_round"),
    [
        (ROUND_0.stage("select").key("picks.csv"), 1),
        (ROUND_0.stage("train").key("checkpoint-1.safetensors"), 1),
        (ROUND_0.stage("score").key("part-00000.parquet"), 2),
        (ROUND_0.stage("score").partition_done(0, 2), 2),
        (ROUND_1.stage("evaluate").done, 2),
        (ROUND_0.stage("score").log("1"), 0),
    ],
)
def test_a_move_begins_after_all_that_has_begun(
    store: MemoryStore, plan: Plan, begun: str, from_round: int
) -> None:
    """Scores are for the next round; a log alone says that nothing was left."""
    store.write(begun, b"{}")
    assert find_move(store, plan).from_round == from_round


def test_a_move_that_no_round_uses_yet_is_replaced(store: MemoryStore, plan: Plan) -> None:
    """The experiment goes to the later of the two versions from the same round on."""
    moved(store, plan)
    correct(store, (0,))
    config = moved(store, Plan(load_experiment(store, "growing")))
    assert [(each.from_round, each.version) for each in config.dataset.moves] == [(0, 3)]


def test_no_move_is_to_an_earlier_version(store: MemoryStore, plan: Plan) -> None:
    """Nor to the same one, nor to one that is not there."""
    with pytest.raises(UsageError, match=r"is on version 1 .* not before version 1"):
        find_move(store, plan, 1)
    with pytest.raises(UsageError, match="no version 3"):
        find_move(store, plan, 3)
    moved(store, plan)
    with pytest.raises(UsageError, match=r"is on version 2 .* which is the latest; .*--append"):
        find_move(store, Plan(load_experiment(store, "growing")))


def test_when_every_round_has_begun_it_says_how_to_go_on(store: MemoryStore, plan: Plan) -> None:
    """More rounds first: a move from a round that does not exist would be forgotten."""
    store.write(ROUND_1.at(2).stage("select").key("picks.csv"), b"")
    with pytest.raises(UsageError, match="every round of growing has begun: raise `rounds`"):
        find_move(store, plan)


def test_labels_of_a_later_version_are_not_left_behind(store: MemoryStore, plan: Plan) -> None:
    """A round was labelled by version 3: version 2 lacks those labels, or has older ones."""
    run_stage(store, plan, ROUND_0.stage("select"))
    label_picks(store)
    run_stage(store, plan, ROUND_0.stage("annotate"))
    with pytest.raises(UsageError, match="has labels of version 3 already"):
        find_move(store, plan, 2)
    assert find_move(store, plan, 3).from_round == 1


def test_a_moved_experiment_reruns_nothing(grown: MemoryStore) -> None:
    """All that was done before counts as done, and names the version that it used."""
    config = load_experiment(grown, "growing")
    markers = Markers(grown)
    assert all(markers.is_done(stage, config) for stage in Plan(config).stages())
    manifests = {
        index: {key for key in marker.inputs if key.endswith("dataset.json")}
        for index in (0, 1, 2)
        if (marker := markers.get(ROUND_1.at(index).stage("train")))
    }
    first, fifth = (f"datasets/photos/{name}dataset.json" for name in ("", "versions/0005/"))
    assert manifests == {0: {first}, 1: {first}, 2: {fifth}}


def test_a_stage_of_another_version_is_not_done(grown: MemoryStore) -> None:
    """As when it was at work while the experiment was moved."""
    config = load_experiment(grown, "growing")
    earlier = config.model_copy(update={"dataset": config.dataset.model_copy(update={"moves": ()})})
    markers = Markers(grown)
    assert markers.is_done(ROUND_1.stage("train"), earlier)
    assert not markers.is_done(ROUND_1.at(2).stage("train"), earlier)


def test_an_experiment_stays_on_its_version(store: MemoryStore, plan: Plan) -> None:
    """The same configuration continues it there; a copy of the stored one begins where it began."""
    again = experiment.init(store, Plan(begun_config(plan)))
    assert again.config == plan.config
    config = moved(store, plan)
    assert experiment.init(store, Plan(begun_config(plan))).config == config
    copied = config.model_copy(update={"experiment": "copy"})
    assert experiment.init(store, Plan(copied)).config.dataset == config.dataset


def begun_config(plan: Plan) -> Config:
    """What a user's file says: nothing of digests and moves."""
    dataset = plan.config.dataset.model_copy(update={"sha256": None})
    return plan.config.model_copy(update={"dataset": dataset})


def test_a_new_experiment_begins_on_the_latest_version(store: MemoryStore, plan: Plan) -> None:
    """Unless its configuration names the digest of an earlier one."""
    new = begun_config(plan).model_copy(update={"experiment": "new"})
    config = experiment.init(store, Plan(new)).config
    assert open_dataset(store, config, 0).version == 2
    old = plan.config.model_copy(update={"experiment": "old"})
    assert open_dataset(store, experiment.init(store, Plan(old)).config, 0).version == 1


def test_a_version_that_is_gone_is_named(store: MemoryStore, plan: Plan) -> None:
    """Other data under the same name are never taken for it."""
    config = moved(store, plan)
    key = "datasets/photos/versions/0002/dataset.json"
    store.write(key, store.read(key) + b"\n")
    assert open_dataset(store, plan.config, 0).version == 1
    with pytest.raises(ConfigError, match=r"dataset\.sha256: 'growing' is on data that"):
        open_dataset(store, config, 0)


@pytest.mark.slow
def test_more_rounds_make_room_for_a_move(store: MemoryStore, plan: Plan) -> None:
    """A finished experiment grows by a round, and that one uses the new version."""
    config = begun_config(plan)
    run_with_people(store, config)
    more = experiment.init(store, Plan(config.model_copy(update={"rounds": 4})))
    assert find_move(store, more).from_round == 3


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"sha256": "0" * 64}, "is on data that the store does not hold"),
        ({"version": 3}, "version 3: its digest is that of version 2, after version 1; leave"),
    ],
)
def test_copied_moves_have_to_fit_the_data_set(
    store: MemoryStore, plan: Plan, changes: dict[str, object], words: str
) -> None:
    """Otherwise a late round would be the first to fail; nothing is written."""
    moves = (moved(store, plan).dataset.moves[0].model_copy(update=changes),)
    dataset = plan.config.dataset.model_copy(update={"moves": moves})
    copied = plan.config.model_copy(update={"experiment": "copy", "dataset": dataset})
    with pytest.raises(ConfigError, match=words):
        experiment.init(store, Plan(copied))
    assert list(store.list("experiments/copy/")) == []


def test_copied_moves_are_to_later_versions(store: MemoryStore, plan: Plan) -> None:
    """Without the digest that it begins with, a copy would begin on the latest version."""
    dataset = moved(store, plan).dataset.model_copy(update={"sha256": None})
    copied = plan.config.model_copy(update={"experiment": "copy", "dataset": dataset})
    with pytest.raises(ConfigError, match="that of version 2, after version 2"):
        experiment.init(store, Plan(copied))


def test_a_pool_that_has_grown_enough_is_not_called_small(store: MemoryStore, plan: Plan) -> None:
    """The last round counts: 12 unlabelled images are too few for 14, and 18 are not."""
    budget = plan.config.budget.model_copy(update={"per_round": 6})
    config = begun_config(plan).model_copy(update={"budget": budget})
    with capture_logs() as before:
        plan = experiment.init(store, Plan(config))
    moved(store, plan)
    with capture_logs() as after:
        experiment.init(store, Plan(config))
    assert [
        ["budget.beyond_pool" in each.values() for each in told] for told in (before, after)
    ] == [
        [True],
        [],
    ]
