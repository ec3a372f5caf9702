"""Whether an experiment is traced, and the ids of its spans."""

import re

import pytest

from job.runtime.trace import TraceIds, is_traced, log_fields

IDS = TraceIds("s3://bucket/prefix", "voc")
COLLECTOR = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://otel:4318"}


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, False),
        (COLLECTOR, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://otel:4318/v1/traces"}, True),
        (COLLECTOR | {"OTEL_TRACES_EXPORTER": "otlp"}, True),
        (COLLECTOR | {"OTEL_TRACES_EXPORTER": "none"}, False),
        (COLLECTOR | {"OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_SERVICE_NAME": "voc"}, False),
    ],
)
def test_the_standard_variables_decide(environment: dict[str, str], *, expected: bool) -> None:
    """Somebody has to take traces, and nothing may switch them off."""
    assert is_traced(environment) is expected


def test_ids_are_those_of_the_experiment() -> None:
    """Whoever works them out gets the same; other experiments, stores and parts have others."""
    again = TraceIds("s3://bucket/prefix", "voc")
    assert (IDS.trace_id, IDS.span_id("a", 1)) == (again.trace_id, again.span_id("a", "1"))
    others = [TraceIds("s3://bucket/prefix", "coco"), TraceIds("s3://bucket/other", "voc")]
    assert len({each.trace_id for each in [IDS, *others]}) == 3
    assert len({IDS.span_id(), IDS.span_id("a"), IDS.span_id("a", 1), IDS.span_id("a", 2)}) == 4


def test_a_process_is_told_its_span() -> None:
    """In the form of W3C, which a log line then repeats."""
    parent = IDS.parent("a", 1)
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", parent)
    expected = {"trace_id": IDS.trace_id, "span_id": IDS.span_id("a", 1)}
    assert log_fields({"TRACEPARENT": parent}) == expected
    assert log_fields({}) == {}
    assert log_fields({"TRACEPARENT": "nonsense"}) == {}
