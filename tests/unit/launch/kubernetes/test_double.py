"""The double of the Kubernetes API behaves as the real API does, seen through our own client."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import urllib3

from job.errors import ConfigError, TemporaryError
from job.launch.kubernetes import client as kubernetes
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.refusals import DeniedError
from tests.unit.launch.kubernetes.double import pods, scenarios, transport
from tests.unit.launch.kubernetes.double.api import ApiDouble
from tests.unit.launch.kubernetes.double.transport import Fault

Json = dict[str, Any]
POLICY = {
    "rules": [
        {"action": "FailJob", "onExitCodes": {"operator": "In", "values": [64, 65, 66, 78]}},
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ]
}
BY_INDEX: Json = {"completionMode": "Indexed", "completions": 3, "parallelism": 2}
BY_INDEX |= {"backoffLimitPerIndex": 1}


def job(name: str = "a-job", labels: dict[str, str] | None = None, **spec: object) -> Json:
    """Return a Job of one container."""
    container = {"name": "stage", "image": "al-job:1", "args": ["$(JOB_COMPLETION_INDEX)/3"]}
    container["terminationMessagePolicy"] = "FallbackToLogsOnError"
    pod = {"restartPolicy": "Never", "containers": [container]}
    metadata = {"labels": labels or {"a": "b"}}
    template = {"metadata": dict(metadata), "spec": pod}
    return {"metadata": {"name": name, **metadata}, "spec": {"template": template, **spec}}


def conditions(made: Json) -> list[tuple[str, str]]:
    """Return type and reason of a Job's conditions."""
    return [(c["type"], c["reason"]) for c in made["status"].get("conditions", [])]


@pytest.fixture
def double() -> ApiDouble:
    """A namespace whose pods succeed."""
    return ApiDouble()


@pytest.fixture
def cluster(double: ApiDouble) -> Iterator[Cluster]:
    """Our client, which never retries."""
    with closing(double.client(retries=0)) as api:
        yield Cluster(api, "default")


def test_a_job_that_succeeds_is_complete(double: ApiDouble, cluster: Cluster) -> None:
    """It gets a pod with its labels at one step, which succeeds at the next."""
    assert cluster.create_job(job())
    double.tick()
    [pod] = double.pods("a-job")
    assert pod["metadata"]["labels"] == {"a": "b", "batch.kubernetes.io/job-name": "a-job"}
    double.tick()
    made = double.job("a-job")
    reached = "CompletionsReached"
    assert conditions(made) == [("SuccessCriteriaMet", reached), ("Complete", reached)]
    assert [each["status"]["phase"] for each in cluster.pods_of("a-job")] == ["Succeeded"]


def test_each_request_for_jobs_is_a_step(double: ApiDouble, cluster: Cluster) -> None:
    """The namespace moves when it is looked at."""
    cluster.create_job(job())
    assert not conditions(cluster.jobs("a=b")[0])
    assert conditions(cluster.jobs("a=b")[0])
    path = "/apis/batch/v1/namespaces/default/jobs"
    assert double.counts == {f"POST {path}": 1, f"GET {path}": 2}


def test_a_name_is_taken_once(double: ApiDouble, cluster: Cluster) -> None:
    """A second Job of a name is refused."""
    assert cluster.create_job(job())
    assert not cluster.create_job(job())
    assert double.created == ["a-job"]


def test_lists_come_in_pages_and_are_selected(double: ApiDouble, cluster: Cluster) -> None:
    """A page that has expired starts the list over."""
    for name in ("a", "b", "c"):
        cluster.create_job(job(name, {"is": "b" if name == "b" else "other"}))
    double.page_size = 1
    assert [each["metadata"]["name"] for each in cluster.jobs("is=other")] == ["a", "c"]
    assert [each["metadata"]["name"] for each in cluster.named_like(job("b"))] == ["b"]
    expired = iter([transport.EXPIRED])
    double.plan = lambda request: next(expired, None) if "continue" in request.query else None
    assert [each["metadata"]["name"] for each in cluster.jobs("")] == ["a", "a", "b", "c"]


