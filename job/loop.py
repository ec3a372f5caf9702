"""The active-learning loop: start every stage whose needs are done, and wait.

    for round in rounds:
        select, annotate, train, then evaluate and score side by side

`plan.py` says which stages there are and what each needs. A launcher runs them: in this process, or
as Jobs of a Kubernetes cluster. A stage that waits for people holds up only those that need it.
"""

from collections.abc import Callable
from typing import Protocol

from job.keys import StageRef
from job.plan import Plan


class Launcher(Protocol):
    """Runs stages somewhere."""

    def has_room(self, ref: StageRef) -> bool:
        """Whether there is room for a stage. One that waits for people takes none."""

    def start(self, ref: StageRef) -> None:
        """Start a stage."""

    def wait(self) -> list[StageRef]:
        """Wait until a started stage ends or makes room, and return those that are done.

        Raises:
            MissingLabelsError: All that were started wait for labels that people add.
            AlJobError: A stage failed.
        """


def run(plan: Plan, launcher: Launcher, is_done: Callable[[StageRef], bool]) -> int:
    """Run every stage that is not done, as many at a time as the launcher takes.

    Args:
        plan: The experiment, or a part of it.
        launcher: Where stages run.
        is_done: Whether a stage's output exists already. It is asked when all that the stage needs
            is done.

    Returns:
        The number of stages that ran.
    """
    waiting = {ref: plan.needs(ref) for ref in plan.stages()}
    running: set[StageRef] = set()
    done: set[StageRef] = set()
    ready: set[StageRef] = set()  # not done, and waiting for room
    num_run = 0
    while waiting or running:
        for ref, needed in list(waiting.items()):
            if not done.issuperset(needed):
                continue
            if ref not in ready and is_done(ref):
                done.add(ref)
            elif launcher.has_room(ref):
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
