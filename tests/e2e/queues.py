"""The queues of k8s/kueue.yaml, for a namespace of a test."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import yaml

from tests.e2e.cluster import Namespace, Object, run
from tests.e2e.release import ROOT

GPU = "nvidia.com/gpu"
PRESENT = "nvidia.com/gpu.present"
QUEUE = "al-voc"
PREEMPTING = {"preemption": {"withinClusterQueue": "LowerPriority"}}


def skip_without(api: str) -> None:
    """Skip the test if the cluster does not have an API, such as `kueue.x-k8s.io/v1beta2`."""
    if api not in run("kubectl", "api-versions").split():
        pytest.skip(f"the cluster has no {api}")


@contextmanager
def labelled_nodes() -> Iterator[None]:
    """Give the nodes with GPUs the label by which NVIDIA's operator marks them."""
    path = r"{range .items[*]}{.metadata.name} {.status.allocatable.nvidia\.com/gpu}{'\n'}{end}"
    rows = [
        row.split() for row in run("kubectl", "get", "nodes", f"-o=jsonpath={path}").split("\n")
    ]
    names = [row[0] for row in rows if len(row) == 2 and row[1] != "0"]
    if not names:
        pytest.skip(f"no node has a {GPU}, real or not")
    run("kubectl", "label", "--overwrite", "nodes", *names, f"{PRESENT}=true")
    yield
    run("kubectl", "label", "nodes", *names, f"{PRESENT}-")


@contextmanager
def queue_of(namespace: Namespace, quotas: dict[str, str]) -> Iterator[str]:
    """Make the example's queues with other quotas and preemption; give the local queue's name."""
    objects = list(yaml.safe_load_all((ROOT / "k8s/kueue.yaml").read_text(encoding="utf-8")))
    for each in objects:
        _adapt(each, namespace.name, quotas)
    run("kubectl", "apply", "--filename=-", stdin=yaml.safe_dump_all(objects))
    yield QUEUE
    run("kubectl", "delete", "--wait=false", f"clusterqueue/{namespace.name}")


def _adapt(item: Object, namespace: str, quotas: dict[str, str]) -> None:
    """Put an object of the example into a namespace; a ClusterQueue gets the namespace's name."""
    metadata, spec = item["metadata"], item.get("spec", {})
    if item["kind"] == "LocalQueue":
        metadata["namespace"], spec["clusterQueue"] = namespace, namespace
    if item["kind"] == "ClusterQueue":
        metadata["name"] = namespace
        spec["namespaceSelector"]["matchLabels"] = {"kubernetes.io/metadata.name": namespace}
        spec |= PREEMPTING
        for group in spec["resourceGroups"]:
            for resource in group["flavors"][0]["resources"]:
                name = resource["name"]
                resource["nominalQuota"] = quotas.get(name, resource["nominalQuota"])
