"""Creating an experiment: what is refused before anything runs, and what may still change."""

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.config.schema import ArmConfig, Config, DatasetConfig
from job.data.formats.synthetic import SyntheticSource
from job.data.ingest.groups import GroupPattern
from job.data.ingest.ingest import ingest
from job.errors import ConfigError, UsageError
from job.plan import Plan
from job.selection import task_of
from job.stages import run_stage
from job.storage.memory import MemoryStore
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
