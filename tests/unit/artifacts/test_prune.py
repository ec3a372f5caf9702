"""What pruning removes, and that nothing runs again or breaks for it."""

from collections.abc import Callable

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.prune import find_prunable, prune_objects
from job.artifacts.pruned import read_pruned
from job.artifacts.reader import Reader
from job.config.schema import Config
from job.errors import BadDataError
from job.keys import RoundRef
from job.plan import Plan
from job.report.analysis.results import rows_of, to_csv
from job.standing import Progress
from job.storage import Store
from job.storage.memory import MemoryStore
from tests.outputs import output_key

TRAIN = [
    RoundRef("tiny", 0, arm, index).stage("train") for arm in ("brust", "random") for index in (1,)
]


def models_of(store: Store) -> list[str]:
    """The models that may go."""
    return [output_key(store, stage, "model.safetensors") for stage in TRAIN]


def contents(store: Store) -> dict[str, bytes]:
    return {key: store.read(key) for key in store.list("")}


def test_models_between_the_first_and_the_last_round_are_prunable(
    finished: MemoryStore, plan: Plan
) -> None:
    """Of rounds 0 to 2 those of round 1: an arm that is added later starts from round 0's."""
    found = find_prunable(finished, plan)
    assert [each.key for each in found] == models_of(finished)
    assert {each.kind for each in found} == {"models"}
    assert [each.num_bytes for each in found] == [len(finished.read(each.key)) for each in found]


def test_checkpoints_and_orphans_of_finished_stages_are_prunable(
    copy: MemoryStore, plan: Plan
) -> None:
    """What a marker does not list goes, but not the logs and the markers of partitions."""
    first = RoundRef("tiny", 0, None, 0)
    copy.write(first.stage("train").key("checkpoint-1.safetensors"), b"123")
    copy.write(first.stage("score").key("part-00099.parquet"), b"12")
    copy.write(first.stage("score").partition_done(0, 2), b"1")
    copy.write(first.stage("score").log("pod"), b"1")
    found = {each.key: each.kind for each in find_prunable(copy, plan)}
    assert {key: kind for key, kind in found.items() if kind != "models"} == {
        first.stage("train").key("checkpoint-1.safetensors"): "checkpoints",
        first.stage("score").key("part-00099.parquet"): "orphans",
    }


def test_an_unfinished_stage_is_left_alone_and_keeps_its_models(
    copy: MemoryStore, plan: Plan
) -> None:
    """Round 2's training starts from round 1's model; its checkpoint stays."""
    last = RoundRef("tiny", 0, "brust", 2).stage("train")
    copy.delete(last.done)
    copy.write(last.key("checkpoint-1.safetensors"), b"1")
    assert [each.key for each in find_prunable(copy, plan)] == models_of(copy)[1:]


def test_nothing_runs_again_or_breaks_after_pruning(
    copy: MemoryStore, plan: Plan, settings: Config
) -> None:
    """Status and results are the same; a model that is gone says why."""
    before = Progress(copy, plan).look(), to_csv(rows_of(Reader.listed(copy, "tiny"), plan))
    prune_objects(copy, "tiny", find_prunable(copy, plan))
    assert experiment.run(copy, settings).num_run == 0
    assert (
        Progress(copy, plan).look(),
        to_csv(rows_of(Reader.listed(copy, "tiny"), plan)),
    ) == before
    assert set(read_pruned(copy, "tiny")) == set(models_of(copy))
    assert find_prunable(copy, plan) == []
    with pytest.raises(BadDataError, match="was pruned"):
        Reader(copy).model(TRAIN[0].round)


@pytest.mark.slow
def test_an_experiment_may_grow_after_pruning(
    copy: MemoryStore, plan: Plan, settings: Config
) -> None:
    """One more round and one more arm: the last models and the first are there."""
    prune_objects(copy, "tiny", find_prunable(copy, plan))
    arms = settings.arms | {"other": settings.arms["random"]}
    grown = settings.model_copy(update={"rounds": 4, "arms": arms})
    assert experiment.run(copy, grown).num_run > 0


def test_pruning_that_is_killed_is_resumed(
    copy_into: Callable[[MemoryStore], MemoryStore], plan: Plan
) -> None:
    """Killed at any removal, the next attempt does the rest; what is gone is recorded."""

    class Killed(MemoryStore):
        left = 1

        def delete(self, key: str) -> None:
            if not self.left:
                raise KeyboardInterrupt
            self.left -= 1
            super().delete(key)

    store = Killed()
    copy_into(store)
    with pytest.raises(KeyboardInterrupt):
        prune_objects(store, "tiny", find_prunable(store, plan))
    with pytest.raises(BadDataError, match="was pruned"):
        Reader(store).model(TRAIN[0].round)
    store.left = 99
    prune_objects(store, "tiny", find_prunable(store, plan))
    assert set(read_pruned(store, "tiny")) == set(models_of(store))


def test_a_model_is_kept_for_a_stage_that_a_move_undoes(grown: MemoryStore) -> None:
    """Scores of another version than the next round's are made again, by the same model."""
    config = load_experiment(grown, "growing")
    train = RoundRef("growing", 0, "entropy", 1).stage("train")
    model = output_key(grown, train, "model.safetensors")
    assert [each.key for each in find_prunable(grown, Plan(config))] == [model]
    dataset = config.dataset.model_copy(update={"moves": ()})
    other = config.model_copy(update={"dataset": dataset})
    assert find_prunable(grown, Plan(other)) == []
