"""Moving an experiment to a later version of its data set, from the next round on.

A round of all arms and seeds uses one version. So a move takes effect at the first round that no
stage of any arm or seed has begun to work for; see `StageRef.data_round`.
"""

from dataclasses import dataclass

from job.artifacts.experiment_file import used_versions
from job.artifacts.listing import Listing
from job.artifacts.markers import Markers
from job.artifacts.stored_config import dump_config
from job.config.dataset import MoveConfig
from job.data.dataset import Dataset
from job.errors import UsageError
from job.keys import LOGS, DatasetKeys, ExperimentKeys, StageRef
from job.plan import Plan
from job.storage import Store


@dataclass(frozen=True)
class Move:
    """A move that can be made."""

    before: Dataset
    """The version that the experiment is on."""
    after: Dataset
    from_round: int
    """The first round that uses `after`."""


def find_move(store: Store, plan: Plan, version: int | None = None) -> Move:
    """Return the move of an experiment to a version of its data set, by default the latest.

    Raises:
        UsageError: It is on that version or a later one, has labels of a later one, or every round
            has begun.
    """
    name, dataset = plan.config.experiment, plan.config.dataset.name
    before = used_versions(store, plan.config)[-1].data
    after = Dataset.open(store, dataset, version)
    markers = Markers(store, Listing.of(store, name))
    begun = [stage for stage in plan.stages() if _has_begun(stage, markers)]
    if after.version <= before.version:
        which = f"not before version {after.version}" if version else "the latest"
        message = (
            f"{name} is on version {before.version} of data set {dataset!r}, which is {which}; "
            "`al-job ingest` with --append, or `al-job ingest labels`, makes a new version"
        )
        raise UsageError(message)
    if used := _later_labels(begun, markers, after):
        message = f"{name} has labels of version {used} already: move it to that one or a later one"
        raise UsageError(message)
    from_round = max((stage.data_round + 1 for stage in begun), default=0)
    if from_round >= plan.config.rounds:
        message = (
            f"every round of {name} has begun: raise `rounds` in its configuration, run `al-job "
            "init CONFIG`, and move it then"
        )
        raise UsageError(message)
    return Move(before, after, from_round)


def _has_begun(stage: StageRef, markers: Markers) -> bool:
    """Whether the store holds anything of a stage but logs."""
    assert markers.listing is not None  # noqa: S101 - they were made with one
    logs = stage.key(LOGS)
    return any(not key.startswith(logs) for key in markers.listing.below(stage.prefix))


def _later_labels(begun: list[StageRef], markers: Markers, version: Dataset) -> int | None:
    """Return the latest version after this one of which a round has labels, if there is one."""
    annotated = (markers.get(stage) for stage in begun if stage.stage == "annotate")
    read = {key for marker in annotated if marker for key in marker.inputs}
    latest = Dataset.open(version.store, version.keys.name).version
    numbers = range(latest, version.version, -1)
    return next((n for n in numbers if DatasetKeys(version.keys.name, n).manifest in read), None)


def make_move(store: Store, plan: Plan, move: Move) -> None:
    """Store a move in the experiment's configuration. A move that no round uses yet is replaced."""
    dataset = plan.config.dataset
    made = MoveConfig(
        from_round=move.from_round, version=move.after.version, sha256=move.after.digest
    )
    kept = [each for each in dataset.moves if each.from_round < move.from_round]
    moved = dataset.model_copy(update={"moves": (*kept, made)})
    config = plan.config.model_copy(update={"dataset": moved})
    store.write(ExperimentKeys(config.experiment).config, dump_config(config))
