"""Traces of an experiment, as a collector gets them: over HTTP, in OpenTelemetry's protocol."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from structlog.testing import capture_logs

from job.artifacts.usage import Usage
from job.keys import RoundRef
from job.launch.observer import JobEnd, PodEnd
from job.records.pace import Pace
from job.runtime.trace import TraceIds
from job.telemetry.traces import Traces
from job.whole import WholeRef
from tests.unit.telemetry.receiver import Receiver

ROUND = RoundRef("voc", 0, "random", 1)
TRAIN = ROUND.stage("train")
IDS = TraceIds("s3://bucket", "voc")
UNSET, ERROR = 0, 2
"""How the protocol numbers the status of a span."""
BEGAN = datetime(2026, 11, 30, 10, tzinfo=UTC)


def minutes(number: float) -> datetime:
    return BEGAN + timedelta(minutes=number)


def times(span: Any) -> tuple[float, float]:
    """Begin and end, in minutes since the first."""
    began = BEGAN.timestamp() * 1e9
    ends = span.start_time_unix_nano, span.end_time_unix_nano
    return (ends[0] - began) / 60e9, (ends[1] - began) / 60e9


class Collector(Receiver):
    """Takes spans, or does not."""

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.posts]

    @property
    def requests(self) -> list[ExportTraceServiceRequest]:
        return [ExportTraceServiceRequest.FromString(body) for _, body in self.posts]

    @property
    def spans(self) -> dict[str, Any]:
        """By the name of the pod, or their own."""
        found = [
            span
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]
        named = {str(attributes(span).get("k8s.pod.name", span.name)): span for span in found}
        assert len(named) == len(found)
        return named


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    """A collector that the standard variables name."""
    with Collector() as server:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.url)
        yield server


def attributes(has_some: Any) -> dict[str, object]:
    return {
        each.key: getattr(each.value, each.value.WhichOneof("value"))
        for each in has_some.attributes
    }


def end(error: str = "") -> JobEnd:
    pods = (
        PodEnd("t-1-a", "gpu-1", minutes(2), minutes(5), 137, "al-job@sha256:1"),
        PodEnd("t-1-b", "gpu-2", minutes(5), minutes(9), 0, "al-job@sha256:1"),
    )
    usage = Usage(1, 120.0, 420.0, 420.0, 0.0, 2, 1, Pace(160, 4.0, 1.0, 0))
    return JobEnd(TRAIN, "t-1", 1, BEGAN, pods, usage, error)


def test_an_experiment_is_one_trace(collector: Collector) -> None:
    """Experiment, round, Job and pods: each below the other, with the times of the cluster."""
    traces = Traces(IDS, "team", "al-voc")
    traces.job_ended(end())
    traces.round_done(ROUND)
    traces.phase_changed("finished", "")
    traces.provider.shutdown()
    assert set(collector.paths) == {"/v1/traces"}
    spans = collector.spans
    assert {span.trace_id.hex() for span in spans.values()} == {IDS.trace_id}
    experiment, of_round, train = (
        spans[name].span_id.hex() for name in ("experiment", "round 1", "train")
    )
    assert {name: span.parent_span_id.hex() for name, span in spans.items()} == {
        "experiment": "",
        "round 1": experiment,
        "train": of_round,
        "t-1-a": train,
        "t-1-b": train,
    }
    assert train == IDS.span_id(TRAIN.prefix, 1)  # which the log lines of its pods have
    assert times(spans["train"]) == times(spans["round 1"]) == (0, 9)
    assert times(spans["t-1-a"]) == (2, 5)
    assert times(spans["experiment"])[0] == 0


def test_a_pod_has_its_node_and_its_exit_code(collector: Collector) -> None:
    """Also the one that failed, though the Job was done in the end."""
    traces = Traces(IDS, "team", "al-voc")
    traces.job_ended(end())
    traces.provider.shutdown()
    spans = collector.spans
    told = attributes(spans["t-1-a"])
    assert (told["k8s.node.name"], told["process.exit.code"]) == ("gpu-1", 137)
    assert (told["al_voc.seed"], told["al_voc.arm"], told["al_voc.round"]) == ("0", "random", "1")
    codes = {name: span.status.code for name, span in spans.items()}
    assert codes == {"train": UNSET, "t-1-a": ERROR, "t-1-b": UNSET}
    told = attributes(spans["train"])
    assert (told["al_voc.attempt"], told["al_voc.queue_seconds"]) == (1, 120.0)
    assert told["al_voc.images_per_second"] == 40.0


def test_what_failed_says_why(collector: Collector) -> None:
    """A Job without a pod, and the experiment that ends with it."""
    traces = Traces(IDS, "team", "al-voc")
    traces.job_ended(replace(end("no node has a GPU"), pods=(), created=datetime.now(UTC)))
    traces.phase_changed("failed", "no node has a GPU")
    traces.provider.shutdown()
    spans = collector.spans
    assert spans["train"].status.message == "no node has a GPU"
    assert spans["experiment"].status.message == "failed: no node has a GPU"
    assert spans["experiment"].status.code == ERROR


def test_what_continues_is_not_told_yet(collector: Collector) -> None:
    """A driver that is stopped leaves the experiment to the next one; the report has no round."""
    traces = Traces(IDS, "team", "al-voc")
    traces.phase_changed("stopped", "")
    traces.round_done(ROUND)  # all of its Jobs ended while no driver ran
    traces.job_ended(replace(end(), ref=WholeRef.report("voc"), pods=()))
    traces.provider.shutdown()
    [span] = collector.spans.values()
    assert (span.name, span.parent_span_id.hex()) == ("report", IDS.span_id())


def test_a_job_that_ended_without_a_driver_is_told_once(collector: Collector) -> None:
    """It is removed then; one that failed stays for a day, and each driver finds it again."""
    traces = Traces(IDS, "team", "al-voc")
    traces.job_found(end("exit code 1"))
    traces.job_found(replace(end(), attempt=2))
    traces.provider.shutdown()
    assert attributes(collector.spans["train"])["al_voc.attempt"] == 2


def test_variables_say_whose_spans_they_are(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The standard ones have precedence over what the program says of itself."""
    monkeypatch.setenv("OTEL_SERVICE_NAME", "ours")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment=test")
    traces = Traces(IDS, "team", "al-voc")
    traces.job_ended(end())
    traces.provider.shutdown()
    told = attributes(collector.requests[0].resource_spans[0].resource)
    assert (told["service.name"], told["k8s.namespace.name"]) == ("ours", "team")
    assert (told["deployment.environment"], told["al_voc.release"]) == ("test", "al-voc")


def test_a_collector_that_takes_nothing_ends_nothing(collector: Collector) -> None:
    """One line of the log says so, however many spans are lost."""
    collector.status = 400
    traces = Traces(IDS, "team", "al-voc")
    with capture_logs() as logs:
        for _ in range(2):
            traces.job_ended(end())
            traces.provider.force_flush()
        traces.provider.shutdown()
    assert len(collector.requests) == 2
    assert [each["event"] for each in logs] == ["traces.lost"]