def test_a_delete_without_propagation_policy_orphans_pods(double: ApiDouble) -> None:
    """Pods are deleted with their Job only if the request says so."""
    double.controller.behaviour = lambda _: scenarios.Running()
    with closing(double.client()) as api:
        cluster = Cluster(api, "default")
        for name in ("kept", "gone"):
            cluster.create_job(job(name))
        double.tick()
        path = "/apis/batch/v1/namespaces/default/jobs/kept"
        api.call_api("DELETE", f"http://cluster{path}", _request_timeout=1)
        cluster.delete_job(double.job("gone"))
    double.tick()
    assert double.orphaned == ["kept"]
    assert [name.partition("-")[0] for name in double.world.pods] == ["kept"]


def test_failures_count_up_to_the_backoff_limit(double: ApiDouble, cluster: Cluster) -> None:
    """A failed pod is replaced until there are more than the limit; each shows its last words."""
    double.controller.behaviour = lambda _: scenarios.Exit(1, log="a\nb\n")
    cluster.create_job(job(backoffLimit=1))
    double.tick(2)
    assert not conditions(double.job("a-job"))
    double.tick()
    assert conditions(double.job("a-job"))[-1] == ("Failed", "BackoffLimitExceeded")
    first, second = double.pods("a-job")
    assert pods.exit_code(first) == pods.exit_code(second) == 1
    end = first["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (end["reason"], end["message"]) == ("Error", "a\nb\n")
    assert cluster.log(first["metadata"]["name"], "stage") == b"a\nb\n"


def test_the_policy_knows_permanent_codes_and_disruptions(
    double: ApiDouble, cluster: Cluster
) -> None:
    """FailJob ends a Job at once, and an ignored failure does not count."""
    answers: list[scenarios.Answer] = [78, scenarios.EVICTED]
    double.controller.behaviour = lambda _: answers.pop()
    cluster.create_job(job(podFailurePolicy=POLICY, backoffLimit=0))
    double.tick(2)
    assert double.job("a-job")["status"]["failed"] == 0
    double.tick()
    assert conditions(double.job("a-job"))[-1] == ("Failed", "PodFailurePolicy")


@pytest.mark.parametrize(
    ("code", "action", "failed"), [(65, "FailIndex", 1), (1, "FailIndex", 2), (1, None, 2)]
)
def test_an_index_fails_alone(
    double: ApiDouble, cluster: Cluster, code: int, action: str | None, failed: int
) -> None:
    """An index has its own limit, or ends at once by FailIndex; the Job fails when all ended."""
    double.controller.behaviour = lambda attempt: code if attempt.index == 1 else 0
    rule = {"action": action, "onExitCodes": {"operator": "In", "values": [65]}}
    policy = {"rules": [rule] if action else []}
    cluster.create_job(job(**BY_INDEX, podFailurePolicy=policy))
    double.tick()
    assert len(double.pods("a-job")) == 2
    double.tick(4)
    made = double.job("a-job")
    assert conditions(made)[-1] == ("Failed", "FailedIndexes")
    assert (made["status"]["succeeded"], made["status"]["failed"]) == (2, failed)


def test_arguments_have_the_completion_index() -> None:
    """A behaviour reads the arguments that the container would get."""
    assert scenarios.Attempt(job(), 2, "pod", 0).arguments == ["2/3"]


def test_images_back_off_until_they_are_there(double: ApiDouble, cluster: Cluster) -> None:
    """ErrImagePull becomes ImagePullBackOff, there is no log, and the pod runs in the end."""
    double.controller.behaviour = lambda _: scenarios.ImageError("no such host")
    cluster.create_job(job())
    reasons = []
    for _ in range(2):
        cluster.jobs("")
        double.tick()
        [pod] = double.pods("a-job")
        reasons.append(pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"])
    assert reasons == ["ErrImagePull", "ImagePullBackOff"]
    assert cluster.log(pod["metadata"]["name"], "stage") is None
    double.controller.behaviour = lambda _: 0
    double.tick()
    assert conditions(double.job("a-job"))[-1][0] == "Complete"


def test_what_only_events_tell(double: ApiDouble, cluster: Cluster) -> None:
    """A volume that cannot be mounted, and a quota, show in a warning alone."""
    double.controller.behaviour = lambda _: scenarios.MountFailure()
    cluster.create_job(job())
    double.tick(2)
    [pod] = double.pods("a-job")
    assert cluster.warning(pod["metadata"]["name"]).startswith("FailedMount: MountVolume.SetUp")
    double.controller.forbidden = scenarios.QUOTA_EXCEEDED
    cluster.create_job(job("other"))
    double.tick()
    assert double.pods("other") == []
    assert cluster.warning("other").endswith(f"is forbidden: {scenarios.QUOTA_EXCEEDED}")


def test_a_suspended_job_loses_its_pods(double: ApiDouble, cluster: Cluster) -> None:
    """It does not fail, and gets new pods when it is resumed or admitted."""
    double.controller.behaviour = lambda _: scenarios.Running()
    double.queueing = True
    cluster.create_job(job(labels={"kueue.x-k8s.io/queue-name": "gpu"}))
    double.tick(2)
    assert double.pods("a-job") == []
    double.admit("a-job")
    double.tick()
    assert len(double.pods("a-job")) == 1
    cluster.suspend_job("a-job", suspend=True)
    double.tick()
    assert double.pods("a-job") == []
    assert not conditions(double.job("a-job"))


def test_config_maps_are_patched_key_by_key(double: ApiDouble, cluster: Cluster) -> None:
    """A merge patch sets its keys and keeps others; without the object nothing happens."""
    double.add_config_map("status")
    cluster.write_config_map("status", {"a": "1"})
    cluster.write_config_map("status", {"b": "2"})
    assert double.config_map("status")["data"] == {"a": "1", "b": "2"}
    cluster.write_config_map("other", {"a": "1"})
    assert cluster.config_map("other") is None


# Faults


@pytest.mark.parametrize(
    ("fault", "raised", "created"),
    [
        (transport.THROTTLED, TemporaryError, 0),
        (transport.INTERNAL, TemporaryError, 0),
        (transport.INTERNAL_AFTER, TemporaryError, 1),
        (transport.RESET, TemporaryError, 0),
        (transport.LOST, TemporaryError, 1),
        (transport.HANG, TemporaryError, 0),
        (transport.HANG_AFTER, TemporaryError, 1),
        (Fault(403), DeniedError, 0),
        (Fault(422), ConfigError, 0),
    ],
)
def test_a_fault_comes_before_or_after_the_effect(
    double: ApiDouble, cluster: Cluster, fault: Fault, raised: type[Exception], created: int
) -> None:
    """An error does not say whether the Job was created."""
    double.plan = transport.at(0, fault)
    with pytest.raises(raised):
        cluster.create_job(job())
    assert double.created == ["a-job"] * created


def test_socket_errors_are_those_of_a_real_connection(double: ApiDouble) -> None:
    """urllib3 sees a time-out, and an end without an answer."""
    kinds = [urllib3.exceptions.ReadTimeoutError, urllib3.exceptions.ProtocolError]
    double.plan = transport.sequence([transport.HANG, transport.LOST])
    with closing(double.client(retries=False)) as api:
        for kind in kinds:
            with pytest.raises(kind):
                api.call_api("GET", "http://cluster/", _request_timeout=0.1)


def test_a_call_without_a_time_limit_is_a_mistake(double: ApiDouble) -> None:
    """It could hang forever, which no other test would notice."""
    with closing(double.client()) as api, pytest.raises(AssertionError, match="hang forever"):
        api.call_api("GET", "http://cluster/")


def test_a_client_that_retries_gets_through(double: ApiDouble) -> None:
    """After a lost answer, the second attempt finds the Job of the first."""
    double.plan = transport.at(0, transport.LOST)
    with closing(double.client(kubernetes.retries())) as api:
        assert not Cluster(api, "default").create_job(job())
    assert double.created == ["a-job"]
    assert len(double.requests) == 2


def test_a_conflict_hits_patches_only(double: ApiDouble, cluster: Cluster) -> None:
    """A fault is left out if the API could not answer so."""
    double.plan = lambda _: transport.CONFLICT
    assert cluster.jobs("") == []
    with pytest.raises(TemporaryError, match="the cluster answers 409"):
        cluster.write_config_map("status", {"a": "1"})


def test_answers_are_json(double: ApiDouble) -> None:
    """A path that the API does not have is answered as the API answers."""
    with closing(double.client()) as api:
        response = api.call_api("GET", "http://cluster/nowhere", _request_timeout=1)
        assert json.loads(response.read())["message"].startswith("the server could not find")  # type: ignore[no-untyped-call]
