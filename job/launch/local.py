"""The launcher that runs stages in this process, one after another."""

from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import Markers
from job.errors import TemporaryError
from job.keys import StageRef
from job.plan import Plan
from job.stages import run_stage
from job.storage import Store


class LocalLauncher:
    """Runs each stage in this process, when the loop waits for it."""

    capacity = 1

    def __init__(self, store: Store, plan: Plan, markers: Markers) -> None:
        self._store = store
        self._plan = plan
        self._markers = markers
        self._started: list[StageRef] = []

    def start(self, ref: StageRef) -> None:
        """Note a stage: it runs in `wait`."""
        self._started.append(ref)

    def wait(self) -> list[StageRef]:
        """Run the stages that were started, and return them.

        Raises:
            TemporaryError: The experiment was moved to another version of its data set meanwhile.
            AlJobError: A stage failed.
        """
        finished, self._started = self._started, []
        for ref in finished:
            self._refuse_move()
            run_stage(self._store, self._plan, ref, markers=self._markers)
        return finished

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
