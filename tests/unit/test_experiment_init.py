"""Creating an experiment: what is refused before anything runs, and what may still change."""

import pytest
from structlog.testing import capture_logs

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.round_reader import RoundReader
from job.artifacts.stored_config import dump_config
from job.config import loading
from job.config.dataset import DatasetConfig
from job.config.schema import ArmConfig, Config
from job.data.dataset import Dataset
from job.data.formats.synthetic import SyntheticSource
from job.data.ingest.groups import GroupPattern
from job.data.ingest.ingest import ingest
from job.errors import ConfigError, UsageError
from job.plan import Plan
from job.selection import task_of
from job.stages import run_stage
from job.storage.memory import MemoryStore
from tests.growing import begin
from tests.unit.stages.tiny import ROUND_0, settings_of


def test_cold_start_by_score_is_refused(settings: Config) -> None:
    """Round 0 has no scores: a strategy that needs them cannot begin, and nothing is written."""
    store = MemoryStore()
    cold = settings.model_copy(update={"cold_start": settings.arms["brust"]})
    with pytest.raises(ConfigError, match="cold_start: brust needs scores"):
        experiment.init(store, Plan(cold))
    assert list(store.list("")) == []


def test_box_features_have_to_be_asked_for(settings: Config) -> None:
    """A strategy that reads them is refused before anything runs, with what to set."""
    arms = {"a": ArmConfig(strategy="ppal")}
    wrong = settings.model_copy(update={"arms": arms})
    with pytest.raises(ConfigError, match=r"arms\.a: .* set score\.box_features to true"):
        experiment.init(MemoryStore(), Plan(wrong))


def test_a_strategy_that_needs_groups_is_refused_without_them(settings: Config) -> None:
    """Before anything runs, and also if the strategy is inside of another one."""
    store = MemoryStore()
    limit = ArmConfig(strategy="group_limit", of={"strategy": "random"})
    inside = ArmConfig(strategy="random_share", of=limit.model_dump())
    wrong = settings.model_copy(update={"arms": {"a": settings.arms["random"], "b": inside}})
    with pytest.raises(ConfigError, match="b: its strategy needs groups, and the data set 'drawn'"):
        experiment.init(store, Plan(wrong))
    source = SyntheticSource(num_pool=20, num_test=4, size=32)
    ingest(store, source, "grouped", groups=GroupPattern.parse(r"(.+\d)\d"))
    update = {"dataset": DatasetConfig(name="grouped"), "cold_start": limit}
    plan = experiment.init(store, Plan(wrong.model_copy(update=update)))
    task = task_of(RoundReader(store, plan, ROUND_0), plan.cold_start.strategy)
    assert len(task.groups) == len(task.pool_ids)


def test_until_a_stage_is_done_the_configuration_may_change(
    begun: tuple[MemoryStore, Config], tiny: str
) -> None:
    """A wrong setting that nothing was made with does not cost the experiment its name."""
    store, _ = begun
    other = loading.parse(tiny.replace("steps: 4", "steps: 5"), "tiny")
    assert experiment.init(store, Plan(other)).config.train.steps == 5
    run_stage(store, Plan(load_experiment(store, "tiny")), ROUND_0.stage("select"))
    with pytest.raises(ConfigError, match=r"train\.steps: 5 -> 4"):
        experiment.init(store, Plan(loading.parse(tiny, "tiny")))


def test_every_setting_of_a_strategy_is_written_out(
    begun: tuple[MemoryStore, Config], tiny: str
) -> None:
    """`experiment.yaml` holds defaults too: writing one out in the file changes nothing."""
    store, settings = begun
    assert settings.arms["brust"].settings["aggregation"] == "sum"
    run_stage(store, Plan(settings), ROUND_0.stage("select"))
    spelt = tiny.replace("class_weights: true", "class_weights: 1, aggregation: sum")
    assert experiment.init(store, Plan(loading.parse(spelt, "tiny"))).config == settings


def test_a_drawn_data_set_of_other_settings_is_refused(
    begun: tuple[MemoryStore, Config], tiny: str
) -> None:
    """The name of a data set that is there does not stand for another."""
    store, _ = begun
    other = tiny.replace("num_pool: 24", "num_pool: 25").replace(
        "experiment: tiny", "experiment: b"
    )
    with pytest.raises(UsageError, match="num_pool: 24 -> 25"):
        experiment.init(store, Plan(loading.parse(other, "b")))


def test_an_error_of_an_arm_names_it(settings: Config) -> None:
    """Of several arms of one strategy, the message says which is wrong."""
    arms = {"a": ArmConfig(strategy="brust", agregation="sum")}
    wrong = settings.model_copy(update={"arms": arms})
    with pytest.raises(ConfigError, match=r"arms\.a: .*agregation"):
        experiment.init(MemoryStore(), Plan(wrong))


