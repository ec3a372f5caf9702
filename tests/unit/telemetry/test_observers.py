"""Who is told of an experiment on a cluster."""

import json
import sys
from unittest.mock import Mock

import pytest

from job.keys import REPORT, STAGES
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.settings import LaunchConfig
from job.launch.observer import Observer
from job.runtime import log
from job.runtime.trace import TraceIds
from job.telemetry.observers import observers_of

IDS = TraceIds("s3://bucket", "voc")
LAUNCH = LaunchConfig(
    release="al-voc",
    namespace="team",
    owner="al-voc",
    status="al-voc-status",
    templates={stage: {} for stage in (*STAGES, REPORT)},
)


def told(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> list[Observer]:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    log.configure(json=True)
    return observers_of(LAUNCH, Mock(spec=Cluster), IDS)


def test_nobody_is_told_unless_somebody_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither metrics nor events nor messages nor traces."""
    assert told({}, monkeypatch) == []


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "grpc: only http/protobuf is known"),
        ({}, "install al-voc[otel]"),
    ],
)
def test_traces_that_cannot_be_sent_end_nothing(
    environment: dict[str, str],
    reason: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Another protocol, or no library: one line says so, and which trace its lines are of."""
    monkeypatch.setitem(sys.modules, "job.telemetry.traces", None)
    collector = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    assert told(collector | environment, monkeypatch) == []
    log.configure(json=True)
    [line] = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    assert (line["event"], line["trace_id"]) == ("traces.off", IDS.trace_id)
    assert reason in line["reason"]


def test_a_variable_that_opentelemetry_refuses_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Variables may come from a platform's webhook, and traces are no reason to fail."""
    refused = {"OTEL_BSP_SCHEDULE_DELAY": "-1"}
    collector = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}
    assert told(collector | refused, monkeypatch) == []
    log.configure(json=True)
    [line] = [json.loads(each) for each in capsys.readouterr().err.splitlines()]
    assert line["event"] == "traces.off"
    assert line["reason"].endswith("correct the variables OTEL_*")


def test_a_collector_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the variables name one."""
    [traces] = told({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, monkeypatch)
    log.configure(json=True)
    assert type(traces).__name__ == "Traces"
    traces.provider.shutdown()  # type: ignore[attr-defined]
