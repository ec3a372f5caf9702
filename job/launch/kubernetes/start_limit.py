"""For how long a Job may be kept from starting. Kubernetes itself would wait forever."""

import time
from dataclasses import dataclass
from typing import Literal

from job.launch.kubernetes.job_state import StageState
from job.launch.kubernetes.settings import LaunchConfig

_LONGEST_BACKOFF = 600.0
"""Kubernetes waits at most so many seconds before it replaces a pod that failed."""


@dataclass
class StartLimit:
    """Since when something keeps a Job from starting."""

    _cause: Literal["image", "pods"] | None = None
    _since: float = 0.0

    def passed(self, state: StageState, launch: LaunchConfig) -> str:
        """Return what to say of a Job that has been kept from starting for too long.

        Args:
            state: What it is doing now.
            launch: The limits.

        Returns:
            An empty text while it may be waited for.
        """
        cause = _cause(state)
        if cause != self._cause:
            self._cause, self._since = cause, time.monotonic()
        seconds = time.monotonic() - self._since
        if cause == "image" and seconds >= launch.image_error_seconds:
            return (
                f"the container image cannot be pulled: {state.reason}; "
                "correct the chart's image.* values and upgrade"
            )
        limit = None if launch.queue_name else launch.pending_seconds
        # A replacement may be kept from starting, too: the quota may be used up meanwhile.
        backoff = _LONGEST_BACKOFF if state.is_retry else 0.0
        if cause == "pods" and limit and seconds >= limit + backoff:
            return (
                f"no pod could start for {limit:g} s (launch.pendingSeconds): {state}; "
                "make room for it, or correct the chart's values and upgrade"
            )
        return ""


def _cause(state: StageState) -> Literal["image", "pods"] | None:
    """Return what keeps a Job from starting: its image, or a node, a volume or a quota."""
    if state.phase == "image":
        return "image"
    return "pods" if state.phase in {"quota", "pending", "starting"} else None
