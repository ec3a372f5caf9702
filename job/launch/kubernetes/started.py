"""What a launcher knows of a stage that it has started."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from job.errors import AlJobError
from job.launch.kubernetes.job_spec import queue_of, spec_hash_of
from job.launch.kubernetes.job_state import ExhaustedError, StageState, SupersededError
from job.launch.kubernetes.settings import KubeObject
from job.launch.kubernetes.start_limit import StartLimit
from job.runtime import log
from job.runtime.retry import SECONDS_OF_OUTAGE

SECONDS_UNTIL_STILL = 10.0
"""After so many seconds in one phase a stage is still: events may say why."""


@dataclass
class Started:
    """What is known of a started stage. All of it can be found out again."""

    spec_hash: str | None
    """Of the Job that the present configuration makes, whatever the attempt."""
    queue: str = ""
    """The queue and priority in which the present configuration makes it."""
    attempt: int | None = None
    """Which of the stage's Jobs is ours; unset until the cluster was asked."""
    state: StageState = field(default_factory=lambda: StageState("pending"))
    start_limit: StartLimit = field(default_factory=StartLimit)
    unknown_since: float | None = None
    """Since when the store or the cluster does not answer."""
    has_job: bool = False
    """Whether its Job was there at the last look, and was not deleted by this driver since."""
    uid: str | None = None
    """Of the Job that this driver has created last."""
    num_lost: int = 0
    """How many of its Jobs were deleted by somebody else."""
    num_outlived: int = 0
    """How many of its Jobs were deleted because a container of others lived on in them."""
    _phase_since: float = field(default_factory=time.monotonic)

    @property
    def is_still(self) -> bool:
        """Whether it has been in its phase for a while."""
        return time.monotonic() - self._phase_since >= SECONDS_UNTIL_STILL

    def is_other(self, job: KubeObject) -> bool:
        """Whether a Job runs something else than the present configuration makes.

        What this driver has created does not, whatever a webhook of the cluster made of its labels
        and annotations.
        """
        return job["metadata"]["uid"] != self.uid and spec_hash_of(job) != self.spec_hash

    def is_elsewhere(self, job: KubeObject) -> bool:
        """Whether a Job is in another queue. Kueue may have put what has none into a default."""
        return job["metadata"]["uid"] != self.uid and queue_of(job) != self.queue

    def enter(self, state: StageState) -> None:
        """Note what the stage is doing now."""
        if state.phase != self.state.phase:
            self._phase_since = time.monotonic()
        self.state = state

    def wait_for(self, error: AlJobError, fields: Mapping[str, object]) -> None:
        """Note that the store or the cluster does not answer, and raise it if that lasts.

        Args:
            error: What a call ended with.
            fields: What identifies the stage in a log line.
        """
        self.unknown_since = self.unknown_since or time.monotonic()
        seconds_away = time.monotonic() - self.unknown_since
        if seconds_away > SECONDS_OF_OUTAGE or isinstance(error, ExhaustedError | SupersededError):
            raise error
        log.get().warning("driver.waits", reason=str(error), **fields)
        self.state = StageState("unknown", str(error))
