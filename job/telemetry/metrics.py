"""Metrics of a driver, which Prometheus reads at `/metrics`.

Counters begin anew with each driver, as Prometheus expects. What the store knows of earlier ones is
in the status.
"""

import time
from collections import Counter as CountOf

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    start_http_server,
)

from job.board import arm_statuses
from job.errors import TemporaryError
from job.keys import REPORT, STAGES, Stage
from job.launch.kubernetes.job_spec import PERMANENT
from job.launch.observer import JobEnd, Observer
from job.progress import Phase, States, Status
from job.records.pace import Pace
from job.runtime import log
from job.runtime.listening import any_address

PORT = 9464
_BUCKETS = (1, 5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)
"""Of seconds: a drawn quickstart has stages of seconds, a large training takes hours."""
_EXIT_CODES = (0, 1, *PERMANENT, TemporaryError.exit_code, 137, 143)
"""How pods usually end: well, by a bug, as al-voc says, killed, or asked to stop."""


class Metrics(Observer):
    """The metrics of one driver, in a registry of their own."""

    def __init__(self) -> None:
        # Not a second series beside each counter and histogram.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._heartbeat = self._gauge(
            "heartbeat_timestamp_seconds", "When the driver looked at the cluster last, since 1970"
        )
        self._phase = self._gauge("phase", "1 for what the driver is doing", "phase")
        self._stages = self._gauge(
            "stages", "Stages that were started and have not ended", "stage", "state"
        )
        self._rounds = self._gauge("rounds", "Rounds of an arm, of all seeds", "arm", "state")
        self._map50 = self._gauge(
            "map50",
            "mAP at IoU 0.5 of each seed's last round that was evaluated, their mean",
            "arm",
        )
        self._seconds = self._histogram("stage_seconds", "From a stage's first pod until its end")
        self._queue = self._histogram("queue_seconds", "From a Job's creation until its first pod")
        self._jobs = self._counter("jobs", "Jobs of stages that have ended", "stage", "result")
        self._pods = self._counter("pods", "Pods of stages that have ended", "stage", "exit_code")
        self._gpu = self._counter("gpu_seconds", "Seconds that pods have held GPUs", "stage")
        self._money = self._counter("money", "What these GPUs cost", "stage")
        self._images = self._counter("images", "Images that a network saw", "stage")
        self._image_seconds = self._counter("image_seconds", "Seconds that they took", "stage")
        self._waiting = self._counter(
            "waiting_seconds", "Of these, how many passed until images were read", "stage"
        )
        self._gpu_memory = self._gauge(
            "gpu_memory_peak_bytes", "GPU memory that a process of the last one took", "stage"
        )
        self._api = self._counter("api_requests", "Requests to the cluster", "verb", "code")
        self._begin_at_zero()

    def _begin_at_zero(self) -> None:
        """Tell counters before there is something to count: a step from nothing is not seen."""
        for stage in (*STAGES, REPORT):
            for result in ("done", "failed"):
                self._jobs.labels(stage, result)
            for code in _EXIT_CODES:
                self._pods.labels(stage, code)
            for each in (self._gpu, self._money, self._seconds, self._queue):
                each.labels(stage)
        for stage in ("train", "evaluate", "score"):
            for counter in (self._images, self._image_seconds, self._waiting):
                counter.labels(stage)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(f"al_voc_{name}", what, labels, registry=self.registry)

    def _counter(self, name: str, what: str, *labels: str) -> Counter:
        return Counter(f"al_voc_{name}", what, labels, registry=self.registry)

    def _histogram(self, name: str, what: str) -> Histogram:
        return Histogram(
            f"al_voc_{name}", what, ("stage",), registry=self.registry, buckets=_BUCKETS
        )

    def phase_changed(self, phase: Phase, message: str) -> None:  # noqa: ARG002 - a label's values are few
        """Note what the driver is doing."""
        self._beat()
        self._phase.clear()
        self._phase.labels(phase).set(1)

    def looked(self, states: States) -> None:
        """Note what the started stages are doing."""
        self._beat()
        self._stages.clear()
        counts = CountOf((ref.stage, status.state) for ref, status in states.items())
        for labels, count in counts.items():
            self._stages.labels(*labels).set(count)

    def told(self, status: Status) -> None:
        """Note where the rounds stand."""
        self._beat()
        for arm in status.arms or arm_statuses(status.rounds):
            self._rounds.labels(arm.arm, "planned").set(arm.rounds)
            self._rounds.labels(arm.arm, "done").set(arm.rounds_done)
            if arm.map50 is not None:
                self._map50.labels(arm.arm).set(arm.map50)

    def job_ended(self, end: JobEnd) -> None:
        """Count a Job, and what it took."""
        stage = end.ref.stage
        self._jobs.labels(stage, end.result).inc()
        self._gpu.labels(stage).inc(end.usage.gpu_seconds)
        self._money.labels(stage).inc(end.usage.money)
        self._count_images(stage, end.usage.pace)
        for pod in end.pods:
            self._pods.labels(stage, pod.exit_code).inc()
        if end.pods:
            first, last = min(p.began for p in end.pods), max(p.ended for p in end.pods)
            self._seconds.labels(stage).observe((last - first).total_seconds())
            self._queue.labels(stage).observe(end.usage.queue_seconds)

    def _count_images(self, stage: Stage, pace: Pace) -> None:
        if not pace.images:
            return
        self._images.labels(stage).inc(pace.images)
        self._image_seconds.labels(stage).inc(pace.seconds)
        self._waiting.labels(stage).inc(pace.waiting_seconds)
        self._gpu_memory.labels(stage).set(pace.gpu_mib << 20)

    def requested(self, verb: str, code: int) -> None:
        """Count a request to the cluster; code 0: it was not answered."""
        self._api.labels(verb, code).inc()

    def _beat(self) -> None:
        self._heartbeat.set(time.time())

    def serve(self, port: int = PORT) -> int:
        """Answer Prometheus in a thread of its own, until the process ends.

        A port that is taken is logged, and ends nothing.

        Returns:
            The port; 0: none.
        """
        try:
            server, _ = start_http_server(port, addr=any_address()[1], registry=self.registry)
        except OSError as error:
            log.get().warning("metrics.off", reason=f"port {port}: {error.strerror}")
            return 0
        return int(server.server_port)
