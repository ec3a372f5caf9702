"""Several at once: partitions of a scoring, and releases."""

import json
from datetime import datetime

import pytest

from tests.e2e.cluster import run
from tests.e2e.experiments import FAULTS, SHORT
from tests.e2e.release import NewRelease, Release
from tests.e2e.results import LocalRun, each_once, steady

pytestmark = pytest.mark.e2e

GPU = "nvidia.com/gpu"
GPUS = r"{..allocatable.nvidia\.com/gpu}"


def test_partitions_of_a_scoring_give_the_same_as_one(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """Three pods write the very parts that one process writes, and select picks the same."""
    release = new_release(experiment=SHORT, launch={"scorePartitions": 3, "scoreParallelism": 2})
    release.install()
    release.wait_finished()
    assert release.runs() == each_once(release.config, partitions=3)
    assert steady(release.bucket.contents()) == steady(local_run(SHORT))


def test_two_releases_share_a_namespace_and_the_gpus(
    new_release: NewRelease, local_run: LocalRun
) -> None:
    """Each has a GPU for its training, at the same time, and neither touches the other's Jobs."""
    found = run("kubectl", "get", "nodes", f"--output=jsonpath={GPUS}")
    if sum(map(int, found.split())) < 2:
        pytest.skip(f"the nodes have fewer than two {GPU}, real or not")
    stages = {"train": {"gpus": 1}}
    first, second = (new_release(name, stages=stages) for name in ("al-voc-a", "al-voc-b"))
    first.install()
    second.install()
    for release in (first, second):
        release.wait_finished(seconds=400)
    for release in (first, second):
        assert release.runs() == each_once(release.config)
        assert steady(release.bucket.contents()) == steady(local_run(FAULTS))
    (begun_a, ended_a), (begun_b, ended_b) = training_time(first), training_time(second)
    assert begun_a < ended_b
    assert begun_b < ended_a


def training_time(release: Release) -> tuple[datetime, datetime]:
    """Return when round 0's training began and ended, by its log in the store."""
    contents = release.bucket.contents()
    [log] = [data for key, data in contents.items() if "round-000/train/logs/" in key]
    lines = [json.loads(line) for line in log.decode().splitlines()]
    [begun] = [line["timestamp"] for line in lines if line["event"] == "stage.begin"]
    [ended] = [line["timestamp"] for line in lines if line["event"] == "stage.done"]
    return datetime.fromisoformat(begun), datetime.fromisoformat(ended)
