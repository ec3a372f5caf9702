"""A launcher: in this process, the stage that was started last runs first."""

from job.keys import StageRef
from job.plan import Plan
from job.stages import run_stage
from job.storage import Store


class LastFirst:
    """Takes two stages at a time."""

    capacity = 2

    def __init__(self, store: Store, plan: Plan, _: object = None) -> None:
        self._store = store
        self._plan = plan
        self._started: list[StageRef] = []

    def has_room(self, _: StageRef) -> bool:
        """Whether fewer than so many stages were started."""
        return len(self._started) < self.capacity

    def start(self, ref: StageRef) -> None:
        """Start a stage: it runs in `wait`."""
        self._started.append(ref)

    def wait(self) -> list[StageRef]:
        """Run the stage that was started last, and return it."""
        ref = self._started.pop()
        run_stage(self._store, self._plan, ref)
        return [ref]
