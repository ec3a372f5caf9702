"""What events warn of, for stages that do not move."""

import time

from job.launch.kubernetes.client import Cluster

SECONDS_BETWEEN_READS = 10.0
"""The API server reads all events of the namespace, whichever are asked for."""


class Warnings:
    """The latest warning about each object of a namespace, by one request for all of them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._texts: dict[str, str] = {}
        self._next_read = float("-inf")

    def about(self, name: str) -> str:
        """Return the latest warning about an object of this name, or an empty text.

        Raises:
            TemporaryError: The cluster does not answer.
            DeniedError: It does not allow this.
        """
        return self._read().get(name, "")

    def about_workload(self, job: str) -> str:
        """Return a warning about a Job's Workload of Kueue, or an empty text."""
        begins = (f"job-{job}-", f"jobset-{job}-")
        return next((text for name, text in self._read().items() if name.startswith(begins)), "")

    def _read(self) -> dict[str, str]:
        if time.monotonic() >= self._next_read:
            self._texts = self._cluster.warnings()
            self._next_read = time.monotonic() + SECONDS_BETWEEN_READS
        return self._texts
