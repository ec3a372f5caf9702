"""People on a cluster: the driver asks them in a Label Studio on the node, and no Job waits."""

import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from job.config.schema import Config
from job.keys import RoundRef
from job.plan import Plan
from job.storage import Store
from tests.e2e.cluster import Namespace, run
from tests.e2e.experiments import SHORT
from tests.e2e.figures import driver_memory
from tests.e2e.release import NewRelease, Release
from tests.label_studio.asking import Place, region
from tests.label_studio.double import LEGACY
from tests.label_studio.server import running_server
from tests.outputs import read_output

pytestmark = pytest.mark.e2e

MAX_MIB = 256
SECRETS = {"token": LEGACY, "webhook-secret": "known-to-both-sides"}


@pytest.fixture
def host(cluster: None) -> str:
    """The address of the node, if it is this machine."""
    del cluster
    path = "jsonpath={.items[0].status.addresses[?(@.type=='InternalIP')].address}"
    address = run("kubectl", "get", "nodes", f"--output={path}")
    try:
        socket.create_server((address, 0)).close()
    except OSError as error:
        pytest.skip(f"pods do not reach this machine at the node's address {address}: {error}")
    return address


@pytest.fixture
def place(host: str, tmp_path: Path) -> Iterator[Place]:
    """A Label Studio that pods reach."""
    with running_server(tmp_path / "labels", host) as server:
        yield Place(server.url, "people")


@pytest.fixture
def release(namespace: Namespace, new_release: NewRelease, place: Place) -> Release:
    """Two arms of two rounds that people label."""
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "labels"}}
    namespace.apply(yaml.safe_dump(secret | {"stringData": SECRETS}))
    annotation = {"existingSecret": "labels", "webhook": {"enabled": True}}
    return new_release(experiment=asking(place, poll_seconds=2), annotation=annotation)


def asking(place: Place, poll_seconds: int, **studio: str) -> str:
    """Return the experiment, whose people are asked in one place."""
    settings = {
        "annotator": "label_studio",
        "label_studio": {"url": place.url, **studio},
        "poll_seconds": poll_seconds,
    }
    text = SHORT.replace("experiment: short", "experiment: people")
    return text + yaml.safe_dump({"annotation": settings})


def label(place: Place) -> int:
    """Draw a box in each image that waits, as people do; return how many there were."""
    waiting = [row for row in place.rows if not row["is_labeled"]]
    for row in waiting:
        box = region("disc", original_width=64, original_height=64)
        path = f"/api/tasks/{row['id']}/annotations/"
        place.api.send("POST", path, {"result": [box], "lead_time": 7.5})
    return len(waiting)


def is_annotating(release: Release) -> Callable[[], bool]:
    """A function that says whether nothing but people is waited for."""

    def ask() -> bool:
        status = release.status()
        return bool(status and status.driver and status.driver.phase == "annotating")

    return ask


def picks_of(store: Store, config: Config) -> list[str]:
    """Return what all rounds have picked, from what was frozen with their labels."""
    refs = {ref for _, ref in Plan(config).rounds()}
    outcomes = [read_output(store, ref.stage("annotate"), "outcome.json") for ref in refs]
    return [image["id"] for each in outcomes for image in json.loads(each)["images"]]


def test_people_label_while_no_job_waits(
    release: Release,
    namespace: Namespace,
    place: Place,
    record_figures: Callable[[str], None],
) -> None:
    """A driver that is killed asks for nothing twice, and a webhook wakes the one that follows."""
    release.install()
    namespace.wait("people are asked", is_annotating(release), 180)
    text = release.wait_said("6 of 6 to go: ")
    assert f"{place.url}/projects/" in text
    for pod in release.pods("driver"):
        namespace.kubectl("delete", "pod", pod["metadata"]["name"], "--force", "--grace-period=0")
    [service] = [
        each for each in namespace.objects("services") if "webhook" in each["metadata"]["name"]
    ]
    # A process of the node finds no name of the cluster, but its addresses.
    webhook = f"http://{service['spec']['clusterIP']}:8471"
    release.upgrade(experiment=asking(place, poll_seconds=3600, webhook=webhook))
    namespace.wait("the webhook is there", lambda: webhooks(place) == [webhook], 120)
    assert label(place) == 6

    def is_finished() -> bool:
        status = release.status()
        driver = status and status.driver
        assert driver
        assert driver.phase != "failed", driver.message
        if driver.phase == "annotating":
            label(place)
        return driver.phase == "finished"

    namespace.wait("the experiment is finished", is_finished, 420)
    check(release, place)
    memory = driver_memory(release)
    assert memory <= MAX_MIB
    record_figures(f"driver's memory while it asks people: {memory} MiB resident at most")


def check(release: Release, place: Place) -> None:
    """Hold what is left against what people did."""
    assert release.jobs(stage="annotate") == []
    assert max(release.runs().values()) == 1
    with release.bucket.opened() as store:
        picks = picks_of(store, release.config)
        first = RoundRef("people", 0, None, 0).stage("annotate")
        cost: dict[str, Any] = json.loads(read_output(store, first, "cost.json"))
    assert Counter(place.asked) == Counter(set(picks))  # each once, whichever arms picked it
    assert (cost["images"], cost["boxes"], cost["seconds"]) == (6, 6, 45)


def webhooks(place: Place) -> list[str]:
    """Return the addresses that the project calls."""
    (number,) = place.projects
    return [hook["url"] for hook in place.api.get("/api/webhooks/", project=number)]
