"""An experiment whose test set is drawn from the pool, from its beginning to a larger test set."""

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import Markers
from job.artifacts.prune import Prunable, prune_objects
from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.artifacts.stored_config import dump_config
from job.config import loading
from job.config.held_out import HeldOutConfig
from job.data.formats.synthetic import SyntheticSource
from job.data.ingest.groups import GroupPattern
from job.data.ingest.ingest import ingest
from job.errors import BadDataError, ConfigError
from job.keys import RoundRef, StageRef
from job.plan import Plan
from job.stages import run_stage
from job.storage import Store
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.growing import begin
from tests.outputs import output_key
from tests.stores import filled

TEST, TEST_2 = (RoundRef.of_test("tiny", index) for index in (0, 1))
ROUND_0, ROUND_1 = RoundRef("tiny", 0, None, 0), RoundRef("tiny", 0, "brust", 1)


def picked(store: Store, ref: RoundRef) -> set[str]:
    return {pick.id for pick in Reader(store).picks(ref)}


def plan_of(store: Store) -> Plan:
    return Plan(load_experiment(store, "tiny"))


def grown_text(text: str) -> str:
    return text.replace("size: 5}", "size: 8}")


@pytest.fixture
def grown_to_8(held_out: LocalStore, held_out_text: str) -> MemoryStore:
    """The finished experiment, whose configuration asks for 3 more test images."""
    store = filled(MemoryStore(), held_out)
    experiment.init(store, Plan(loading.parse(grown_text(held_out_text), "tiny")))
    return store


def test_no_arm_selects_a_test_image_and_every_model_is_measured_on_them(
    held_out: LocalStore,
) -> None:
    """5 of 24 images are the test set; the 6 test images of the data set are not used."""
    reader, test = Reader(held_out), picked(held_out, TEST)
    assert len(test) == 5
    for arm in ("random", "brust"):
        ref = RoundRef("tiny", 0, arm, 1)
        assert not test & (picked(held_out, ROUND_0) | picked(held_out, ref))
        assert reader.metrics(ref).num_images == 5
        assert reader.marker(ref.stage("evaluate")).test_version == 1
    scored = RoundReader(held_out, plan_of(held_out), ROUND_0).pool_after
    assert len(scored.unlabelled) == 24 - 5 - 6
    assert not test & set(scored.ids)


def test_labels_of_the_test_set_are_in_no_account_of_an_arm(held_out: LocalStore) -> None:
    """Its cost lies beside it; round 0 accounts for its own 6 images."""
    reader = Reader(held_out)
    assert reader.cost(TEST).cumulative.images == 5
    assert reader.cost(TEST).cumulative.seconds > 5 * 63
    assert reader.cost(ROUND_0).cumulative.images == 6


def test_measured_metrics_are_those_of_the_drawn_images(held_out: LocalStore) -> None:
    """The boxes to be found are the ground truth of the five."""
    reader = Reader(held_out)
    images = reader.labelled_images(TEST)
    assert {image.id for image in images} == picked(held_out, TEST)
    boxes = sum(len(image.annotation.labels) for image in images)
    assert reader.metrics(ROUND_1).num_boxes == boxes == reader.cost(TEST).own.boxes


def test_all_experiments_on_a_data_set_have_the_same_test_set(
    held_out: LocalStore, held_out_text: str
) -> None:
    """The draw knows neither the experiment's name nor its seeds."""
    store = filled(MemoryStore(), held_out)
    other = held_out_text.replace("experiment: tiny", "experiment: other\nseeds: [7]")
    plan = experiment.init(store, Plan(loading.parse(other, "other")))
    ref = RoundRef.of_test("other", 0)
    run_stage(store, plan, ref.stage("select"))
    assert picked(store, ref) == picked(store, TEST)


def test_a_larger_test_set_keeps_what_it_has_and_takes_what_nobody_selected(
    grown_to_8: MemoryStore, held_out: LocalStore, held_out_text: str
) -> None:
    """Only the new images are labelled, and models are measured again; nothing else runs."""
    wanted = loading.parse(grown_text(held_out_text), "tiny")
    outcome = experiment.run(grown_to_8, wanted)
    assert outcome.num_run == 2 + 3  # round test-2, and round 0 and both arms' round 1 measured
    old, new = picked(grown_to_8, TEST), picked(grown_to_8, TEST_2)
    assert (old, len(new), old & new) == (picked(held_out, TEST), 3, set())
    for arm in ("random", "brust"):
        assert not new & picked(grown_to_8, RoundRef("tiny", 0, arm, 1))
    assert not new & picked(grown_to_8, ROUND_0)
    reader = Reader(grown_to_8)
    assert reader.metrics(ROUND_1).num_images == 8
    assert reader.marker(ROUND_1.stage("evaluate")).test_version == 2
    assert reader.cost(TEST_2).cumulative.images == 8
    assert experiment.run(grown_to_8, wanted).num_run == 0


