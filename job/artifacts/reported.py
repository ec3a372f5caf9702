"""Which stages a driver's report is of, and its files. It is written after the report."""

from job.errors import MissingObjectError
from job.keys import ExperimentKeys
from job.storage import Store
from job.whole import WholeRef


def is_reported(store: Store, whole: WholeRef) -> bool:
    """Whether the report of these very stages has been written, and all of it is there."""
    keys = ExperimentKeys(whole.experiment)
    try:
        of, *files = store.read(_note(keys)).decode().splitlines() or [""]
    except MissingObjectError:
        return False
    return of == whole.of and _files(store, keys).issuperset(files)


def note_reported(store: Store, experiment: str, of: str) -> None:
    """Note the stages that the report is of, by their digest, and which files it has."""
    keys = ExperimentKeys(experiment)
    files = sorted(_files(store, keys) - {_note(keys)})
    store.write(_note(keys), "".join(f"{line}\n" for line in (of, *files)).encode())


def _files(store: Store, keys: ExperimentKeys) -> set[str]:
    results = [keys.results] if store.exists(keys.results) else []
    return {*store.list(keys.report("")), *results}


def _note(keys: ExperimentKeys) -> str:
    return keys.report("stages.sha256")
