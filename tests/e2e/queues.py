"""The queues of k8s/kueue.yaml, for a namespace of a test."""

import json
from collections.abc import Iterable, Iterator
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
    """Give the nodes with GPUs the label by which NVIDIA's operator marks them, if they lack it."""
    nodes = json.loads(run("kubectl", "get", "nodes", "--output=json"))["items"]
    with_gpus = [each for each in nodes if each["status"]["allocatable"].get(GPU, "0") != "0"]
    if not with_gpus:
        pytest.skip(f"no node has a {GPU}, real or not")
    lacking = [e["metadata"] for e in with_gpus if PRESENT not in e["metadata"]["labels"]]
    names = [metadata["name"] for metadata in lacking]
    if names:
        run("kubectl", "label", "nodes", *names, f"{PRESENT}=true")
    yield
    if names:
        run("kubectl", "label", "nodes", *names, f"{PRESENT}-")


@contextmanager
def made(objects: Iterable[Object]) -> Iterator[None]:
    """Make objects, and remove them in the end. What is still in use goes when it is not."""
    text = yaml.safe_dump_all(objects)
    run("kubectl", "apply", "--filename=-", stdin=text)
    yield
    run("kubectl", "delete", "--ignore-not-found", "--wait=false", "--filename=-", stdin=text)


@contextmanager
def queue_of(namespace: Namespace, quotas: dict[str, str]) -> Iterator[str]:
    """Make the example's queues with other quotas and preemption; give the local queue's name."""
    objects = list(yaml.safe_load_all((ROOT / "k8s/kueue.yaml").read_text(encoding="utf-8")))
    for each in objects:
        _adapt(each, namespace.name, quotas)
    with made(objects):
        yield QUEUE


def own_name(namespace: str, name: str) -> str:
    """Return the name of an object of the whole cluster, which others may have, too."""
    return f"{namespace}-{name}"


@contextmanager
def priorities_of(namespace: Namespace) -> Iterator[tuple[str, str]]:
    """Make two priority classes, and give their names, the lower one first."""
    low, high = own_name(namespace.name, "low"), own_name(namespace.name, "high")
    api = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "WorkloadPriorityClass"}
    classes = [
        api | {"metadata": {"name": name}, "value": value} for value, name in ((1, low), (2, high))
    ]
    with made(classes):
        yield low, high


def _adapt(item: Object, namespace: str, quotas: dict[str, str]) -> None:
    """Put an object of the example into a namespace; those of the cluster get names of its own."""
    metadata, spec = item["metadata"], item.get("spec", {})
    if item["kind"] == "LocalQueue":
        metadata["namespace"], spec["clusterQueue"] = namespace, namespace
    if item["kind"] == "ResourceFlavor":
        metadata["name"] = own_name(namespace, metadata["name"])
    if item["kind"] == "ClusterQueue":
        metadata["name"] = namespace
        spec["namespaceSelector"]["matchLabels"] = {"kubernetes.io/metadata.name": namespace}
        spec |= PREEMPTING
        for group in spec["resourceGroups"]:
            [flavor] = group["flavors"]
            flavor["name"] = own_name(namespace, flavor["name"])
            for resource in flavor["resources"]:
                name = resource["name"]
                resource["nominalQuota"] = quotas.get(name, resource["nominalQuota"])
