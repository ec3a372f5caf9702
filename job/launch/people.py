"""Stages that wait for people, beside which other stages run.

Two kinds wait. Where people annotate in a tool, this process looks every minute at what they have
done: a look is one attempt at the stage `annotate`. Where they add labels to the data set, the
experiment continues with the next command.
"""

import time
from dataclasses import dataclass
from threading import TIMEOUT_MAX, Event

from job.artifacts import names
from job.artifacts.annotating import Annotating, load_annotating
from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import Markers
from job.errors import (
    AlJobError,
    AnnotatingError,
    BadDataError,
    MissingLabelsError,
    TemporaryError,
)
from job.keys import StageRef
from job.launch.people_bars import bars, rate_of
from job.launch.webhook import Listener, listen
from job.plan import Plan
from job.progress import ANNOTATING, NEEDS_LABELS, StageStatus, States
from job.runtime import log
from job.stages import bound_to, run_stage
from job.storage import Store

SECONDS_BETWEEN_LOOKS = 5.0
"""Two looks are at least this far apart, however often somebody submits."""


@dataclass
class _Asked:
    """A stage whose images people are asked to label."""

    looked: float = float("-inf")
    """When the last look was, in seconds of the monotonic clock."""
    due: float = float("-inf")
    """When to look next."""
    reason: str = ""
    """Why it is not done, as of the last look."""
    annotating: Annotating | None = None
    """How far people were at the last look, if that is known."""


class People:
    """The stages of one experiment that wait for people. None of them takes the room of another."""

    def __init__(self, store: Store, plan: Plan) -> None:
        self._store = store
        self._plan = plan
        self._asked: dict[StageRef, _Asked] = {}
        self._parked: dict[StageRef, MissingLabelsError] = {}
        self._woken = Event()
        self._listener: Listener | None = None

    def asks(self, ref: StageRef) -> bool:
        """Whether a stage is of those that this process does itself, by asking people."""
        return ref.stage == "annotate" and self._plan.config.annotation.is_by_people

    def start(self, ref: StageRef) -> None:
        """Note a stage: the next look asks people for its images.

        Raises:
            ConfigError: There is to be a webhook, and it has no secret.
        """
        studio = self._plan.config.annotation.label_studio
        if studio and studio.webhook and not self._listener:
            self._listener = listen(self.wake)
        self._asked[ref] = _Asked()
        with bound_to(ref):
            log.get().info("stage.begin", stage=ref.stage)

    def park(self, ref: StageRef, error: MissingLabelsError) -> None:
        """Note a stage that the next command continues."""
        self._parked[ref] = error

    @property
    def is_asking(self) -> bool:
        """Whether people are asked for the images of a stage."""
        return bool(self._asked)

    @property
    def states(self) -> States:
        """What the stages are waiting for."""
        asked = {
            ref: StageStatus(state=ANNOTATING, reason=each.reason)
            for ref, each in self._asked.items()
        }
        parked = {
            ref: StageStatus(state=NEEDS_LABELS, reason=str(error))
            for ref, error in self._parked.items()
        }
        return asked | parked

    def wait_until_done(self) -> list[StageRef]:
        """Return the stages that are done, as soon as one is; meanwhile a terminal has bars.

        Raises:
            AlJobError: One has failed.
        """
        while not (done := self.look()):
            with bars({ref: each.annotating for ref, each in self._asked.items()}):
                self.wait()
        return done

    def look(self) -> list[StageRef]:
        """Look at the stages of which a look is due, and return those that are done.

        Raises:
            AlJobError: One has failed. After a temporary error, the next look may succeed.
        """
        if self._woken.is_set():
            self._woken.clear()
            for each in self._asked.values():
                each.due = min(each.due, each.looked + SECONDS_BETWEEN_LOOKS)
        now = time.monotonic()
        done = []
        for ref in [ref for ref, each in self._asked.items() if each.due <= now]:
            try:
                self._take_new_settings()
                self._make_pass(ref)
            except AnnotatingError as error:
                annotating = self._read(ref)
                self._note(ref, annotating.summary if annotating else str(error), annotating)
            except TemporaryError as error:
                self._note(ref, str(error), self._asked[ref].annotating)
                self._look_again_in(self._seconds)  # the others ask the same tool
                break
            except AlJobError as error:
                with bound_to(ref):
                    log.get().error("stage.failed", stage=ref.stage, reason=str(error))
                raise
            else:
                del self._asked[ref]
                done.append(ref)
        return done

    def wait(self, seconds: float = TIMEOUT_MAX) -> None:
        """Wait until a look is due or somebody wakes this, at most so many seconds."""
        now = time.monotonic()
        until_due = [each.due - now for each in self._asked.values()]
        self._woken.wait(max(0.0, min([seconds, *until_due])))

    def wake(self) -> None:
        """Let the next look be now; any thread may call it."""
        self._woken.set()

    def raise_what_is_parked(self) -> None:
        """Say what is left to do for people, if there is anything.

        Raises:
            MissingLabelsError: A stage is parked.
        """
        for error in self._parked.values():
            raise error

    def _make_pass(self, ref: StageRef) -> None:
        """Make one attempt at a stage, unless another process has ended it: its labels stay."""
        if not Markers(self._store).is_done(ref, self._plan.config):
            run_stage(self._store, self._plan, ref, is_quiet=True)

    def _take_new_settings(self) -> None:
        """Ask people as the stored experiment says by now: it may change meanwhile.

        Proposals are those of the plan, by which rounds are scored. Without a score record a model
        would have to look at the images here.
        """
        config = self._plan.config
        stored = load_experiment(self._store, config.experiment, read_only=True).annotation
        now = stored.model_copy(update={"proposals": config.annotation.proposals})
        if now.is_by_people and now != config.annotation:
            self._plan = self._plan.with_config(config.model_copy(update={"annotation": now}))

    @property
    def _seconds(self) -> float:
        return self._plan.config.annotation.poll_seconds

    def _look_again_in(self, seconds: float) -> None:
        due = time.monotonic() + seconds
        for each in self._asked.values():
            each.due = due

    def _read(self, ref: StageRef) -> Annotating | None:
        """Return what the last look has found; nothing goes by it."""
        key = ref.key(names.ANNOTATING)
        try:
            return load_annotating(self._store.read(key), f"{self._store.url}: {key}")
        except (BadDataError, TemporaryError):
            return None

    def _note(self, ref: StageRef, reason: str, annotating: Annotating | None) -> None:
        """Note what a look has found, and log it if it is new."""
        before = self._asked[ref]
        now = time.monotonic()
        self._asked[ref] = _Asked(now, now + self._seconds, reason, annotating)
        if reason != before.reason:
            rate = rate_of(annotating) if annotating else {}
            with bound_to(ref):
                log.get().info("stage.waits", stage=ref.stage, reason=reason, **rate)
        known = before.annotating.attention if before.annotating else ()
        for each in annotating.attention if annotating else ():
            if each not in known:
                with bound_to(ref):
                    fields = {"image": each.image, "reason": each.reason, "link": each.link}
                    log.get().warning("annotation.needs_attention", **fields)
