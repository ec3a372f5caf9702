"""What a deletion removes, and in which order."""

import pytest

from job.artifacts.delete import delete_experiment, in_order_of_deletion
from job.artifacts.experiment_file import experiment_names
from job.errors import UsageError
from job.plan import Plan
from job.storage import Store
from job.storage.memory import MemoryStore


def contents(store: Store) -> dict[str, bytes]:
    return {key: store.read(key) for key in store.list("")}


def test_a_deletion_leaves_the_data_set(copy: MemoryStore) -> None:
    """Nothing else is left."""
    before = contents(copy)
    delete_experiment(copy, "tiny")
    assert contents(copy) == {
        key: data for key, data in before.items() if key.startswith("datasets/")
    }
    with pytest.raises(UsageError, match="no experiment "):
        delete_experiment(copy, "tiny")


def test_a_deletion_that_is_killed_leaves_nothing_that_looks_finished(
    copy: MemoryStore,
) -> None:
    """First the page, then all markers, of later rounds first; the configuration last of all."""
    keys = list(copy.list("experiments/"))
    order = in_order_of_deletion("tiny", keys)
    assert sorted(order) == sorted(keys)
    markers = [key for key in order if key.endswith("done.json")]
    pages = [key for key in order if key.endswith("report/index.html")]
    assert order[: len(pages) + len(markers)] == pages + markers
    assert "round-002" in markers[0]
    assert order[-1] == "experiments/tiny/experiment.yaml"
    for key in order[:-1]:
        copy.delete(key)
        assert experiment_names(copy) == ["tiny"]  # so that it can be deleted by its name


def test_no_stage_outlives_what_it_needs_while_an_experiment_is_deleted(
    copy: MemoryStore, plan: Plan
) -> None:
    """A round is not evaluated any more before its training and its picks go."""
    for key in in_order_of_deletion("tiny", list(copy.list("experiments/"))):
        copy.delete(key)
        for ref in plan.stages():
            if copy.exists(ref.done):
                assert all(copy.exists(need.done) for need in plan.needs(ref)), (ref, key)
