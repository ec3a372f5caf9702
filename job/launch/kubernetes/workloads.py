"""What Kueue says of the Jobs that it keeps waiting. It says so in no event."""

import time

from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.settings import KubeObject

SECONDS_BETWEEN_READS = 10.0
_CONDITIONS = ("QuotaReserved", "Admitted")
"""What has to be true before a Job begins, in order."""


class Workloads:
    """The Workloads of a namespace, which Kueue makes of Jobs, by one request for all of them."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._words: dict[str, str] = {}
        self._next_read = float("-inf")

    def about(self, job: KubeObject) -> str:
        """Return why Kueue does not admit a Job, or an empty text.

        Raises:
            TemporaryError: The cluster does not answer.
        """
        if time.monotonic() >= self._next_read:
            self._words = {
                owner["uid"]: _why_waiting(each)
                for each in self._cluster.workloads()
                for owner in each["metadata"].get("ownerReferences", [])
            }
            self._next_read = time.monotonic() + SECONDS_BETWEEN_READS
        return self._words.get(job["metadata"]["uid"], "")


def set_active(cluster: Cluster, job: KubeObject, *, active: bool) -> bool:
    """Say whether Kueue may run a Job that it manages. It resumes one that is merely suspended.

    Returns:
        Whether Kueue manages it.

    Raises:
        TemporaryError: The cluster does not answer.
        DeniedError: It does not allow this.
    """
    uid = job["metadata"]["uid"]
    found = [
        each["metadata"]["name"]
        for each in cluster.workloads()
        if uid in {owner["uid"] for owner in each["metadata"].get("ownerReferences", [])}
    ]
    for name in found:
        cluster.change_workload(name, {"spec": {"active": active}})
    return bool(found)


def _why_waiting(workload: KubeObject) -> str:
    """Return the message of the first condition that is not met."""
    found = {each["type"]: each for each in workload.get("status", {}).get("conditions", [])}
    for name in _CONDITIONS:
        if name in found and found[name]["status"] == "False":
            message: str = found[name].get("message", "")
            return message
    return ""
