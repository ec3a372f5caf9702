"""Who is told what becomes of an experiment: metrics, events of the cluster, messages, traces."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from job.artifacts.usage import Usage
from job.keys import RoundRef, StageRef
from job.progress import Phase, States, Status


@dataclass(frozen=True)
class PodEnd:
    """A pod of a stage that has ended."""

    name: str
    node: str
    began: datetime
    """When its node took it."""
    ended: datetime
    exit_code: int
    image: str = ""
    """The container image that the node ran, by its digest, whatever the tag means by now."""


@dataclass(frozen=True)
class JobEnd:
    """A stage's Job that has ended."""

    ref: StageRef
    name: str
    attempt: int
    """Which of the stage's Jobs it is, from 1."""
    created: datetime
    pods: tuple[PodEnd, ...]
    """Those that have begun, and are still known."""
    usage: Usage
    error: str = ""
    """Why the stage failed; empty: it is done."""

    @property
    def result(self) -> str:
        """`done` or `failed`."""
        return "failed" if self.error else "done"


class Observer:
    """Is told what changes. A method that is not overridden does nothing, and none raises."""

    def phase_changed(self, phase: Phase, message: str) -> None:
        """Hear that the driver does something else."""

    def looked(self, states: States) -> None:
        """Hear what the started stages are doing, after each look at the cluster."""

    def told(self, status: Status) -> None:
        """Hear where the experiment stands, whenever that is published."""

    def job_ended(self, end: JobEnd) -> None:
        """Hear that a stage's Job has ended. It may be told again by another driver."""

    def job_found(self, end: JobEnd) -> None:
        """Hear of a Job that had ended when this driver began; an earlier one may have told it."""

    def round_done(self, ref: RoundRef) -> None:
        """Hear that all stages of a round are done. It may be told again."""


class Observers(Observer):
    """Several observers, in their order."""

    def __init__(self, observers: Sequence[Observer] = ()) -> None:
        self._all = observers

    def phase_changed(self, phase: Phase, message: str) -> None:
        """Tell each."""
        for each in self._all:
            each.phase_changed(phase, message)

    def looked(self, states: States) -> None:
        """Tell each."""
        for each in self._all:
            each.looked(states)

    def told(self, status: Status) -> None:
        """Tell each."""
        for each in self._all:
            each.told(status)

    def job_ended(self, end: JobEnd) -> None:
        """Tell each."""
        for each in self._all:
            each.job_ended(end)

    def job_found(self, end: JobEnd) -> None:
        """Tell each."""
        for each in self._all:
            each.job_found(end)

    def round_done(self, ref: RoundRef) -> None:
        """Tell each."""
        for each in self._all:
            each.round_done(ref)
