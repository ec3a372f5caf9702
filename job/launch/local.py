"""The launcher that runs stages in this process, one after another."""

from job.artifacts.markers import Markers
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
        """Run the stages that were started, and return them."""
        finished, self._started = self._started, []
        for ref in finished:
            run_stage(self._store, self._plan, ref, markers=self._markers)
        return finished