def test_another_data_set_of_the_same_name_is_refused(
    begun: tuple[MemoryStore, Config], tiny: str
) -> None:
    """An experiment continues with the data it began with, by digest."""
    store, settings = begun
    manifest = "datasets/drawn/dataset.json"
    store.write(manifest, store.read(manifest) + b"\n")
    with pytest.raises(ConfigError, match=r"dataset\.sha256"):
        run_stage(store, Plan(settings), ROUND_0.stage("select"))
    run_stage(store, experiment.init(store, Plan(settings_of(tiny))), ROUND_0.stage("select"))
    store.write(manifest, store.read(manifest) + b"\n")
    with pytest.raises(ConfigError, match=r"dataset\.sha256"):
        experiment.init(store, Plan(settings_of(tiny)))


def test_a_pinned_data_set_is_held_to(begun: tuple[MemoryStore, Config], tiny: str) -> None:
    """A digest in the configuration is compared, not overwritten."""
    store, _ = begun
    pinned = settings_of(tiny.replace("name: drawn", "name: drawn\n  sha256: deadbeef"))
    with pytest.raises(ConfigError, match=r"dataset\.sha256: .*deadbeef"):
        experiment.init(store, Plan(pinned))


def test_a_budget_of_none_needs_labels_that_came_along(settings: Config) -> None:
    """Round 0 would train on nothing; nothing is written."""
    store = MemoryStore()
    budget = settings.budget.model_copy(update={"initial": 0})
    with pytest.raises(ConfigError, match=r"budget\.initial: 0, but data set 'drawn' has no"):
        experiment.init(store, Plan(settings.model_copy(update={"budget": budget})))
    assert list(store.list("experiments/")) == []


def test_full_supervision_needs_ground_truth() -> None:
    """Nobody labels a whole pool for a reference."""
    store = MemoryStore()
    config = begin(store).model_copy(update={"full_supervision": True})
    with pytest.raises(ConfigError, match="full_supervision: data set 'photos' has no ground"):
        experiment.init(store, Plan(config))


def test_an_arm_that_cannot_rank_images_of_one_class_is_named(
    settings: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no mistake, so it is said and not refused."""
    monkeypatch.setattr(Dataset, "classes", ("cow",))
    by_class = ArmConfig.model_validate({"strategy": "entropy", "rightness": False})
    arms = {"e": by_class, "r": ArmConfig(strategy="random")}
    with capture_logs() as logs:
        experiment.init(MemoryStore(), Plan(settings.model_copy(update={"arms": arms})))
    told = {each["arm"]: each["reason"] for each in logs if each["event"] == "arm.cannot_rank"}
    assert list(told) == ["e"]
    assert "a single class has no second one" in told["e"]


def test_an_arm_that_is_the_same_as_another_is_named(settings: Config) -> None:
    """Both pick the same, are trained twice, and lie over each other in every figure."""
    entropy, top = ArmConfig(strategy="entropy"), ArmConfig(strategy="entropy", top_m=1)
    written_out = ArmConfig(strategy="entropy", aggregation="mean")
    arms = {"a": entropy, "b": top, "c": written_out, "d": settings.arms["random"]}
    with capture_logs() as logs:
        experiment.init(
            MemoryStore(),
            Plan(settings.model_copy(update={"arms": arms, "full_supervision": True})),
        )
    told = [each for each in logs if each["event"] == "arm.same_as_another"]
    assert [(each["arm"], each["reason"]) for each in told] == [
        ("c", "it has the strategy and the settings of a: both will pick the same")
    ]


def test_new_names_that_differ_by_case_are_refused(settings: Config) -> None:
    """Of arms and of experiments; those that are there already keep working."""
    store = MemoryStore()
    arms = {"Brust": settings.arms["brust"], "brust": settings.arms["random"]}
    twins = settings.model_copy(update={"arms": arms})
    with pytest.raises(UsageError, match="arm 'Brust': there is 'brust'"):
        experiment.init(store, Plan(twins))
    experiment.init(store, Plan(settings))
    with pytest.raises(UsageError, match="experiment 'Tiny': there is 'tiny'"):
        experiment.init(store, Plan(settings.model_copy(update={"experiment": "Tiny"})))
    store.write("experiments/tiny/experiment.yaml", dump_config(twins))
    assert list(experiment.init(store, Plan(twins)).config.arms) == ["Brust", "brust"]


class Racing(MemoryStore):
    """A store in which another command creates the experiment right after this one does."""

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        super().write(key, data, if_absent=if_absent)
        return key.endswith("experiment.yaml") and super().write(key, b"of another")


def test_of_two_commands_that_create_an_experiment_at_once_one_is_told(settings: Config) -> None:
    """What it would run is not what it was given."""
    with pytest.raises(ConfigError, match="another command has created it"):
        experiment.init(Racing(), Plan(settings))
