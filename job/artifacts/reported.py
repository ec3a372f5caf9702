"""Which stages a driver's report is of. It is written after the report."""

from job.errors import MissingObjectError
from job.keys import ExperimentKeys
from job.storage import Store
from job.whole import WholeRef


def is_reported(store: Store, whole: WholeRef) -> bool:
    """Whether the report of these very stages has been written."""
    try:
        return store.read(_key(whole.experiment)).decode() == whole.of
    except MissingObjectError:
        return False


def note_reported(store: Store, experiment: str, of: str) -> None:
    """Note the stages that the report is of, by their digest."""
    store.write(_key(experiment), of.encode())


def _key(experiment: str) -> str:
    return ExperimentKeys(experiment).report("stages.sha256")
