"""The driver: the active-learning loop as a service that publishes its status.

It waits for the data set, runs the stages wherever its platform starts them, and writes the report.
A driver remembers nothing that the store and the platform do not know: if it is killed, the next
one continues.
"""

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from job import experiment, loop
from job.artifacts.done_stages import DoneStages
from job.artifacts.holder import Holder
from job.artifacts.reported import is_reported
from job.board import Board
from job.config.schema import Config
from job.errors import AlJobError, MissingLabelsError, StopRequested, TemporaryError
from job.hold import Hold
from job.keys import DatasetKeys, ExperimentKeys, StageRef
from job.launch.accounts import Accounts
from job.launch.marked import Marked
from job.launch.observer import Observer
from job.plan import Plan, Subset
from job.platforms import Platform
from job.progress import Driver, Phase, StageStatus, States, Status, dump_status, is_with_people
from job.registries import check_registries
from job.runtime import log
from job.runtime.memory import peak_mib
from job.runtime.retry import retry_while_unavailable
from job.storage import Store
from job.whole import WholeRef

SECONDS_BETWEEN_BEATS = 20.0
"""How often an unchanged status is published, to show that the driver is alive."""


def drive(
    store: Store,
    config: Config,
    platform: Platform,
    only: Subset | None = None,
    observers: Sequence[Observer] = (),
) -> int:
    """Run every stage of an experiment that is not done, its report last.

    A driver that is stopped leaves the started stages running. The next driver adopts them. One
    that fails for good tells so at once, and holds the experiment until they have ended.

    Args:
        store: Where the stages read and write.
        config: The experiment.
        platform: Where the stages run.
        only: A part of the experiment.
        observers: Are told what changes.

    Returns:
        How many stages of rounds ran.

    Raises:
        AlJobError: Another driver holds the experiment, the configuration is refused, or the ingest
            or a stage failed.
    """
    me = Holder(release=platform.release, place=platform.place)
    with Hold(store, config.experiment, me) as hold:
        publisher = StatusPublisher(store, config.experiment, platform, hold, observers)
        return _drive(store, config, platform, only, publisher)


def _drive(
    store: Store,
    config: Config,
    platform: Platform,
    only: Subset | None,
    publisher: "StatusPublisher",
) -> int:
    try:
        publisher.take_hold()
        check_registries(config)
        plan = Plan(config)
        publisher.follow(plan)
        done = _run(store, plan, platform, publisher, only)
    except AlJobError as error:
        phase = _phase_after(error)
        publisher.publish_phase(phase, str(error))
        if phase != "stopped" and publisher.hold.is_mine:
            _let_stages_end(platform, publisher, phase, str(error))
        raise
    except Exception as error:
        publisher.publish_phase("failed", f"a bug; the driver's log has its traceback: {error!r}")
        raise
    except StopRequested:
        publisher.publish_phase("stopped", "asked to stop; the started stages keep running")
        raise
    log.get().info("driver.memory", peak_mib=peak_mib())
    publisher.publish_phase("finished")
    publisher.hold.let_go()
    return done


def _let_stages_end(
    platform: Platform, publisher: "StatusPublisher", phase: Phase, message: str
) -> None:
    """Hold the experiment while its stages run, so that no other driver starts them once more."""
    try:
        while running := _left_running(platform, publisher.hold):
            publisher.publish_left(phase, message, running)
            time.sleep(platform.poll_seconds)
        publisher.publish_left(phase, message, ())
    except (AlJobError, StopRequested) as error:  # what the driver failed with counts
        log.get().warning("driver.stages_left", reason=str(error))
        return
    publisher.hold.let_go()


def _left_running(platform: Platform, hold: Hold) -> Sequence[StageRef]:
    """Return the stages that run.

    Raises:
        AlJobError: Another driver holds the experiment by now: what has not begun is that one's.
    """
    retry_while_unavailable(hold.beat)
    hold.check()
    return platform.running_stages()


def _phase_after(error: AlJobError) -> Phase:
    """Return the phase of a driver that an error has ended."""
    if isinstance(error, MissingLabelsError):
        return "needs labels"
    return "stopped" if isinstance(error, TemporaryError) else "failed"


def _run(
    store: Store,
    plan: Plan,
    platform: Platform,
    publisher: "StatusPublisher",
    only: Subset | None,
) -> int:
    tell = publisher.tell_waiting
    _await_dataset(store, plan.config.dataset.name, platform, tell)
    plan = retry_while_unavailable(lambda: experiment.init(store, plan), tell=tell)
    publisher.follow(plan)  # it has the moves, too

    retry_while_unavailable(lambda: publisher.done.read(plan.stages(), plan.config), tell=tell)

    def is_done(ref: StageRef) -> bool:
        if isinstance(ref.round, WholeRef):
            return is_reported(store, ref.round)
        return publisher.done.is_done(ref, plan.config)

    launcher = platform.launcher(store, plan, is_done, publisher.publish_stages, publisher.observer)
    num_run = loop.run(
        plan.only(only) if only else plan,
        launcher,
        lambda ref: retry_while_unavailable(lambda: is_done(ref)),
    )
    _report(launcher, is_done, publisher.done.report(plan))
    return num_run


