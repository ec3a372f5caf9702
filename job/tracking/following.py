"""Trackers beside a run: between its stages in one process, in a driver's own thread."""

from collections.abc import Sequence
from threading import Event, Thread
from typing import Self

from job.errors import AlJobError
from job.keys import StageRef
from job.launch.observer import JobEnd, Observer
from job.loop import Launcher
from job.progress import States
from job.tracking.tracker import Tracker

SECONDS_BETWEEN_UPDATES = 15.0
_SECONDS_OF_THE_LAST = 60.0
"""A driver that has ended waits at most so long for what is left to be shown."""
_SECONDS_WHEN_STOPPED = 5.0
"""One that is asked to stop leaves it to the next one."""


class Between:
    """A launcher that shows, after each stage that another one has run, what there is to see."""

    def __init__(self, launcher: Launcher, trackers: Sequence[Tracker]) -> None:
        self._launcher = launcher
        self._trackers = trackers
        self.has_room = launcher.has_room
        self.start = launcher.start

    def wait(self) -> list[StageRef]:
        """Wait as the other one does, and show what has changed."""
        done = self._launcher.wait()
        if any(ref.stage in {"train", "evaluate"} for ref in done):
            for tracker in self._trackers:
                tracker.try_update()
        return done


class Beside(Observer):
    """Shows what there is to see in a thread of its own, after each Job that has ended.

    A tracking server may take minutes to answer, and the driver does not wait for it. Nothing is
    shown by a driver that does not hold the experiment: another one shows the same.
    """

    def __init__(self, trackers: Sequence[Tracker]) -> None:
        self._trackers = trackers
        self._is_due = Event()
        self._is_over = Event()
        self._thread = Thread(target=self._run, name="tracking", daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        """Show the rest."""
        self._is_over.set()
        if kind is None:
            self._begin()
        self._is_due.set()
        is_ended = kind is None or issubclass(kind, AlJobError)
        if self._thread.ident:
            self._thread.join(_SECONDS_OF_THE_LAST if is_ended else _SECONDS_WHEN_STOPPED)

    def looked(self, states: States) -> None:  # noqa: ARG002 - that it looks is what counts
        """Begin, with what earlier drivers have left unshown: this one holds the experiment."""
        self._begin()

    def _begin(self) -> None:
        if self._trackers and not self._thread.ident:
            self._is_due.set()
            self._thread.start()

    def job_ended(self, end: JobEnd) -> None:
        """Hear that there may be something new."""
        if not end.error:
            self._is_due.set()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            self._is_due.wait()
            self._is_due.clear()
            is_last = self._is_over.is_set()
            for tracker in self._trackers:
                tracker.try_update(is_last=is_last)
            self._is_over.wait(SECONDS_BETWEEN_UPDATES)
