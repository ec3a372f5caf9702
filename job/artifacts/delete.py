"""Deleting an experiment, so that at no moment what is left looks finished."""

import re

from job.artifacts.experiment_file import experiment_names
from job.errors import UsageError
from job.keys import PARTITIONS, STAGES, ExperimentKeys, check_name, is_marker
from job.runtime.names import suggestion
from job.storage import Store


def objects_of(store: Store, experiment: str) -> dict[str, int]:
    """Return the keys of an experiment's objects, and how many bytes each has.

    Raises:
        UsageError: There is no such experiment. The message names those that there are.
    """
    prefix = ExperimentKeys(check_name("experiment", experiment)).prefix
    if found := dict(store.list_sizes(prefix)):
        return found
    names = experiment_names(store)
    message = f"{store.url}: no experiment {experiment!r}; {suggestion(experiment, names)}"
    raise UsageError(message)


def in_order_of_deletion(experiment: str, keys: list[str]) -> list[str]:
    """Return keys in the order in which a deletion that is killed does no harm.

    The report's page and the markers come first: without them nothing counts as done. The
    configuration comes last: as long as it is there, the experiment can be named, and deleted.
    """
    ours, stages = ExperimentKeys(experiment), list[str](STAGES)

    def rank(key: str) -> tuple[int, int, int]:
        if key in {ours.page, ours.config}:
            return (0 if key == ours.page else 3), 0, 0
        first = 1 if is_marker(key) or f"/{PARTITIONS}" in key else 2
        found = re.search(rf"/round-(\d+)/({'|'.join(stages)})/", key)
        if not found:
            return first, 0, 0
        # Later rounds come first, and within a round the stages that need others.
        return first, -int(found[1]), -stages.index(found[2])

    return sorted(keys, key=rank)


def delete_experiment(store: Store, experiment: str) -> None:
    """Delete all objects of an experiment. Its data set stays.

    A deletion that was killed is resumed by another one.

    Raises:
        UsageError: There is no such experiment.
    """
    for key in in_order_of_deletion(experiment, list(objects_of(store, experiment))):
        store.delete(key)
