"""A training in two pods: as a JobSet if the cluster has that, and as an Indexed Job otherwise."""

import json

import pytest

from tests.e2e.cluster import run
from tests.e2e.experiments import TOGETHER
from tests.e2e.release import NewRelease, Release
from tests.e2e.results import LocalRun, steady, training

pytestmark = pytest.mark.e2e

AT_ONCE = ("--grace-period=0", "--force")
JOB_SET = "jobset.x-k8s.io/v1alpha2"


def test_two_pods_that_lose_one_resume_to_the_bytes_of_two_processes(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """The other pod notices, all begin anew from the checkpoint, and one of them writes."""
    release = new_release(experiment=TOGETHER, stages={"train": {"nodes": 2}})
    release.install()
    follower = release.wait_running(stage="train", index=1)
    release.wait_checkpoint()
    release.namespace.kubectl("delete", "pod", follower, *AT_ONCE)
    assert _num_sets(release) == (JOB_SET in run("kubectl", "api-versions").split())
    release.wait_finished()
    contents = release.bucket.contents()
    began = [count for words, count in release.runs().items() if "train" in words]
    assert began == [2, 2]
    marker = json.loads(contents[training(release.config).done])
    assert (marker["processes"], marker["nodes"]) == (2, 2)
    assert steady(contents) == steady(local_run(TOGETHER))
    assert _num_sets(release) == 0


def _num_sets(release: Release) -> int:
    if JOB_SET not in run("kubectl", "api-versions").split():
        return 0
    return len(release.namespace.objects("jobsets.jobset.x-k8s.io"))
