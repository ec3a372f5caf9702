"""Metrics of a driver, as Prometheus reads them."""

import socket
from contextlib import closing
from datetime import UTC, datetime, timedelta
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families
from structlog.testing import capture_logs

from job.artifacts.usage import Usage
from job.keys import RoundRef
from job.launch.observer import JobEnd, PodEnd
from job.progress import ArmStatus, RoundStatus, StageStatus, Status
from job.records.pace import NO_PACE, Pace
from job.telemetry.metrics import Metrics

TRAIN = RoundRef("exp", 0, "random", 1).stage("train")
SCORE = RoundRef("exp", 0, "random", 1).stage("score")
BEGAN = datetime(2026, 11, 30, 10, tzinfo=UTC)


@pytest.fixture(scope="module")
def address() -> tuple[Metrics, str]:
    """Metrics that are answered on some port."""
    metrics = Metrics()
    return metrics, f"http://127.0.0.1:{metrics.serve(0)}/metrics"


def samples(address: str) -> dict[str, float]:
    with urlopen(address, timeout=5) as answer:  # noqa: S310 - the test's own server
        text = answer.read().decode()
    return {
        f"{each.name}{sorted(each.labels.items())}": each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def pod(name: str, minutes: int, code: int = 0) -> PodEnd:
    return PodEnd(name, "gpu-1", BEGAN, BEGAN + timedelta(minutes=minutes), code)


def test_what_ended_is_counted(address: tuple[Metrics, str]) -> None:
    """By stage, result and exit code; a histogram has the seconds."""
    metrics, url = address
    pods = (pod("a", 3, 137), pod("b", 5))
    usage = Usage(1, 40.0, 480.0, 960.0, 0.5, 2, 1)
    metrics.job_ended(JobEnd(TRAIN, "t-1", 1, BEGAN, pods, usage))
    metrics.job_ended(JobEnd(TRAIN, "t-2", 2, BEGAN, (), Usage(jobs=1), "no node"))
    found = samples(url)
    assert not [name for name in found if "_created" in name]
    assert found["al_voc_jobs_total[('result', 'done'), ('stage', 'train')]"] == 1
    assert found["al_voc_jobs_total[('result', 'failed'), ('stage', 'train')]"] == 1
    assert found["al_voc_pods_total[('exit_code', '137'), ('stage', 'train')]"] == 1
    assert found["al_voc_pods_total[('exit_code', '0'), ('stage', 'train')]"] == 1
    assert found["al_voc_gpu_seconds_total[('stage', 'train')]"] == 960
    assert found["al_voc_money_total[('stage', 'train')]"] == 0.5
    assert found["al_voc_stage_seconds_sum[('stage', 'train')]"] == 300
    assert found["al_voc_queue_seconds_bucket[('le', '30.0'), ('stage', 'train')]"] == 0
    assert found["al_voc_queue_seconds_bucket[('le', '60.0'), ('stage', 'train')]"] == 1


def test_the_speed_of_stages_is_told(address: tuple[Metrics, str]) -> None:
    """Sums, by whose ratio a mean is known, and the memory of the last; nothing of a selection."""
    metrics, url = address
    for ref, pace in (
        (SCORE, Pace(300, 10.0, 4.0, 2048)),
        (SCORE, Pace(100, 10.0, 1.0, 1024)),
        (SCORE.round.stage("select"), NO_PACE),
    ):
        metrics.job_ended(JobEnd(ref, "s-1", 1, BEGAN, (), Usage(jobs=1, pace=pace)))
    found = samples(url)
    assert found["al_voc_images_total[('stage', 'score')]"] == 400
    assert found["al_voc_image_seconds_total[('stage', 'score')]"] == 20
    assert found["al_voc_waiting_seconds_total[('stage', 'score')]"] == 5
    assert found["al_voc_gpu_memory_peak_bytes[('stage', 'score')]"] == 1 << 30
    assert "al_voc_images_total[('stage', 'select')]" not in found


def test_counters_are_there_before_there_is_something_to_count() -> None:
    """From nothing to 1 is no increase for Prometheus, so the first failure would not be seen."""
    registry = Metrics().registry
    for name, labels in (
        ("jobs_total", {"stage": "train", "result": "failed"}),
        ("pods_total", {"stage": "report", "exit_code": "137"}),
        ("gpu_seconds_total", {"stage": "score"}),
        ("stage_seconds_count", {"stage": "select"}),
        ("images_total", {"stage": "evaluate"}),
    ):
        assert registry.get_sample_value(f"al_voc_{name}", labels) == 0


def test_states_are_those_of_the_last_look(address: tuple[Metrics, str]) -> None:
    """A state in which no stage is any more has no sample."""
    metrics, url = address
    running, pending = StageStatus(state="running"), StageStatus(state="pending")
    metrics.looked({TRAIN: pending, SCORE: running})
    metrics.looked({TRAIN: running, SCORE: running})
    found = {name: value for name, value in samples(url).items() if "al_voc_stages[" in name}
    assert found == {
        "al_voc_stages[('stage', 'score'), ('state', 'running')]": 1,
        "al_voc_stages[('stage', 'train'), ('state', 'running')]": 1,
    }


def test_the_phase_and_the_heartbeat(address: tuple[Metrics, str]) -> None:
    """One phase at a time, and when the driver was last heard of."""
    metrics, url = address
    metrics.phase_changed("waiting", "")
    metrics.phase_changed("running", "")
    found = samples(url)
    assert [name for name in found if "al_voc_phase" in name] == [
        "al_voc_phase[('phase', 'running')]"
    ]
    now = datetime.now(UTC).timestamp()
    assert 0 <= now - found["al_voc_heartbeat_timestamp_seconds[]"] < 60


def test_a_driver_that_waits_for_an_ingest_is_alive() -> None:
    """It has no stages, and its phase stays as it is: the status is told at each beat."""
    metrics = Metrics()
    metrics.told(Status(experiment="exp", rounds=[]))
    beat = metrics.registry.get_sample_value("al_voc_heartbeat_timestamp_seconds")
    assert beat == pytest.approx(datetime.now(UTC).timestamp(), abs=60)


def test_rounds_and_their_metric(address: tuple[Metrics, str]) -> None:
    """Of each arm, whether its rounds are told one by one, or summed up."""
    metrics, url = address
    done = {"evaluate": StageStatus(state="done")}
    rounds = [
        RoundStatus(seed=None, arm="", round=0, stages={}),
        RoundStatus(seed=0, arm="a", round=0, planned=("evaluate",), stages=done, map50=0.25),
        RoundStatus(seed=0, arm="a", round=1, planned=("evaluate",), stages=done, map50=0.5),
        RoundStatus(seed=0, arm="a", round=2, planned=("evaluate",), stages={}),
    ]
    metrics.told(Status(experiment="exp", rounds=rounds))
    arms = (ArmStatus(arm="b", rounds_done=7, rounds=9, map50=0.75),)
    metrics.told(Status(experiment="exp", rounds=[], arms=arms))
    found = samples(url)
    assert found["al_voc_rounds[('arm', 'a'), ('state', 'planned')]"] == 3
    assert found["al_voc_rounds[('arm', 'a'), ('state', 'done')]"] == 2
    assert found["al_voc_map50[('arm', 'a')]"] == 0.5
    assert found["al_voc_rounds[('arm', 'b'), ('state', 'done')]"] == 7
    assert found["al_voc_map50[('arm', 'b')]"] == 0.75


def test_requests_are_counted(address: tuple[Metrics, str]) -> None:
    """By verb and answer."""
    metrics, url = address
    metrics.requested("GET", 200)
    metrics.requested("GET", 200)
    metrics.requested("POST", 0)
    found = samples(url)
    assert found["al_voc_api_requests_total[('code', '200'), ('verb', 'GET')]"] == 2
    assert found["al_voc_api_requests_total[('code', '0'), ('verb', 'POST')]"] == 1


@pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="this machine has no IPv6")
def test_a_cluster_of_either_protocol_is_answered(address: tuple[Metrics, str]) -> None:
    """A pod has addresses of IPv4, of IPv6 or of both, and Prometheus asks one of them."""
    metrics, url = address
    metrics.requested("PATCH", 200)
    by_ipv6 = samples(url.replace("127.0.0.1", "[::1]"))
    name = "al_voc_api_requests_total[('code', '200'), ('verb', 'PATCH')]"
    assert by_ipv6[name] == samples(url)[name] == 1


def test_a_machine_without_ipv6_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    """By IPv4 alone."""
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    port = Metrics().serve(0)
    assert samples(f"http://127.0.0.1:{port}/metrics")
    with pytest.raises(OSError, match="refused"):
        samples(f"http://[::1]:{port}/metrics")


def test_a_port_that_is_taken_ends_nothing() -> None:
    """A run is worth more than its metrics."""
    with closing(socket.socket()) as taken, capture_logs() as logs:
        taken.bind(("0.0.0.0", 0))  # noqa: S104 - as the server does
        taken.listen()
        assert Metrics().serve(taken.getsockname()[1]) == 0
    assert [each["event"] for each in logs] == ["metrics.off"]
