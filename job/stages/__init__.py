"""The stages of a round, one module each; they meet in the store and never import each other."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module

from job.artifacts.markers import Markers
from job.artifacts.stage_io import StageIO
from job.errors import AlJobError, AnnotatingError, MissingLabelsError
from job.keys import StageRef
from job.plan import Plan
from job.progress import forget_told
from job.runtime import log
from job.runtime.place import Place
from job.storage import Store

Figures = Mapping[str, object]
"""What a stage says in its closing log line."""


def run_stage(  # noqa: PLR0913 - a stage, its store and its process
    store: Store,
    plan: Plan,
    ref: StageRef,
    partition: tuple[int, int] = (0, 1),
    markers: Markers | None = None,
    *,
    annotator: str | None = None,
    place: Place | None = None,
    is_quiet: bool = False,
) -> Figures:
    """Run one stage and commit it.

    Args:
        store: Where its inputs are and its outputs go.
        plan: The experiment.
        ref: Which stage of which round.
        partition: This process's partition (i, n) of the `score` stage.
        markers: Those that this process has read; unset: none.
        annotator: Who draws the boxes in the stage `annotate`; unset: whom the configuration names.
        place: This process's place among those that train together, if others started them.
        is_quiet: Whether it logs nothing but that the stage is done.
    """
    # Imported here: `select` has to start without waiting for torch.
    module = import_module(f"job.stages.{ref.stage}")
    run: Callable[[StageIO], Figures] = module.run
    with bound_to(ref), nullcontext() if is_quiet else _told(ref):
        begun = time.monotonic()
        io = StageIO(store, plan, ref, partition, markers)
        io.annotator, io.place = annotator or io.annotator, place
        io.begin()
        forget_told(store, ref)
        figures = run(io)
        seconds = time.monotonic() - begun
        io.commit(seconds)
        said = {**figures, **io.pace.figures}
        log.get().info("stage.done", stage=ref.stage, seconds=round(seconds, 2), **said)
    return figures


def bound_to(ref: StageRef) -> AbstractContextManager[None]:
    """Add seed, arm and round to every log line and progress bar within."""
    return log.bound(**ref.round.fields)


@contextmanager
def _told(ref: StageRef) -> Iterator[None]:
    """Log that a stage begins, and why it ends early."""
    log.get().info("stage.begin", stage=ref.stage)
    try:
        yield
    except (AnnotatingError, MissingLabelsError):  # a stage that waits for people has not failed
        log.get().info("stage.waits", stage=ref.stage)
        raise
    except AlJobError as error:
        log.get().error("stage.failed", stage=ref.stage, reason=str(error))
        raise
