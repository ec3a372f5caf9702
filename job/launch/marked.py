"""Observers who hear what the markers tell beside what the platform says of a Job."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from job.artifacts.done_stages import Done
from job.keys import RoundRef
from job.launch.observer import JobEnd, Observer, Observers
from job.plan import Plan


class Marked(Observers):
    """Several observers, and the stages that are done."""

    def __init__(self, done: Mapping[str, Done], observers: Sequence[Observer]) -> None:
        """Create it.

        Args:
            done: What is known of the stages that are done, by their markers' keys.
            observers: Are told.
        """
        super().__init__(observers)
        self._done = done
        self._plan: Plan | None = None

    def job_ended(self, end: JobEnd) -> None:
        """Tell each, and how fast the stage was, and of the round if that is done with it."""
        super().job_ended(self._with_pace(end))
        self._tell_round(end)

    def job_found(self, end: JobEnd) -> None:
        """Tell each the same of a Job that ended earlier."""
        super().job_found(self._with_pace(end))
        self._tell_round(end)

    def follow(self, plan: Plan) -> None:
        """Tell of the rounds of a plan from now on."""
        self._plan = plan

    def _with_pace(self, end: JobEnd) -> JobEnd:
        marked = self._done.get(end.ref.done)
        if marked is None or end.error:
            return end
        return replace(end, usage=replace(end.usage, pace=marked.pace))

    def _tell_round(self, end: JobEnd) -> None:
        if not end.error and self._is_done(end.ref.round):
            self.round_done(end.ref.round)

    def _is_done(self, ref: RoundRef) -> bool:
        if self._plan is None or ref.is_whole:
            return False
        return all(ref.stage(stage).done in self._done for stage in self._plan.stages_of(ref))
