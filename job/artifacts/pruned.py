"""`pruned.json`: which objects of finished stages were removed on purpose."""

from collections.abc import Mapping

from job.errors import AlJobError, MissingObjectError
from job.keys import ExperimentKeys
from job.storage import Store
from job.storage.documents import checked, dump_json, load_json

_REMEDY = "remove it: it only tells why a model is gone"


def read_pruned(store: Store, experiment: str) -> dict[str, int]:
    """Return the keys that were pruned from an experiment, and how many bytes each had.

    Raises:
        BadDataError: The record is damaged, or written by a newer version.
    """
    key = ExperimentKeys(experiment).pruned
    try:
        data = store.read(key)
    except MissingObjectError:
        return {}
    where = f"{store.url}: {key}"
    content = load_json(data, where, _REMEDY)
    return checked(dict[str, int], content.get("objects"), where, _REMEDY)


def write_pruned(store: Store, experiment: str, objects: Mapping[str, int]) -> None:
    """Record what is going to be pruned, beside what was pruned earlier."""
    content = {"objects": dict(sorted(objects.items()))}
    store.write(ExperimentKeys(experiment).pruned, dump_json(content))


def is_pruned(store: Store, key: str) -> bool:
    """Whether an object of an experiment was pruned, as far as that can be told."""
    experiment = key.split("/")[1]
    try:
        return key in read_pruned(store, experiment)
    except AlJobError:
        return False
