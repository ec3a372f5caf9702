"""The launcher that runs stages in this process, one after another."""

from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import Markers
from job.errors import MissingLabelsError, TemporaryError
from job.keys import StageRef
from job.launch.people import People
from job.plan import Plan
from job.stages import run_stage
from job.storage import Store


class LocalLauncher:
    """Runs each stage in this process, one after another, when the loop waits for it."""

    def __init__(self, store: Store, plan: Plan, markers: Markers) -> None:
        self._store = store
        self._plan = plan
        self._markers = markers
        self._people = People(store, plan)
        self._started: list[StageRef] = []

    def has_room(self, ref: StageRef) -> bool:
        """Whether a stage may start: one at a time, and any that people do."""
        return not self._started or self._people.asks(ref)

    def start(self, ref: StageRef) -> None:
        """Note a stage: it runs in `wait`."""
        if self._people.asks(ref):
            self._people.start(ref)
        else:
            self._started.append(ref)

    def wait(self) -> list[StageRef]:
        """Look at what people have done, run the stage that was started, and return what is done.

        If people have to be waited for and nothing else can run, wait for them.

        Raises:
            TemporaryError: The experiment was moved to another version of its data set meanwhile.
            MissingLabelsError: Nothing is left to run without labels that people add.
            AlJobError: A stage failed.
        """
        if done := self._people.look():
            return done
        if self._started:
            return self._run(self._started.pop())
        if self._people.is_asking:
            return self._people.wait_until_done()
        self._people.raise_what_is_parked()
        return []

    def _run(self, ref: StageRef) -> list[StageRef]:
        self._refuse_move()
        try:
            run_stage(self._store, self._plan, ref, markers=self._markers)
        except MissingLabelsError as error:
            self._people.park(ref, error)
            return []
        return [ref]

    def _refuse_move(self) -> None:
        """Raise if the next stage would read a version that the experiment does not use any more.

        People would label picks that the next run selects anew.
        """
        config = self._plan.config
        stored = load_experiment(self._store, config.experiment, read_only=True)
        if stored.dataset.moves != config.dataset.moves:
            message = (
                f"{config.experiment}: it was moved to another version of its data set while this "
                "command ran; run the same command again"
            )
            raise TemporaryError(message)
