"""Traces of an experiment for OpenTelemetry: an optional extra.

The experiment is the trace. Below it is a span for each round, below that for each Job of a stage,
and below that for each of its pods. The driver makes all of them from what the cluster says, when
they have ended, so stages need no way to the collector.
"""

import logging
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.metadata import version

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from job.keys import RoundRef
from job.launch.observer import JobEnd, Observer, PodEnd
from job.progress import OVER, Phase
from job.runtime import log
from job.runtime.trace import TraceIds

SECONDS_BETWEEN_LINES = 300.0
"""A collector that does not answer is logged that often at most."""
_Attributes = Mapping[str, str | int | float]
_Times = tuple[datetime, datetime]


class Traces(Observer):
    """Sends a span for each round, Job and pod that has ended, and last for the experiment."""

    def __init__(self, ids: TraceIds, namespace: str, release: str) -> None:
        """Connect to the collector that the OTEL_* variables name. It need not answer.

        Args:
            ids: Of the experiment.
            namespace: Where its Jobs are.
            release: The Helm release.
        """
        self._ids = ids
        self._next = _NextIds(int(ids.trace_id, 16))
        ours = {
            "service.name": "al-voc",
            "service.version": version("al-voc"),
            "k8s.namespace.name": namespace,
            "al_voc.release": release,
        }
        resource = Resource(ours).merge(OTELResourceDetector().detect())
        self.provider = TracerProvider(resource=resource, id_generator=self._next)
        """What is left is sent when the process ends."""
        self.provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self.provider.get_tracer("al-voc", version("al-voc"))
        self._began = datetime.now(UTC)
        self._rounds: dict[RoundRef, _Times] = {}
        _log_losses()

    def job_ended(self, end: JobEnd) -> None:
        """Send the Job and its pods."""
        place = end.ref.round
        until = max((pod.ended for pod in end.pods), default=datetime.now(UTC))
        times = min(end.created, until), until
        self._began = min(self._began, times[0])
        if not place.is_whole:
            self._rounds[place] = _joined(self._rounds.get(place, times), times)
        own = (end.ref.prefix, end.attempt)
        above: tuple[object, ...] = () if place.is_whole else (place.prefix,)
        self._send(end.ref.stage, own, above, times, _of_job(end), end.error)
        for pod in end.pods:
            self._send_pod(end, pod, own)

    def job_found(self, end: JobEnd) -> None:
        """Send a Job that ended while no driver ran. One that failed is found by each driver."""
        if not end.error:
            self.job_ended(end)

    def _send_pod(self, end: JobEnd, pod: PodEnd, job: tuple[object, ...]) -> None:
        attributes = {
            **_of_round(end.ref.round),
            "al_voc.stage": end.ref.stage,
            "k8s.pod.name": pod.name,
            "k8s.node.name": pod.node,
            "process.exit.code": pod.exit_code,
            "container.image.id": pod.image,
        }
        error = f"exit code {pod.exit_code}" if pod.exit_code else ""
        times = pod.began, max(pod.began, pod.ended)
        self._send(f"{end.ref.stage} pod", (*job, pod.name), job, times, attributes, error)

    def round_done(self, ref: RoundRef) -> None:
        """Send the round, from the first of its Jobs that this driver has seen."""
        if times := self._rounds.pop(ref, None):
            self._send(f"round {ref.label}", (ref.prefix,), (), times, _of_round(ref))

    def phase_changed(self, phase: Phase, message: str) -> None:
        """Send the experiment, if this is its end."""
        if phase not in OVER:
            return
        error = f"{phase}: {message}" if phase == "failed" else ""
        attributes = {"al_voc.experiment": self._ids.experiment, "al_voc.phase": phase}
        self._send("experiment", (), None, (self._began, datetime.now(UTC)), attributes, error)

    def _send(  # noqa: PLR0913, PLR0917 - what a span has
        self,
        name: str,
        own: tuple[object, ...],
        above: tuple[object, ...] | None,
        times: _Times,
        attributes: _Attributes,
        error: str = "",
    ) -> None:
        """Send a span; `own` and `above` are what its id and its parent's are made of."""
        self._next.span_id = int(self._ids.span_id(*own), 16)
        context = Context() if above is None else self._context(above)
        began, ended = (round(each.timestamp() * 1e9) for each in times)
        span = self._tracer.start_span(
            name, context, attributes=attributes, start_time=began, record_exception=False
        )
        if error:
            span.set_status(Status(StatusCode.ERROR, error))
        span.end(ended)

    def _context(self, parts: tuple[object, ...]) -> Context:
        """Return the context of a span's children."""
        parent = SpanContext(
            int(self._ids.trace_id, 16),
            int(self._ids.span_id(*parts), 16),
            is_remote=True,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
        )
        return set_span_in_context(NonRecordingSpan(parent), Context())


class _NextIds(IdGenerator):
    """Gives the next span the id that it is to have, in the one trace."""

    def __init__(self, trace_id: int) -> None:
        self._trace_id = trace_id
        self.span_id = 0

    def generate_trace_id(self) -> int:
        return self._trace_id

    def generate_span_id(self) -> int:
        return self.span_id


def _joined(one: _Times, other: _Times) -> _Times:
    return min(one[0], other[0]), max(one[1], other[1])


def _of_round(ref: RoundRef) -> dict[str, str | int]:
    return {f"al_voc.{name}": str(value) for name, value in ref.fields.items()}


def _of_job(end: JobEnd) -> _Attributes:
    return {
        **_of_round(end.ref.round),
        "al_voc.stage": end.ref.stage,
        "al_voc.attempt": end.attempt,
        "al_voc.queue_seconds": end.usage.queue_seconds,
        "al_voc.gpu_seconds": end.usage.gpu_seconds,
        "k8s.job.name": end.name,
        **{f"al_voc.{name}": value for name, value in end.usage.pace.figures.items()},
    }


def _log_losses() -> None:
    """Let what OpenTelemetry complains about be lines of our log, and few of them."""
    logger = logging.getLogger("opentelemetry")
    logger.handlers = [_Losses()]
    logger.propagate = False


class _Losses(logging.Handler):
    """Logs that spans are lost; a run does not end by it."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._quiet_until = float("-inf")

    def emit(self, record: logging.LogRecord) -> None:
        now = time.monotonic()
        if now >= self._quiet_until:
            self._quiet_until = now + SECONDS_BETWEEN_LINES
            log.get().warning("traces.lost", reason=record.getMessage())
