"""Finds and removes objects that no later stage needs: models, checkpoints, orphans."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from job.artifacts import names
from job.artifacts.listing import Listing
from job.artifacts.markers import Marker, Markers
from job.artifacts.pruned import read_pruned, write_pruned
from job.keys import LOGS, MARKER, PARTITIONS, ExperimentKeys, RoundRef, StageRef
from job.plan import Plan
from job.storage import Store

Kind = Literal["models", "checkpoints", "orphans"]


@dataclass(frozen=True)
class Prunable:
    """An object of a finished stage that nothing needs any more."""

    key: str
    num_bytes: int
    kind: Kind


def find_prunable(store: Store, plan: Plan) -> list[Prunable]:
    """Return what can be pruned from an experiment, in the order of keys.

    A stage that is not done is left alone: a process may be at work on it. These models are kept:
    of round 0, from which an arm that is added later starts; of the last round that each arm has
    trained; and what a stage that is not done needs.
    """
    sizes = dict(store.list_sizes(ExperimentKeys(plan.config.experiment).prefix))
    markers = Markers(store, Listing(sizes))
    done = [stage for stage in plan.stages() if markers.is_done(stage, plan.config)]
    kept = _kept_models(plan, done)
    found = [
        Prunable(key, sizes[key], kind)
        for stage in done
        if markers.listing and (marker := markers.get(stage))
        for key in markers.listing.below(stage.prefix)
        if (kind := _kind(key.removeprefix(stage.prefix), marker, is_kept=stage.round in kept))
    ]
    return sorted(found, key=lambda each: each.key)


def _kept_models(plan: Plan, done: Sequence[StageRef]) -> set[RoundRef]:
    """The rounds whose models are kept."""
    trained = [stage.round for stage in done if stage.stage == "train"]
    last = {(ref.seed, ref.arm): ref for ref in sorted(trained, key=lambda ref: ref.index)}
    return {*_needed(plan, set(done)), *last.values(), *(ref for ref in trained if not ref.index)}


def _needed(plan: Plan, done: set[StageRef]) -> Iterator[RoundRef]:
    """The rounds whose models a stage needs that is not done."""
    for stage in plan.stages():
        if stage not in done:
            yield from (need.round for need in plan.needs(stage) if need.stage == "train")


def _kind(name: str, marker: Marker, *, is_kept: bool) -> Kind | None:
    """Why an object of a finished stage may go; nothing if it has to stay."""
    ours = {marker.keys.get(each, each): each for each in marker.outputs}
    if name in ours:
        return "models" if ours[name] == names.MODEL and not is_kept else None
    if name.startswith(names.CHECKPOINTS):
        return "checkpoints"
    is_ours = name == MARKER or name.startswith((LOGS, PARTITIONS))
    return None if is_ours else "orphans"


def prune_objects(store: Store, experiment: str, found: Sequence[Prunable]) -> None:
    """Remove objects; the models among them are recorded first, so that reading one says why."""
    models = {each.key: each.num_bytes for each in found if each.kind == "models"}
    if models:
        write_pruned(store, experiment, read_pruned(store, experiment) | models)
    for each in found:
        store.delete(each.key)
