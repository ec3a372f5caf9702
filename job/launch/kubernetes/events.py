"""Events of the cluster about an experiment: `kubectl describe job` of the driver's shows them."""

import time
from datetime import UTC, datetime

from job.errors import ConfigError, TemporaryError
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.settings import KubeObject
from job.launch.observer import JobEnd, Observer
from job.progress import Phase, States
from job.runtime import log

SECONDS_OFF = 300.0
"""After an event that the cluster did not take, none is told for so long: a run is not held up."""
_MAX_MESSAGE = 1024
_STATES = {"running": "StageStarted", "queued": "StageQueued"}
_PHASES: dict[Phase, tuple[str, str]] = {
    "finished": ("Normal", "ExperimentFinished"),
    "annotating": ("Normal", "ExperimentAnnotating"),
    "needs labels": ("Normal", "ExperimentNeedsLabels"),
    "failed": ("Warning", "ExperimentFailed"),
}


class EventRecorder(Observer):
    """Tells the cluster what becomes of stages, as events of the driver's Job."""

    def __init__(self, cluster: Cluster, pod: str) -> None:
        """Create a recorder.

        Args:
            cluster: The driver's namespace.
            pod: The driver's pod, whose name is its Job's and a suffix.
        """
        self._cluster = cluster
        self._job = pod.rpartition("-")[0]
        self._subject: KubeObject | None = None
        self._before: States = {}
        self._off_until = float("-inf")

    def looked(self, states: States) -> None:
        """Tell which stages have started, or are in a queue."""
        for ref, status in states.items():
            reason = _STATES.get(status.state)
            before = self._before.get(ref)
            if reason and (before is None or before.state != status.state):
                self._record("Normal", reason, f"{ref}: {status.reason or status.state}")
        self._before = states

    def job_ended(self, end: JobEnd) -> None:
        """Tell how a stage ended."""
        if end.error:
            self._record("Warning", "StageFailed", f"{end.error} (Job {end.name})")
        else:
            num = end.usage.pods
            took = f"{end.usage.pod_seconds:.0f} s in {num} {'pod' if num == 1 else 'pods'}"
            self._record("Normal", "StageDone", f"{end.ref}: {took} (Job {end.name})")

    def phase_changed(self, phase: Phase, message: str) -> None:
        """Tell how the experiment ends."""
        if phase in _PHASES:
            self._record(*_PHASES[phase], message or phase)

    def _record(self, kind: str, reason: str, message: str) -> None:
        if time.monotonic() < self._off_until:
            return
        try:
            if self._subject is None:
                self._subject = self._find()
            self._cluster.create_event(self._event(self._subject, kind, reason, message))
        except (TemporaryError, ConfigError) as error:
            self._off_until = time.monotonic() + SECONDS_OFF
            log.get().warning("events.off", seconds=SECONDS_OFF, reason=str(error))

    def _find(self) -> KubeObject:
        """Return a reference to the driver's Job.

        Raises:
            ConfigError: There is none of its name.
        """
        for job in self._cluster.named_like({"kind": "Job", "metadata": {"name": self._job}}):
            metadata = {key: job["metadata"][key] for key in ("name", "namespace", "uid")}
            return {"apiVersion": "batch/v1", "kind": "Job", **metadata}
        message = f"there is no Job {self._job}"
        raise ConfigError(message)

    def _event(self, subject: KubeObject, kind: str, reason: str, message: str) -> KubeObject:
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {
                "name": f"{self._job}.{time.time_ns():x}",
                "namespace": subject["namespace"],
            },
            "involvedObject": subject,
            "type": kind,
            "reason": reason,
            "message": message[:_MAX_MESSAGE],
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
            "source": {"component": "al-voc-driver"},
        }
