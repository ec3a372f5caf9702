"""The double of the Kubernetes API behaves as the real one, seen through the real client."""

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
import urllib3
from kubernetes import client
from kubernetes.client.exceptions import ApiException

from tests.unit.launch.kubernetes.api_double import ApiDouble
from tests.unit.launch.kubernetes.double import faults, scenarios
from tests.unit.launch.kubernetes.double.world import HandClock

Json = dict[str, Any]
NAMESPACE = "default"
MERGE = "application/merge-patch+json"
POLICY = {
    "rules": [
        {
            "action": "FailJob",
            "onExitCodes": {"containerName": "stage", "operator": "In", "values": [64, 65, 78]},
        },
        {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
    ]
}
BY_INDEX: Json = {"completionMode": "Indexed", "completions": 3, "parallelism": 2}
BY_INDEX |= {"backoffLimitPerIndex": 1}


def on_codes(**options: Any) -> Json:
    """Return a policy that fails the Job."""
    rule = {"action": "FailJob", "onExitCodes": {"operator": "In", **options}}
    return {"podFailurePolicy": {"rules": [rule]}}


class Api:
    """The real client, with answers as JSON."""

    def __init__(self, api_client: client.ApiClient) -> None:
        self.batch = client.BatchV1Api(api_client)
        self.core = client.CoreV1Api(api_client)

    def create(
        self,
        name: str,
        labels: dict[str, str] | None = None,
        timeout: float | None = None,
        **spec: Any,
    ) -> Json:
        """Create a Job."""
        container = {"name": "stage", "image": "al-job:1", "args": ["x"]}
        container["terminationMessagePolicy"] = "FallbackToLogsOnError"
        pod = {"restartPolicy": "Never", "containers": [container]}
        template = {"metadata": {"labels": labels or {"a": "b"}}, "spec": pod}
        body = {"metadata": {"name": name, "labels": labels or {"a": "b"}}}
        body["spec"] = {"template": template, **spec}
        return load(self.batch.create_namespaced_job, body=body, _request_timeout=timeout)

    def jobs(self, **options: Any) -> Json:
        """List Jobs."""
        return load(self.batch.list_namespaced_job, **options)

    def pods(self, **options: Any) -> list[Json]:
        """List pods."""
        items: list[Json] = load(self.core.list_namespaced_pod, **options)["items"]
        return items

    def delete(self, name: str, **options: Any) -> Json:
        """Delete a Job."""
        return load(self.batch.delete_namespaced_job, name, **options)


def load(method: Any, *name: str, **options: Any) -> Json:
    """Call the client, and parse the answer."""
    response = method(*name, NAMESPACE, _preload_content=False, **options)
    answer: Json = json.loads(response.data)
    return answer


def status_of(error: pytest.ExceptionInfo[ApiException]) -> tuple[int, str, str]:
    """Return the code, reason and message the API refused with."""
    body = json.loads(error.value.body or "")
    return body["code"], body["reason"], body["message"]


def conditions(job: Json) -> list[tuple[str, str, str]]:
    """Return type, reason and message of a Job's conditions that hold."""
    held = (c for c in job["status"].get("conditions", []) if c["status"] == "True")
    return [(c["type"], c["reason"], c["message"]) for c in held]


def waiting(pod: Json) -> Json:
    """Return why a pod's container waits."""
    state: Json = pod["status"]["containerStatuses"][0]["state"]["waiting"]
    return state


@pytest.fixture
def double() -> Iterator[ApiDouble]:
    """A cluster whose pods succeed, moved by hand."""
    with ApiDouble(automatic=False) as double:
        yield double


@pytest.fixture
def api(double: ApiDouble) -> Iterator[Api]:
    """A client that never tries again."""
    with closing(double.client(retries=0)) as api_client:
        yield Api(api_client)


def test_a_job_that_succeeds_is_complete_and_has_labelled_pods(double: ApiDouble, api: Api) -> None:
    """A Job gets a pod with its labels, and conditions as of Kubernetes 1.31 when that succeeds."""
    made = api.create("a-job")
    assert made["metadata"]["uid"]
    assert made["spec"]["backoffLimit"] == 6
    double.tick()
    assert double.job("a-job")["status"]["active"] == 1
    double.tick()
    job = load(api.batch.read_namespaced_job, "a-job")
    reached = ("CompletionsReached", "Reached expected number of succeeded pods")
    assert conditions(job) == [("SuccessCriteriaMet", *reached), ("Complete", *reached)]
    assert job["status"]["succeeded"] == 1
    (pod,) = api.pods(label_selector="a=b,batch.kubernetes.io/job-name=a-job")
    assert pod["status"]["phase"] == "Succeeded"
    assert pod["metadata"]["ownerReferences"][0]["uid"] == made["metadata"]["uid"]
    assert api.pods(field_selector="status.phase=Running") == []


def test_each_request_for_jobs_is_a_tick() -> None:
    """Without a hand on it, the cluster moves when it is looked at."""
    with ApiDouble() as double, closing(double.client()) as api_client:
        api = Api(api_client)
        api.create("a-job")
        assert "active" in api.jobs()["items"][0]["status"]
        assert "succeeded" in api.jobs()["items"][0]["status"]
        path = "/apis/batch/v1/namespaces/default/jobs"
        assert double.counts == {f"POST {path}": 1, f"GET {path}": 2}


def test_the_real_client_s_models_can_be_read(double: ApiDouble, api: Api) -> None:
    """What the double answers is valid for the client's own classes."""
    api.create("a-job", **BY_INDEX)
    double.tick(3)
    (job,) = api.batch.list_namespaced_job(NAMESPACE).items
    assert job.status is not None
    assert job.status.completed_indexes == "0-2"
    assert len(api.core.list_namespaced_pod(NAMESPACE).items) == 3
    assert api.core.list_namespaced_event(NAMESPACE).items[0].reason == "SuccessfulCreate"


def test_a_name_is_taken_once(double: ApiDouble, api: Api) -> None:
    """A second Job of a name is refused with AlreadyExists."""
    api.create("a-job")
    with pytest.raises(ApiException) as error:
        api.create("a-job")
    assert status_of(error) == (409, "AlreadyExists", 'jobs.batch "a-job" already exists')
    assert double.created == ["a-job"]


@pytest.mark.parametrize(
    ("name", "spec", "words"),
    [
        ("a" * 64, {}, "spec.template.labels: Invalid value: "),
        ("A_b", {}, "metadata.name: Invalid value: "),
        ("a" * 62, BY_INDEX, "will not able to create pod with invalid DNS label: aaa"),
        ("a", {"backoffLimitPerIndex": 1}, "requires indexed completion mode"),
        (
            "a",
            {"podFailurePolicy": {"rules": [{"action": "FailIndex"}]}},
            "spec.podFailurePolicy.rules[0].action: Invalid value: ",
        ),
        ("a", on_codes(containerName="b", values=[1]), "must be one of the container or init"),
        ("a", on_codes(values=[1, 0]), "onExitCodes.values[1]: Invalid value: 0: must not be 0"),
    ],
)
def test_invalid_jobs_are_refused(api: Api, name: str, spec: Json, words: str) -> None:
    """What Kubernetes finds invalid is answered with 422 and the field."""
    with pytest.raises(ApiException) as error:
        api.create(name, **spec)
    code, reason, message = status_of(error)
    assert (code, reason) == (422, "Invalid")
    assert words in message
    assert f'Job.batch "{name}" is invalid: ' in message


def test_what_is_absent_is_not_found(api: Api) -> None:
    """Each kind says in its words that an object is not there."""
    calls: list[tuple[Any, str]] = [
        (api.batch.read_namespaced_job, 'jobs.batch "none" not found'),
        (api.batch.delete_namespaced_job, 'jobs.batch "none" not found'),
        (api.core.read_namespaced_pod_log, 'pods "none" not found'),
        (api.core.read_namespaced_config_map, 'configmaps "none" not found'),
    ]
    for method, message in calls:
        with pytest.raises(ApiException) as error:
            method("none", NAMESPACE)
        assert status_of(error) == (404, "NotFound", message)


def test_lists_come_in_pages_that_may_expire(double: ApiDouble, api: Api) -> None:
    """A limit gives pages; a fault can make the token of the next one too old."""
    for name in ("a", "b", "c"):
        api.create(name, labels={"name": name})
    first = api.jobs(limit=2)
    assert [job["metadata"]["name"] for job in first["items"]] == ["a", "b"]
    assert first["metadata"]["remainingItemCount"] == 1
    rest = api.jobs(limit=2, _continue=first["metadata"]["continue"])
    assert [job["metadata"]["name"] for job in rest["items"]] == ["c"]
    assert "continue" not in rest["metadata"]
    assert [job["metadata"]["name"] for job in api.jobs(label_selector="name!=b")["items"]] == [
        "a",
        "c",
    ]
    double.plan(lambda _: faults.EXPIRED)
    double.resources.page_size = 1
    first = api.jobs(limit=2)
    assert len(first["items"]) == 1
    with pytest.raises(ApiException) as error:
        api.jobs(limit=2, _continue=first["metadata"]["continue"])
    assert status_of(error)[:2] == (410, "Expired")
    assert len(double.injected) == 1


@pytest.mark.parametrize(
    ("options", "orphaned"),
    [
        ({"propagation_policy": "Background"}, []),
        ({"propagation_policy": "Foreground"}, []),
        ({"body": {"propagationPolicy": "Background"}}, []),
        ({}, ["a-job"]),
    ],
)
def test_a_delete_without_propagation_policy_orphans_pods(
    double: ApiDouble, api: Api, options: Json, orphaned: list[str]
) -> None:
    """Pods go with their Job only where the request says how."""
    double.controller.behaviour = lambda _: scenarios.Running()
    api.create("a-job")
    double.tick(2)
    api.delete("a-job", **options)
    double.tick()
    assert api.jobs()["items"] == []
    assert len(api.pods()) == len(orphaned)
    assert double.orphaned == orphaned


def test_a_name_is_taken_until_a_foreground_deletion_is_over(double: ApiDouble, api: Api) -> None:
    """A Job on its way out is still there, and in the way."""
    api.create("a-job")
    api.delete("a-job", propagation_policy="Foreground")
    with pytest.raises(ApiException) as error:
        api.create("a-job")
    message = 'object is being deleted: jobs.batch "a-job" already exists'
    assert status_of(error) == (409, "AlreadyExists", message)
    double.tick()
    api.create("a-job")


def test_failures_count_up_to_the_backoff_limit(double: ApiDouble, api: Api) -> None:
    """A failed pod is replaced until there are more than the limit."""
    double.controller.behaviour = lambda _: scenarios.Exit(1, log="a\nb\n")
    api.create("a-job", backoffLimit=1)
    double.tick(2)
    assert conditions(double.job("a-job")) == []
    double.tick()
    job = double.job("a-job")
    words = ("BackoffLimitExceeded", "Job has reached the specified backoff limit")
    assert conditions(job) == [("FailureTarget", *words), ("Failed", *words)]
    assert job["status"]["failed"] == 2
    pod = double.pods("a-job")[0]
    ended = pod["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (ended["exitCode"], ended["reason"], ended["message"]) == (1, "Error", "a\nb\n")
    name = pod["metadata"]["name"]
    log = api.core.read_namespaced_pod_log(name, NAMESPACE, container="stage", tail_lines=1)
    assert log == "b\n"


def test_a_permanent_exit_code_fails_the_job(double: ApiDouble, api: Api) -> None:
    """The policy's FailJob ends the Job at once, with the words that name pod and code."""
    double.controller.behaviour = lambda _: 78
    api.create("a-job", podFailurePolicy=POLICY, backoffLimit=5)
    double.tick(2)
    (pod,) = double.pods("a-job")
    message = (
        f"Container stage for pod default/{pod['metadata']['name']} failed with exit code 78 "
        "matching FailJob rule at index 0"
    )
    failed = conditions(double.job("a-job"))[-1]
    assert failed == ("Failed", "PodFailurePolicy", message)


def test_disruptions_do_not_count(double: ApiDouble, api: Api) -> None:
    """An evicted pod is replaced even where no failure is allowed; a deleted one has failed."""
    double.controller.behaviour = lambda _: scenarios.Running(log="so far\n")
    api.create("a-job", podFailurePolicy=POLICY, backoffLimit=0)
    double.tick(2)
    (pod,) = double.pods("a-job")
    assert double.job("a-job")["status"]["ready"] == 1
    assert api.core.read_namespaced_pod_log(pod["metadata"]["name"], NAMESPACE) == "so far\n"
    double.evict(pod["metadata"]["name"])
    double.tick()
    assert "failed" not in double.job("a-job")["status"]
    old, new = double.pods("a-job")
    assert old["status"]["conditions"][-1]["reason"] == "EvictionByEvictionAPI"
    double.delete_pod(new["metadata"]["name"])
    double.tick()
    assert double.job("a-job")["status"]["failed"] == 1
    assert double.pods("a-job") == [old]


@pytest.mark.parametrize(
    ("code", "action", "failed"), [(65, "FailIndex", 1), (1, "FailIndex", 2), (1, None, 2)]
)
def test_an_index_fails_alone(
    double: ApiDouble, api: Api, code: int, action: str | None, failed: int
) -> None:
    """An index has its own limit or ends at once by FailIndex; the Job fails when all ended."""
    double.controller.behaviour = lambda attempt: code if attempt.index == 1 else 0
    on_code = {"operator": "In", "values": [65]}
    rules: Json = {"podFailurePolicy": {"rules": [{"action": action, "onExitCodes": on_code}]}}
    api.create("a-job", **BY_INDEX, **(rules if action else {}))
    double.tick()
    assert double.job("a-job")["status"]["active"] == 2
    double.tick(4)
    job = double.job("a-job")
    assert conditions(job)[-1] == ("Failed", "FailedIndexes", "Job has failed indexes")
    status = job["status"]
    assert (status["completedIndexes"], status["failedIndexes"]) == ("0,2", "1")
    assert (status["succeeded"], status["failed"]) == (2, failed)
    label = "batch.kubernetes.io/job-completion-index"
    assert len(api.pods(label_selector=f"{label}=1")) == failed


@pytest.mark.parametrize(
    ("answer", "reason", "message"),
    [
        (scenarios.SECRET_MISSING, "CreateContainerConfigError", 'secret "missing" not found'),
        (
            scenarios.ImageError("no such host"),
            "ErrImagePull",
            (
                'failed to pull and unpack image "al-job:1": '
                'failed to resolve reference "al-job:1": no such host'
            ),
        ),
    ],
)
def test_a_container_that_cannot_start_says_why(
    double: ApiDouble, api: Api, answer: scenarios.Answer, reason: str, message: str
) -> None:
    """A pod that waits shows the kubelet's words, and its log is refused."""
    double.controller.behaviour = lambda _: answer
    api.create("a-job")
    double.tick(2)
    (pod,) = api.pods(field_selector="status.phase=Pending")
    assert waiting(pod) == {"reason": reason, "message": message}
    with pytest.raises(ApiException) as error:
        api.core.read_namespaced_pod_log(pod["metadata"]["name"], NAMESPACE)
    name = pod["metadata"]["name"]
    assert status_of(error)[2].startswith(
        f'container "stage" in pod "{name}" is waiting to start: '
    )


def test_image_errors_back_off_until_the_image_is_there(double: ApiDouble, api: Api) -> None:
    """ErrImagePull becomes ImagePullBackOff, and the pod runs once the image can be pulled."""
    double.controller.behaviour = lambda _: scenarios.ImageError("no such host")
    api.create("a-job")
    double.tick(3)
    (pod,) = api.pods()
    assert waiting(pod)["reason"] == "ImagePullBackOff"
    start = 'Back-off pulling image "al-job:1": ErrImagePull: failed to pull and unpack image'
    assert waiting(pod)["message"].startswith(start)
    double.controller.behaviour = lambda _: 0
    double.tick()
    assert conditions(double.job("a-job"))[-1][0] == "Complete"


def test_what_only_events_tell(double: ApiDouble, api: Api) -> None:
    """A volume that cannot be mounted shows in an event, which counts up."""
    double.controller.behaviour = lambda _: scenarios.MountFailure()
    api.create("a-job")
    double.tick(3)
    (pod,) = api.pods()
    assert waiting(pod) == {"reason": "ContainerCreating"}
    about = f"involvedObject.name={pod['metadata']['name']}"
    (event,) = load(api.core.list_namespaced_event, field_selector=about)["items"]
    assert (event["type"], event["reason"], event["count"]) == ("Warning", "FailedMount", 2)
    message = 'MountVolume.SetUp failed for volume "c" : configmap "missing-cm" not found'
    assert event["message"] == message


def test_a_pod_that_no_node_takes(double: ApiDouble, api: Api) -> None:
    """The scheduler's words are in the condition PodScheduled; there is no container and no log."""
    double.controller.behaviour = lambda _: scenarios.Unschedulable("0/1 nodes are available")
    api.create("a-job")
    double.tick(2)
    (pod,) = api.pods()
    (condition,) = pod["status"]["conditions"]
    assert (condition["type"], condition["status"]) == ("PodScheduled", "False")
    assert (condition["reason"], condition["message"]) == (
        "Unschedulable",
        "0/1 nodes are available",
    )
    assert not api.core.read_namespaced_pod_log(pod["metadata"]["name"], NAMESPACE)


def test_a_quota_leaves_a_job_without_pods(double: ApiDouble, api: Api) -> None:
    """Where pods are forbidden, only an event of the Job says so."""
    double.controller.forbidden = scenarios.QUOTA_EXCEEDED
    api.create("a-job")
    double.tick()
    assert api.pods() == []
    about = "involvedObject.name=a-job,involvedObject.kind=Job"
    (event,) = load(api.core.list_namespaced_event, field_selector=about)["items"]
    assert event["reason"] == "FailedCreate"
    assert event["message"].endswith(f" is forbidden: {scenarios.QUOTA_EXCEEDED}")


@pytest.mark.parametrize(
    ("end", "container", "pod"),
    [
        (scenarios.OOM_KILLED, "OOMKilled", None),
        (scenarios.DEADLINE_EXCEEDED, "Error", "DeadlineExceeded"),
    ],
)
def test_a_killed_container_says_why(
    double: ApiDouble, api: Api, end: scenarios.Exit, container: str, pod: str | None
) -> None:
    """Memory and deadline end with 137, and the status tells them apart."""
    double.controller.behaviour = lambda _: end
    api.create("a-job", backoffLimit=0)
    double.tick(2)
    (ended,) = api.pods()
    state = ended["status"]["containerStatuses"][0]["state"]["terminated"]
    assert (state["exitCode"], state["reason"]) == (137, container)
    assert ended["status"].get("reason") == pod


def test_a_suspended_job_loses_its_pods_and_starts_again(double: ApiDouble, api: Api) -> None:
    """Suspending removes running pods without a failure; the template cannot be patched."""
    double.controller.behaviour = lambda _: scenarios.Running()
    api.create("a-job")
    double.tick(2)
    patch = api.batch.patch_namespaced_job
    load(patch, "a-job", body={"spec": {"suspend": True}}, _content_type=MERGE)
    double.tick()
    job = double.job("a-job")
    assert conditions(job) == [("Suspended", "JobSuspended", "Job suspended")]
    assert "failed" not in job["status"]
    assert api.pods() == []
    load(patch, "a-job", body={"spec": {"suspend": False}})
    double.tick()
    assert conditions(job) == []
    assert len(api.pods()) == 1
    with pytest.raises(ApiException) as error:
        load(patch, "a-job", body={"spec": {"template": {"spec": {"restartPolicy": "x"}}}})
    assert status_of(error)[0] == 422


def test_a_queued_job_waits_for_admission(double: ApiDouble, api: Api) -> None:
    """With queueing, a Job with a queue's label begins suspended."""
    double.resources.queueing = True
    api.create("a-job", labels={"kueue.x-k8s.io/queue-name": "gpu"})
    double.tick()
    assert conditions(double.job("a-job"))[0][0] == "Suspended"
    double.admit("a-job")
    double.tick(2)
    assert conditions(double.job("a-job"))[-1][0] == "Complete"


def test_config_maps_are_patched_key_by_key(double: ApiDouble, api: Api) -> None:
    """A merge patch sets its keys, keeps others, and a stale version is a conflict."""
    double.add_config_map("status")
    patch = api.core.patch_namespaced_config_map
    load(patch, "status", body={"data": {"a": "1"}}, _content_type=MERGE)
    load(patch, "status", body={"data": {"b": "2"}}, _content_type=MERGE)
    assert double.config_map("status")["data"] == {"a": "1", "b": "2"}
    with pytest.raises(ApiException) as error:
        load(patch, "status", body={"metadata": {"resourceVersion": "0"}, "data": {}})
    assert status_of(error)[:2] == (409, "Conflict")


def test_old_jobs_go_after_their_time_to_live() -> None:
    """A finished Job and its pods are gone when its TTL is over."""
    clock = HandClock()
    with ApiDouble(clock=clock) as double, closing(double.client()) as api_client:
        api = Api(api_client)
        api.create("a-job", ttlSecondsAfterFinished=60)
        double.tick(2)
        clock.advance(59)
        assert len(api.jobs()["items"]) == 1
        clock.advance(1)
        assert api.jobs()["items"] == []
        assert api.pods() == []


def test_behaviours_can_run_beside_the_requests() -> None:
    """With an executor, a pod is Running while its behaviour is, and a bug ends it with 1."""

    def behave(attempt: scenarios.Attempt) -> int:
        time.sleep(0.05)
        return 1 // (attempt.failures)

    with (
        ThreadPoolExecutor() as pool,
        ApiDouble(behave, executor=pool) as double,
        closing(double.client()) as api_client,
    ):
        api = Api(api_client)
        api.create("a-job", backoffLimit=1)
        double.tick(2)
        assert api.pods()[0]["status"]["phase"] == "Running"
        until = time.monotonic() + 5
        while not conditions(api.jobs()["items"][0]):
            assert time.monotonic() < until
        assert double.job("a-job")["status"]["failed"] == 2
        assert [type(error) for error in double.controller.errors] == [ZeroDivisionError]


def test_arguments_have_the_completion_index() -> None:
    """A behaviour reads the args as the container would get them."""
    job = {
        "spec": {"template": {"spec": {"containers": [{"args": ["$(JOB_COMPLETION_INDEX)/4"]}]}}}
    }
    assert scenarios.Attempt(job, 3, "pod", 0).arguments == ["3/4"]


@pytest.mark.parametrize(
    ("fault", "created"),
    [
        (faults.THROTTLED, 0),
        (faults.INTERNAL, 0),
        (faults.UNAVAILABLE, 0),
        (faults.INTERNAL_AFTER, 1),
        (faults.TIMED_OUT, 1),
    ],
)
def test_an_error_answer_comes_before_or_after_the_effect(
    double: ApiDouble, api: Api, fault: faults.Fault, created: int
) -> None:
    """An error says nothing about whether the Job was created."""
    double.plan(faults.at(0, fault))
    with pytest.raises(ApiException) as error:
        api.create("a-job")
    assert status_of(error)[0] == fault.code
    assert (error.value.headers or {}).get("Retry-After") == ("1" if fault.code == 429 else None)
    assert double.created == ["a-job"] * created
    assert len(double.injected) == 1


@pytest.mark.parametrize(
    ("fault", "raised", "created"),
    [
        (faults.RESET, urllib3.exceptions.ProtocolError, 0),
        (faults.LOST, urllib3.exceptions.ProtocolError, 1),
        (faults.hang(5), urllib3.exceptions.ReadTimeoutError, 0),
        (faults.hang(5, after=True), urllib3.exceptions.ReadTimeoutError, 1),
    ],
)
def test_a_connection_fails_before_or_after_the_effect(
    double: ApiDouble, api: Api, fault: faults.Fault, raised: type[Exception], created: int
) -> None:
    """A lost answer, a reset and a server that hangs look as they do to a real client."""
    double.plan(faults.sequence([None, fault]))
    api.jobs()
    with pytest.raises(raised):
        api.create("a-job", timeout=0.2)
    assert double.created == ["a-job"] * created
    assert len(api.jobs()["items"]) == created


def test_an_error_of_the_double_is_no_error_of_the_cluster() -> None:
    """What fails in a plan or in the double itself fails the test, at its end at the latest."""
    server = ApiDouble().__enter__()
    server.plan(lambda request: faults.LOST if 1 // request.number else None)
    with (
        closing(server.client()) as api_client,
        pytest.raises(ApiException, match="the double fails: ZeroDivisionError"),
    ):
        Api(api_client).jobs()
    with pytest.raises(ZeroDivisionError):
        server.__exit__(None, None, None)


def test_a_spurious_conflict_hits_patches_only(double: ApiDouble, api: Api) -> None:
    """A plan's fault is left out where the API could not answer so."""
    double.add_config_map("status")
    double.plan(lambda _: faults.CONFLICT)
    api.jobs()
    with pytest.raises(ApiException) as error:
        load(api.core.patch_namespaced_config_map, "status", body={"data": {"a": "1"}})
    assert status_of(error)[:2] == (409, "Conflict")
    assert "data" not in double.config_map("status")
    assert [str(request) for request, _ in double.injected] == [
        "PATCH /api/v1/namespaces/default/configmaps/status"
    ]


def test_a_client_that_tries_again_gets_through(double: ApiDouble) -> None:
    """After a lost answer the second attempt finds the first one's Job."""
    double.plan(faults.at(0, faults.LOST))
    retries = urllib3.Retry(total=2, allowed_methods=None)
    with closing(double.client(retries)) as api_client, pytest.raises(ApiException) as error:
        Api(api_client).create("a-job")
    assert status_of(error)[1] == "AlreadyExists"
    assert double.created == ["a-job"]


def test_a_thousand_shards_take_little_time(double: ApiDouble, api: Api) -> None:
    """The double is quick enough for the largest rounds."""
    start = time.monotonic()
    api.create("a-job", **(BY_INDEX | {"completions": 1000, "parallelism": 250}))
    double.tick(5)
    assert double.job("a-job")["status"]["completedIndexes"] == "0-999"
    assert len(api.pods()) == 1000
    assert time.monotonic() - start < 3
