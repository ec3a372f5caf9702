"""A real Kueue in front of the stages: the queues of k8s/kueue.yaml, with one GPU."""

from collections import Counter
from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.cluster import Namespace, Object
from tests.e2e.experiments import LONG_ROUND, ONE_ROUND, SCORED
from tests.e2e.queues import (
    GPU,
    PRESENT,
    labelled_nodes,
    own_name,
    priorities_of,
    queue_of,
    skip_without,
)
from tests.e2e.release import NewRelease, Release, Values
from tests.e2e.results import LocalRun, each_once, steady, training
from tests.e2e.stage_logs import field_of, logs_of, span

pytestmark = pytest.mark.e2e

TRAIN = "s0-r0-train"
ONE_GPU = {"gpus": 1}
SETS = "jobsets.jobset.x-k8s.io"
PRIORITY = "kueue.x-k8s.io/priority-class"


@pytest.fixture(scope="module", autouse=True)
def nodes(cluster: None) -> Iterator[None]:
    """Skip the tests without Kueue, and mark the nodes with GPUs."""
    del cluster
    skip_without("kueue.x-k8s.io/v1beta2")
    with labelled_nodes():
        yield


@pytest.fixture
def queue(namespace: Namespace) -> Iterator[str]:
    """The name of a queue with one GPU, and with CPUs for two stages."""
    with queue_of(namespace, {GPU: "1", "cpu": "500m"}) as name:
        yield name


@pytest.fixture
def priorities(namespace: Namespace) -> Iterator[tuple[str, str]]:
    """The names of two priority classes, the lower one first."""
    with priorities_of(namespace) as names:
        yield names


def test_two_releases_share_one_gpu(
    new_release: NewRelease, queue: str, local_run: LocalRun
) -> None:
    """Two trainings never run at a time, and both end."""
    values = {"launch": {"queueName": queue}, "stages": {"train": ONE_GPU}}
    first, second = (
        new_release(name, experiment=ONE_ROUND, **values) for name in ("al-voc-a", "al-voc-b")
    )
    for release in (first, second):
        release.install()
    spans = []
    for release in (first, second):
        release.wait_finished()
        contents = release.bucket.contents()
        [lines] = logs_of(training(release.config), contents)
        spans.append(span(lines))
        assert steady(contents) == steady(local_run(ONE_ROUND))
        assert release.runs() == each_once(release.config)
    [(_, ended), (begun, _)] = sorted(spans)
    assert ended <= begun
    assert '"state": "queued' in _driver_log(first) + _driver_log(second)


def _driver_log(release: Release) -> str:
    [pod] = release.pods("driver")
    return release.namespace.kubectl("logs", pod["metadata"]["name"])


def test_a_wrong_queue_is_told_and_an_upgrade_corrects_it(
    new_release: NewRelease, queue: str, local_run: LocalRun
) -> None:
    """The status has Kueue's words. Of a scoring's four pods, as many run as have room.

    They have no GPU, and stay off nodes with GPUs if these have the usual taint.
    """
    parts = {"scorePartitions": 4, "scoreParallelism": 4, "queueName": "typo"}
    score = {"jobAnnotations": {"kueue.x-k8s.io/job-min-parallelism": "1"}}
    release = new_release(experiment=SCORED, launch=parts, stages={"score": score})
    release.install()
    release.wait_said("LocalQueue typo doesn't exist")
    release.upgrade({"launch": {"queueName": queue}})
    admitted = release.namespace.wait("a scoring", lambda: _parallelism(release), 120)
    assert admitted < 4
    assert _place(release, "score") == ({}, False)
    release.wait_finished()
    assert release.runs() == each_once(release.config, partitions=4)
    assert steady(release.bucket.contents()) == steady(local_run(SCORED))


def _place(release: Release, stage: str) -> tuple[Object, bool]:
    """Return which nodes a stage's pod selects, and whether it tolerates the taint of GPUs."""
    pods = release.namespace.wait(f"a pod of {stage}", lambda: release.pods(stage=stage), 30)
    spec = pods[0]["spec"]
    return dict(spec.get("nodeSelector", {})), GPU in {e.get("key") for e in spec["tolerations"]}


def _parallelism(release: Release) -> int:
    """Return how many pods of the scoring Kueue has admitted."""
    specs = [job["spec"] for job in release.jobs(stage="score")]
    return sum(spec["parallelism"] for spec in specs if not spec.get("suspend"))


def test_a_training_of_two_pods_waits_for_room_for_both(
    new_release: NewRelease, queue: str, local_run: LocalRun
) -> None:
    """With one GPU, neither starts. With one pod again, the JobSet goes, and a Job runs once."""
    skip_without("jobset.x-k8s.io/v1alpha2")
    launch = {"queueName": queue}
    two = ONE_GPU | {"nodes": 2}
    release = new_release(experiment=ONE_ROUND, launch=launch, stages={"train": two})
    release.install()
    release.wait_said(f"insufficient quota for {GPU}", 120)
    assert len(release.namespace.objects(SETS)) == 1
    assert release.pods(stage="train") == []
    new_release(experiment=ONE_ROUND, launch=launch, stages={"train": ONE_GPU}).upgrade()
    release.wait_finished()
    assert release.namespace.objects(SETS) == []
    assert release.runs() == each_once(release.config)
    assert steady(release.bucket.contents()) == steady(local_run(ONE_ROUND))


def test_a_preempted_training_resumes_and_spends_no_attempt(
    new_release: NewRelease,
    queue: str,
    priorities: tuple[str, str],
    images: Values,
    local_run: LocalRun,
) -> None:
    """A Job of higher priority suspends it, it saves a checkpoint, and the model is the same.

    Having a GPU, it goes to nodes with GPUs, whatever their taint.
    """
    low, high = priorities
    train = ONE_GPU | {"jobLabels": {PRIORITY: low}}
    launch = {"queueName": queue, "backoffLimit": 0}
    release = new_release(experiment=LONG_ROUND, launch=launch, stages={"train": train})
    release.install()
    release.wait_checkpoint()
    assert _place(release, "train") == ({PRESENT: "true"}, True)
    release.namespace.apply(yaml.safe_dump(_preemptor(queue, high, images)))
    flavor = own_name(release.namespace.name, "gpu-nodes")
    release.wait_said(f"insufficient unused quota for {GPU} in flavor {flavor}")
    release.wait_finished()
    contents = release.bucket.contents()
    stopped, resumed = logs_of(training(release.config), contents)
    assert stopped[-1]["event"] != "stage.done"
    [step] = field_of(resumed, "train.resumed", "step")
    assert step >= 10
    assert release.runs() == each_once(release.config) + Counter([TRAIN])
    assert steady(contents) == steady(local_run(LONG_ROUND))


def _preemptor(queue: str, priority: str, images: Values) -> Object:
    """Return a Job that wants the GPU for some seconds."""
    image = images["image"]
    assert isinstance(image, dict)
    container = {
        "name": "main",
        "image": f"{image['repository']}:{image['tag']}",
        "command": ["sleep", "20"],
        "resources": {
            "requests": {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "1Mi"},
            "limits": {GPU: "1"},
        },
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    security = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    pod = {"restartPolicy": "Never", "securityContext": security, "containers": [container]}
    labels = {"kueue.x-k8s.io/queue-name": queue, PRIORITY: priority}
    metadata = {"name": "preemptor", "labels": labels}
    spec = {"template": {"spec": pod}}
    return {"apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec}
