"""What the pods of a traced experiment are told of their trace."""

import pytest

from job.launch.kubernetes.job_spec import SPEC_HASH, make_job
from job.runtime.trace import TraceIds
from tests.unit.launch.kubernetes.conftest import Release
from tests.unit.launch.kubernetes.double.scenarios import Attempt


def parents(release: Release) -> dict[str, list[str]]:
    """Run round 0, and return `TRACEPARENT` of each stage's pods; empty: it has none."""
    found: dict[str, list[str]] = {}

    def note(attempt: Attempt) -> None:
        [container] = attempt.job["spec"]["template"]["spec"]["containers"]
        env = {each["name"]: each.get("value") for each in container.get("env", [])}
        found.setdefault(attempt.arguments[0], []).append(env.get("TRACEPARENT", ""))

    release.behaviour = note
    release.run()
    return found


@pytest.fixture
def traced(release: Release, monkeypatch: pytest.MonkeyPatch) -> Release:
    """A release with a collector."""
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel:4318")
    return release


def test_each_stage_is_told_its_span(traced: Release) -> None:
    """The one of its Job, in the trace that whoever knows the store and the experiment finds."""
    ids = TraceIds(traced.store.url, "tiny")
    stages = ("select", "annotate", "train", "evaluate")
    expected = {stage: [ids.parent(traced.ref(stage).prefix, 1)] for stage in stages}
    assert parents(traced) == expected


def test_the_pods_of_a_set_are_told_the_same(traced: Release) -> None:
    """A training in several pods is one Job, or one JobSet."""
    traced.launch = traced.launch.model_copy(update={"train_nodes": 2})
    traced.double.has_job_sets = True
    ids = TraceIds(traced.store.url, "tiny")
    assert parents(traced)["train"] == [ids.parent(traced.ref("train").prefix, 1)] * 2


def test_without_a_collector_nothing_is_told(release: Release) -> None:
    """No variable is set."""
    assert set(map(tuple, parents(release).values())) == {("",)}


def test_a_variable_of_the_template_stays(traced: Release) -> None:
    """Who sets it has a trace of their own."""
    traced.launch = traced.launch.model_copy(deep=True)
    container = traced.launch.templates["train"]["spec"]["template"]["spec"]["containers"][0]
    container["env"] = [{"name": "TRACEPARENT", "value": "theirs"}]
    assert parents(traced)["train"] == ["theirs"]


def test_a_job_of_before_is_adopted(traced: Release) -> None:
    """The spec hash is that of a Job that is not traced: an upgrade replaces nothing."""
    found: list[str] = []

    def note(attempt: Attempt) -> None:
        found.append(attempt.job["metadata"]["annotations"][SPEC_HASH])

    traced.behaviour = note
    traced.run()
    refs = [traced.ref(stage) for stage in ("select", "annotate", "train", "evaluate")]
    jobs = [make_job(traced.launch, traced.config, ref, 1) for ref in refs]
    assert found == [job["metadata"]["annotations"][SPEC_HASH] for job in jobs]
