"""The chart from its installation to its end: the same results as on one machine."""

import re
from collections.abc import Callable
from statistics import median

import pytest
import yaml

from tests.e2e.bucket import Bucket
from tests.e2e.cluster import Namespace
from tests.e2e.experiments import SHORT
from tests.e2e.figures import driver_memory, hand_overs
from tests.e2e.release import KIND_VALUES, NewRelease, Release, Values
from tests.e2e.results import LocalRun, each_once, steady

pytestmark = pytest.mark.e2e

KIND = yaml.safe_load(KIND_VALUES.read_text(encoding="utf-8"))
COMPARED = {
    "picks.csv", "cost.json", "00000.tar", "part-00000.parquet", "model.safetensors",
    "metrics.json", "results.csv", "dataset.json",
}  # fmt: skip
MAX_MIB = 256


def test_an_experiment_in_a_cluster_ends_as_on_one_machine(
    namespace: Namespace,
    images: Values,
    local_run: LocalRun,
    record_figures: Callable[[str], None],
) -> None:
    """With kind's values alone, results are equal, each stage runs once, the test passes."""
    before = namespace.names()
    experiment = yaml.safe_dump(KIND["experiment"])
    bucket = Bucket(namespace, "al-voc-store", "al-voc-store", "s3://al-voc")
    release = Release(namespace, "al-voc", experiment, images, bucket)
    release.install()
    release.wait_finished(seconds=480)
    contents = bucket.contents()
    names = {re.sub("-[0-9a-f]{16}(?=[.])", "", key.rpartition("/")[2]) for key in steady(contents)}
    assert names >= COMPARED
    assert steady(contents) == steady(local_run(experiment))
    assert release.runs() == each_once(release.config)
    assert len(release.started("driver")) == 1
    memory = driver_memory(release)
    assert memory <= MAX_MIB
    seconds = hand_overs(release, contents, KIND["launch"]["maxParallel"])
    assert "FAIL" not in release.test()
    release.uninstall()
    namespace.wait("all is gone", lambda: namespace.names() == before, seconds=90)
    record_figures(
        f"stage hand-over: median {median(seconds):.1f} s, maximum {max(seconds):.1f} s\n"
        f"driver's memory: {memory} MiB resident at most"
    )


def test_a_bucket_of_ones_own_outlives_the_release(
    namespace: Namespace, new_release: NewRelease, local_run: LocalRun
) -> None:
    """After the uninstall, no object is left, and the bucket has all results."""
    release = new_release(experiment=SHORT)
    before = namespace.names()
    release.install()
    release.wait_finished()
    contents = release.bucket.contents()
    release.uninstall()
    namespace.wait("all is gone", lambda: namespace.names() == before, seconds=90)
    assert release.bucket.contents() == contents
    assert steady(contents) == steady(local_run(SHORT))
    assert release.runs() == each_once(release.config)
