"""What happens to a cluster by itself: pods, nodes and servers go away in the middle of a run."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.e2e.cluster import Namespace, run
from tests.e2e.experiments import FAULTS, SHORT
from tests.e2e.release import NewRelease
from tests.e2e.results import LocalRun, each_once, steady

pytestmark = pytest.mark.e2e

TRAIN = "s0-r0-train"
SECONDS_OF_OUTAGE = 60
AT_ONCE = ("--grace-period=0", "--force")


def test_a_driver_that_is_killed_is_followed_by_one_that_goes_on(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """It is lost at once, then asked to end: no stage runs twice, and the results are equal."""
    release = new_release()
    release.install()
    for flags, index in ((AT_ONCE, "0"), ((), "1")):
        release.wait_running(stage="train", seconds=120, round=index)
        driver = release.wait_running("driver")
        release.namespace.kubectl("delete", "pod", driver, *flags)
    release.wait_finished()
    assert len(release.started("driver")) == 3
    assert release.runs() == each_once(release.config)
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))


def test_a_training_whose_pod_is_deleted_goes_on_from_its_checkpoint(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """There is one more run, which does not begin at the first step, and the model is the same."""
    release = new_release()
    release.install()
    pod = release.wait_checkpoint()
    release.namespace.kubectl("delete", "pod", pod)
    release.wait_finished()
    [step] = release.resumed_at()
    assert step >= 10
    assert release.runs() == each_once(release.config) + Counter([TRAIN])
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))


def test_a_drained_node_spends_none_of_the_attempts(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """An evicted training saves a checkpoint and resumes from it, and no failure is counted."""
    release = new_release(launch={"backoffLimit": 0})
    release.install()
    pod = release.wait_checkpoint()
    node = release.namespace.kubectl("get", "pod", pod, "--output=jsonpath={.spec.nodeName}")
    selector = f"al-voc/release={release.name},al-voc/stage=train"
    try:
        run(
            "kubectl", "drain", node, f"--pod-selector={selector}", "--force",
            "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=60s",
        )  # fmt: skip
    finally:
        run("kubectl", "uncordon", node)
    release.wait_finished()
    [step] = release.resumed_at()
    assert step >= 10
    assert release.runs() == each_once(release.config) + Counter([TRAIN])
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))


def test_a_partition_of_a_scoring_that_is_killed_is_retried_alone(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """The other partitions run once, and the score record is that of one process."""
    release = new_release(experiment=SHORT, launch={"scorePartitions": 3, "scoreParallelism": 2})
    release.install()
    pod = release.wait_running(stage="score", round="0", index=1)
    release.namespace.kubectl("delete", "pod", pod, *AT_ONCE)
    release.wait_finished()
    assert release.runs() == each_once(release.config, partitions=3) + Counter(["s0-r0-score/1"])
    assert steady(release.bucket.contents()) == steady(local_run(SHORT))


def test_a_store_that_is_restarted_is_waited_for(
    new_release: NewRelease, server: Namespace, local_run: LocalRun
) -> None:
    """Stages that used it meanwhile retry, and what was written is there."""
    release = new_release()
    release.install()
    release.wait_checkpoint()
    server.kubectl("exec", "deployment/seaweedfs", "--", "kill", "1")
    release.wait_finished()
    assert server.objects("pods")[0]["status"]["containerStatuses"][0]["restartCount"] >= 1
    runs = release.runs()
    assert runs.keys() == each_once(release.config).keys()
    # What ran then ends with 75 and is run again, as often as kind's values allow.
    assert len(runs - each_once(release.config)) <= 2
    assert max(runs.values()) <= 4
    assert len(release.started("driver")) == 1
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))


def test_an_api_server_that_is_away_for_a_minute_is_waited_for(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """The same driver continues, and no stage runs twice."""
    sandbox = os.environ.get("SANDBOX")
    if not sandbox:
        pytest.skip("SANDBOX, the folder of the script that stops an API server, is not set")
    release = new_release()
    release.install()
    release.wait_checkpoint()
    part = Path(sandbox) / "cluster-part"
    run(part, "stop", "kube-apiserver")
    try:
        time.sleep(SECONDS_OF_OUTAGE)
    finally:
        run(part, "start", "kube-apiserver")
    release.wait_finished()
    [driver] = release.pods("driver")
    assert driver["status"]["containerStatuses"][0]["restartCount"] == 0
    log = release.namespace.kubectl("logs", driver["metadata"]["name"])
    assert "the cluster does not answer" in log
    assert release.runs() == each_once(release.config)
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))