def is_done(store: Store, stage: StageRef) -> bool:
    return Markers(store).is_done(stage, load_experiment(store, "tiny"))


def test_a_growth_leaves_what_is_done_but_metrics(grown_to_8: MemoryStore) -> None:
    """Its marker still fits what it read."""
    for stage in ("select", "annotate", "train"):
        assert is_done(grown_to_8, ROUND_1.stage(stage))
    assert is_done(grown_to_8, TEST.stage("annotate"))
    assert not is_done(grown_to_8, ROUND_1.stage("evaluate"))


def test_a_model_that_was_pruned_stays_measured_as_it_was(
    held_out: LocalStore, held_out_text: str
) -> None:
    """It cannot be measured again; its marker tells on which version it was."""
    store = filled(MemoryStore(), held_out)
    longer = held_out_text.replace("rounds: 2", "rounds: 3")
    experiment.init(store, Plan(loading.parse(longer, "tiny")))
    key = output_key(store, ROUND_1.stage("train"), "model.safetensors")
    prune_objects(store, "tiny", [Prunable(key, 1, "models")])
    experiment.init(store, Plan(loading.parse(grown_text(longer), "tiny")))
    assert is_done(store, ROUND_1.stage("evaluate"))
    assert not is_done(store, ROUND_0.stage("evaluate"))


def test_an_image_that_was_trained_on_is_never_measured(
    held_out: LocalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a round selected it while the test set was drawn, measuring fails before it begins."""
    store = filled(MemoryStore(), held_out)
    picks = len(picked(store, ROUND_0))
    monkeypatch.setattr(RoundReader, "test_images", lambda io: io.labelled_images(ROUND_0))
    with pytest.raises(BadDataError, match=f"{picks} images of the test set were selected"):
        run_stage(store, plan_of(store), ROUND_1.stage("evaluate"))


def test_groups_are_kept_from_selecting_as_a_whole(tiny: str) -> None:
    """Of two groups of ten, three images are drawn: the other seven are kept from all arms."""
    store = MemoryStore()
    source = SyntheticSource(num_pool=20, num_test=4, size=32)
    ingest(store, source, "grouped", groups=GroupPattern.parse(r"(.+)\d"))
    text = tiny.replace("name: drawn", "name: grouped").replace(
        "  synthetic: {num_pool: 24, num_test: 6, size: 64}\n", ""
    )
    plan = experiment.init(
        store, Plan(loading.parse(f"{text}test: {{from: pool, size: 3}}\n", "tiny"))
    )
    run_stage(store, plan, TEST.stage("select"))
    (group,) = {each[:-1] for each in picked(store, TEST)}
    left = RoundReader(store, plan, ROUND_0).pool_before.ids
    assert len(left) == 10
    assert not [each for each in left if each[:-1] == group]


def test_a_new_experiment_has_a_test_set_or_says_that_it_wants_none() -> None:
    """The refusal says both ways, and what has begun without a test set continues."""
    store = MemoryStore()
    none = begin(store)
    wanted = none.model_copy(update={"test": None})
    with pytest.raises(ConfigError) as error:
        experiment.init(store, Plan(wanted))
    assert str(error.value).startswith("data set 'photos' has no test set to measure models on: ")
    assert "`test: {from: pool, size: 4}`" in str(error.value)
    assert "`test: {from: none}` measures nothing" in str(error.value)
    assert list(store.list("experiments/")) == []
    assert experiment.init(store, Plan(none)).test_rounds() == []
    store.write("experiments/growing/experiment.yaml", dump_config(wanted))
    assert experiment.init(store, Plan(wanted)).config.test is None


def test_a_test_set_leaves_something_to_select() -> None:
    """4 of 16 images came along with labels: of the 12 others at most 11 are drawn."""
    store = MemoryStore()
    settings = begin(store)
    for size, is_refused in ((12, True), (11, False)):
        test = HeldOutConfig.model_validate({"from": "pool", "size": size})
        plan = Plan(settings.model_copy(update={"test": test}))
        if is_refused:
            with pytest.raises(ConfigError, match=r"size: 12, but .* 12 can be drawn and 0 are"):
                experiment.init(store, plan)
        else:
            experiment.init(store, plan)
