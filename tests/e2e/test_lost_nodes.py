"""A node that no longer answers, and one on which a stage failed: kind with two workers."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import pytest

from tests.e2e.cluster import Namespace, run
from tests.e2e.experiments import FAULTS
from tests.e2e.release import NewRelease, Release, merge
from tests.e2e.results import LocalRun, each_once, steady

pytestmark = pytest.mark.e2e

DOCKER = os.environ.get("DOCKER", "docker")
HOST = "kubernetes.io/hostname"
LOST_NODE_SECONDS = 10
SECONDS_UNTIL_LOST = 180
"""Kubernetes misses a node after 50 s, and deletes its pods `lostNodeSeconds` later."""
DRIVER = "app.kubernetes.io/component=driver,al-voc/release="
OFF = "node.kubernetes.io/out-of-service=nodeshutdown:NoExecute"
"""The taint by which somebody says that a node is off."""
KILL = """
import os, pathlib
for path in pathlib.Path("/proc").glob("[0-9]*"):
    if int(path.name) not in (1, os.getpid()) and b"al-job" in (path / "cmdline").read_bytes():
        os.kill(int(path.name), 9)
"""


@pytest.fixture
def nodes(server: Namespace) -> tuple[str, str]:
    """The node of the store, and another one that can be stopped."""
    if not run("kubectl", "config", "current-context").startswith("kind-"):
        pytest.skip("not a kind cluster, whose nodes are containers of Docker")
    [pod] = server.objects("pods")
    stays = str(pod["spec"]["nodeName"])
    others = {
        each["metadata"]["name"]
        for each in server.objects("nodes")
        if not each["spec"].get("taints") and each["metadata"]["name"] != stays
    }
    if not others:
        pytest.skip("no two workers: kind create cluster --config k8s/kind/workers.yaml")
    return stays, min(others)


@contextmanager
def paused(node: str) -> Iterator[None]:
    """Let all processes of a node stand still, and continue in the end."""
    run(DOCKER, "pause", node)
    try:
        yield
    finally:
        run(DOCKER, "unpause", node)
        run("kubectl", "taint", "node", node, f"{OFF}-")
        run("kubectl", "wait", f"node/{node}", "--for=condition=Ready", "--timeout=90s")


def values(stays: str, other: str) -> dict[str, object]:
    """Everything is on one node, except trainings, which prefer the other."""
    wanted = {"matchExpressions": [{"key": HOST, "operator": "In", "values": [other]}]}
    preferred = [{"weight": 50, "preference": wanted}]
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": preferred}}
    own = {"affinity": affinity, "lostNodeSeconds": LOST_NODE_SECONDS, "nodeSelector": {}}
    here = {"nodeSelector": {HOST: stays}}
    return {"driver": here, "stages": {"defaults": here, "train": own}}


def places(release: Release) -> dict[str, str]:
    """Return the nodes of the pods of round 0's training."""
    pods = release.pods(stage="train", round="0")
    return {each["metadata"]["name"]: each["spec"].get("nodeName", "") for each in pods}


def placed(release: Release, before: str) -> str | None:
    """Return the node of the pod that followed another one, once it has a node."""
    return next((node for name, node in places(release).items() if name != before), None)


def test_a_training_on_a_lost_node_goes_on_elsewhere_once_it_is_said_to_be_off(
    new_release: NewRelease,
    local_run: LocalRun,
    nodes: tuple[str, str],
    record_figures: Callable[[str], None],
) -> None:
    """Until then its stage waits, and says for which node. When that is back, nothing changes."""
    stays, lost = nodes
    release = new_release(**values(stays, lost))
    release.install()
    pod = release.wait_checkpoint()
    assert places(release) == {pod: lost}
    begun = monotonic()
    with paused(lost):
        release.wait_said(f"pod {pod} of node {lost} is being deleted", SECONDS_UNTIL_LOST)
        said = monotonic()
        assert len(places(release)) == 1
        run("kubectl", "taint", "node", lost, OFF)
        assert release.namespace.wait("another pod", lambda: placed(release, pod), 60) == stays
        seconds = monotonic() - said
        release.wait_finished()
    assert release.resumed_at()[0] >= 10
    assert release.runs() == each_once(release.config) + Counter(["s0-r0-train"])
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))
    record_figures(
        f"lost node: told after {said - begun:.0f} s, {LOST_NODE_SECONDS} of them lostNodeSeconds; "
        f"another pod {seconds:.0f} s after the node was said to be off"
    )


def test_the_attempt_after_a_failure_takes_another_node(
    new_release: NewRelease, local_run: LocalRun, nodes: tuple[str, str]
) -> None:
    """Its device may be broken. A wish of one's own for that node counts less."""
    stays, other = nodes
    release = new_release(
        **merge(
            values(stays, other), {"launch": {"backoffLimit": 0}, "driver": {"backoffLimit": 0}}
        )
    )
    release.install()
    pod = release.wait_checkpoint()
    assert places(release) == {pod: other}
    release.namespace.kubectl("exec", pod, "--container=stage", "--", "python", "-c", KILL)
    assert "exit code 137" in release.wait_failed()
    release.namespace.kubectl("delete", "job", f"--selector={DRIVER}{release.name}")
    release.upgrade()
    assert release.namespace.wait("another attempt", lambda: placed(release, pod), 90) == stays
    release.wait_finished(after_failure=True)
    assert steady(release.bucket.contents()) == steady(local_run(FAULTS))
