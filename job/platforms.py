"""What a driver needs of the place where it starts stages."""

from collections.abc import Callable, Sequence
from typing import Protocol

from job import loop
from job.keys import StageRef
from job.launch.observer import Observer
from job.plan import Plan
from job.progress import States
from job.storage import Store


class Platform(Protocol):
    """Where a driver starts stages, such as a Kubernetes namespace.

    Its methods retry by themselves while the platform is away.
    """

    @property
    def release(self) -> str:
        """The name under which the experiment is installed."""

    @property
    def place(self) -> str:
        """Where it starts stages, in words that no other platform has."""

    @property
    def image(self) -> str:
        """The container image of the stages, or nothing."""

    @property
    def poll_seconds(self) -> float:
        """The time between two looks at the ingest."""

    def ingest_state(self, dataset: str) -> str | None:
        """Return what the release's ingest of a data set is doing, or nothing if none runs.

        Raises:
            BadDataError: The ingest failed.
        """

    def running_stages(self) -> Sequence[StageRef]:
        """Return the release's stages that run, whoever started them; start no other.

        What was started and has not begun is taken back.
        """

    def launcher(
        self,
        store: Store,
        plan: Plan,
        is_done: Callable[[StageRef], bool],
        publish: Callable[[States], None],
        observer: Observer,
    ) -> loop.Launcher:
        """Return the launcher of an experiment's stages.

        Args:
            store: Where the stages read and write.
            plan: The experiment.
            is_done: Whether a stage's marker is there and fits.
            publish: Called with the states of the started stages after each look at the platform.
            observer: Is told of each Job that has ended, if the platform knows what it took.
        """

    def publish(self, status: str) -> None:
        """Write the status, a JSON object, where people without the store can read it."""