def _report(launcher: loop.Launcher, is_done: Callable[[StageRef], bool], report: StageRef) -> None:
    """Let the report be written, by a process of its own: a driver has little memory."""
    if not retry_while_unavailable(lambda: is_done(report)):
        launcher.start(report)
        while report not in launcher.wait():
            pass


def _await_dataset(
    store: Store, dataset: str, platform: Platform, tell: Callable[[str], object]
) -> None:
    """Return when the data set is there, or when nothing ingests it.

    In that case, whoever begins the experiment says what is missing.
    """
    manifest = DatasetKeys(dataset).manifest
    while not retry_while_unavailable(lambda: store.exists(manifest), tell=tell):
        state = platform.ingest_state(dataset)
        if state is None:
            return
        tell(state)
        time.sleep(platform.poll_seconds)


class StatusPublisher:
    """Publishes where the experiment stands: in the store and on the platform."""

    def __init__(
        self,
        store: Store,
        experiment: str,
        platform: Platform,
        hold: Hold,
        observers: Sequence[Observer] = (),
    ) -> None:
        self.done = DoneStages(store)
        self._store = store
        self._board: Board | None = None
        self._experiment = experiment
        self._platform = platform
        self.hold = hold
        """Of the experiment."""
        self._accounts = Accounts(store, experiment)
        self.observer = Marked(self.done.known, [self._accounts, *observers])
        """Is told what changes."""
        key = ExperimentKeys(experiment).status
        self._places: Sequence[Callable[[str], object]] = (
            self._write_rounds,
            # The store has the status of the driver that holds the experiment.
            lambda status: hold.is_mine and store.write(key, status.encode()),
            platform.publish,
        )
        self._published: tuple[Phase, str, States] | None = None
        self._states: States = {}
        self._next_beat = 0.0

    def take_hold(self) -> None:
        """Take the experiment, and publish for what that waits.

        Raises:
            AlJobError: Another driver holds it.
        """
        self.hold.take(self.tell_waiting)

    def tell_waiting(self, message: str) -> None:
        """Publish what keeps the driver from beginning."""
        self.publish_phase("waiting", message)

    def follow(self, plan: Plan) -> None:
        """Publish where the rounds of a plan stand, from now on."""
        self._board = Board(self._store, plan, self.done)
        self.observer.follow(plan)

    def publish_stages(self, states: States) -> None:
        """Publish what the started stages are doing.

        Raises:
            AlJobError: Another driver holds the experiment by now.
        """
        self.hold.check()
        self._states = {ref: told for ref, told in states.items() if not ref.round.is_whole}
        self.observer.looked(states)
        is_waiting = bool(states) and all(is_with_people(each) for each in states.values())
        whole = [f"{ref}: {told.in_words}" for ref, told in states.items() if ref.round.is_whole]
        self.publish_phase("annotating" if is_waiting else "running", ", ".join(whole))

    def publish_left(self, phase: Phase, message: str, running: Sequence[StageRef]) -> None:
        """Publish which stages run beside a driver that starts nothing more.

        What has failed, and what waits for people, stays as it was told.
        """
        rest = {
            ref: told
            for ref, told in self._states.items()
            if told.state == "failed" or is_with_people(told)
        }
        runs = {ref: StageStatus(state="running") for ref in running if not ref.round.is_whole}
        self._states = rest | runs
        self.observer.looked(runs)
        self.publish_phase(phase, message)

    def publish_phase(self, phase: Phase, message: str = "") -> None:
        """Publish what the driver is doing, if it changed or the next beat is due."""
        news = (phase, message, dict(self._states))
        if news == self._published and time.monotonic() < self._next_beat:
            return
        if self._published is None or news[:2] != self._published[:2]:
            log.get().info("driver.phase", phase=phase, message=message)
            self.observer.phase_changed(phase, message)
        self._published, self._next_beat = news, time.monotonic() + SECONDS_BETWEEN_BEATS
        status = self._status(phase, message)
        for write in self._places:
            try:
                write(status)
            except AlJobError as error:  # a status that cannot be written must not end the run
                log.get().warning("driver.status_unpublished", reason=str(error))

    def _write_rounds(self, _: str) -> None:
        if self._board and self.hold.is_mine:
            self._board.write_rounds()

    def _status(self, phase: Phase, message: str) -> str:
        driver = Driver(
            phase=phase,
            message=message,
            updated=datetime.now(UTC),
            release=self._platform.release,
            image=self._platform.image,
        )
        if self._board is None:  # the configuration is refused: it has no plan
            status = Status(experiment=self._experiment, driver=driver, rounds=[])
        else:
            status = self._board.status(self._states, driver)
            status = status.model_copy(update={"usage": self._accounts.totals()})
        self.observer.told(status)
        return dump_status(status).decode()
