"""The active-learning loop: which stages an experiment has, in what order, and nothing else.

    for round in rounds:
        select, annotate-sim, train, then evaluate and score side by side

Where a stage runs is the launcher's business: in this process, or as a Kubernetes Job.
"""

from collections.abc import Callable
from typing import Protocol

from job.config.experiment import Config
from job.keys import StageRef
from job.plan import needs, plan


class Launcher(Protocol):
    """Runs stages somewhere."""

    @property
    def capacity(self) -> int:
        """How many stages may run at a time."""

    def start(self, ref: StageRef) -> None:
        """Begin a stage."""

    def wait(self) -> list[StageRef]:
        """Wait until a begun stage ends, and return those that are done.

        Raises:
            AlJobError: A stage failed.
        """


def run(config: Config, launcher: Launcher, is_done: Callable[[StageRef], bool]) -> int:
    """Run every stage that is not done, as many at a time as the launcher takes.

    Args:
        config: The experiment.
        launcher: Where stages run.
        is_done: Whether a stage's output exists already; asked when all that it needs is done.

    Returns:
        The number of stages that ran.
    """
    waiting = {ref: needs(config, ref) for ref in plan(config)}
    running: set[StageRef] = set()
    done: set[StageRef] = set()
    ready: set[StageRef] = set()  # asked about, and waiting for room
    num_run = 0
    while waiting or running:
        for ref, needed in list(waiting.items()):
            if not done.issuperset(needed):
                continue
            if ref not in ready and is_done(ref):
                done.add(ref)
            elif len(running) < launcher.capacity:
                running.add(ref)
                launcher.start(ref)
                num_run += 1
            else:
                ready.add(ref)
                continue
            del waiting[ref]
        if running:
            finished = launcher.wait()
            running.difference_update(finished)
            done.update(finished)
    return num_run
