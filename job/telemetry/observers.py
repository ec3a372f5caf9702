"""Who is told of an experiment, by the launch settings and the environment."""

import os
from collections.abc import Iterator, Mapping

from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.events import EventRecorder
from job.launch.kubernetes.settings import LaunchConfig
from job.launch.observer import Observer
from job.runtime import log
from job.runtime.trace import TraceIds, is_traced
from job.telemetry.message import Message, notify_url
from job.telemetry.metrics import Metrics


def observers_of(launch: LaunchConfig, cluster: Cluster, ids: TraceIds) -> list[Observer]:
    """Return those who are told of an experiment on a cluster, each ready.

    Args:
        launch: How it is launched.
        cluster: Where.
        ids: The experiment, and of its trace, if there is one.

    Raises:
        ConfigError: A secret that is named cannot be read.
    """
    found: list[Observer] = []
    if launch.metrics:
        metrics = Metrics()
        metrics.serve()
        cluster.on_answer = metrics.requested
        found.append(metrics)
    if pod := os.environ.get("AL_ATTEMPT"):
        found.append(EventRecorder(cluster, pod))
    if url := notify_url():
        found.append(Message(url, ids.experiment, launch.release))
    found += _traces(launch, ids, os.environ)
    return found


def _traces(
    launch: LaunchConfig, ids: TraceIds, environment: Mapping[str, str]
) -> Iterator[Observer]:
    """Yield who sends traces, if somebody takes them."""
    if not is_traced(environment):
        return
    log.everywhere(trace_id=ids.trace_id)
    protocol = environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL") or environment.get(
        "OTEL_EXPORTER_OTLP_PROTOCOL"
    )
    if protocol not in {None, "", "http/protobuf"}:
        _warn(f"OTEL_EXPORTER_OTLP_PROTOCOL: {protocol}: only http/protobuf is known; set that")
        return
    try:
        from job.telemetry.traces import Traces  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError as error:
        _warn(f"{error}: install al-voc[otel], or unset the variables OTEL_EXPORTER_OTLP_*")
        return
    try:
        traces = Traces(ids, launch.namespace, launch.release)
    except ValueError as error:  # a variable that its SDK refuses
        _warn(f"{error}; correct the variables OTEL_*")
        return
    yield traces


def _warn(reason: str) -> None:
    log.get().warning("traces.off", reason=reason)
