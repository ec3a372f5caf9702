"""Real clusters: whichever KUBECONFIG points at, with the image and the chart of this folder.

AL_IMAGE, AL_SLIM and AL_SEAWEEDFS name the images, which have to be on the nodes; E2E_KEEP=1 leaves
the namespaces for a look at them afterwards.
"""

import os
import shutil
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
import yaml

from tests.e2e.bucket import Bucket
from tests.e2e.cluster import CommandError, Namespace, run
from tests.e2e.experiments import FAULTS
from tests.e2e.release import AL_JOB, ROOT, NewRelease, Release, Values, merge
from tests.e2e.results import LocalRun

KEEP = os.environ.get("E2E_KEEP") == "1"
RESTRICTED = "pod-security.kubernetes.io/enforce=restricted"
CHARTS_SEAWEEDFS = "chrislusf/seaweedfs:4.48"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the cluster says about a test that failed."""
    report = yield
    namespace = getattr(item, "funcargs", {}).get("namespace")
    if report.failed and report.when != "teardown" and isinstance(namespace, Namespace):
        report.sections.append((f"namespace {namespace.name}", namespace.show()))
    return report


@pytest.fixture
def record_figures(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    """A function that prints figures for people, whatever pytest captures."""

    def show(text: str) -> None:
        with capsys.disabled():
            print(f"\n{text}")  # noqa: T201 - figures are to be read

    return show


@pytest.fixture(scope="session")
def cluster() -> None:
    """Skip the test if there is no cluster."""
    for name in ("kubectl", "helm"):
        if not shutil.which(name):
            pytest.skip(f"{name} is not installed")
    try:
        run("kubectl", "version", "--request-timeout=10s")
    except CommandError as error:
        pytest.skip(f"no cluster answers: {error}")


def _create_namespace() -> Namespace:
    namespace = Namespace(f"al-voc-e2e-{uuid.uuid4().hex[:6]}")
    run("kubectl", "create", "namespace", namespace.name)
    run("kubectl", "label", "namespace", namespace.name, RESTRICTED)
    return namespace


def _delete_namespace(namespace: Namespace) -> None:
    if not KEEP:
        run("kubectl", "delete", "namespace", namespace.name, "--wait=false")


@pytest.fixture
def namespace(cluster: None) -> Iterator[Namespace]:
    """A namespace of the test's own."""
    del cluster
    created = _create_namespace()
    yield created
    _delete_namespace(created)


def _image(variable: str) -> dict[str, str]:
    """Return the values that name the image of a variable; if it is unset, the chart's own."""
    repository, _, tag = os.environ.get(variable, "").rpartition(":")
    return {"repository": repository, "tag": tag} if tag else {}


@pytest.fixture(scope="session")
def images() -> Values:
    """The chart's values that name the images; without AL_SLIM, one of them for all pods."""
    slim = _image("AL_SLIM")
    return {
        "image": _image("AL_IMAGE") | ({"slim": {"tag": slim["tag"]}} if slim else {}),
        "store": {"embedded": {"image": _image("AL_SEAWEEDFS")}},
    }


@pytest.fixture(scope="session")
def server(cluster: None) -> Iterator[Namespace]:
    """An S3 server that belongs to no release, in a namespace of its own."""
    del cluster
    namespace = _create_namespace()
    text = (ROOT / "k8s/seaweedfs.yaml").read_text(encoding="utf-8")
    image = os.environ.get("AL_SEAWEEDFS", CHARTS_SEAWEEDFS)
    namespace.apply(text.replace(CHARTS_SEAWEEDFS, image))
    namespace.kubectl("rollout", "status", "deployment/seaweedfs", "--timeout=90s")
    yield namespace
    _delete_namespace(namespace)


@pytest.fixture
def new_release(namespace: Namespace, images: Values, server: Namespace) -> NewRelease:
    """A function that describes a release whose bucket is its own part of the server's."""
    variables = Bucket(server, "seaweedfs", "seaweedfs", "").credentials()
    secret = {"apiVersion": "v1", "kind": "Secret", "stringData": variables}
    namespace.apply(yaml.safe_dump(secret | {"metadata": {"name": "bucket"}}))

    def describe(name: str = "al-voc", experiment: str = FAULTS, **values: object) -> Release:
        url = f"s3://al-voc/{namespace.name}/{name}"
        bucket = Bucket(server, "seaweedfs", "seaweedfs", url)
        store = {"url": url, "endpoint": bucket.endpoint, "existingSecret": "bucket"}
        own = {"store": store | {"region": "us-east-1"}}
        return Release(namespace, name, experiment, merge(images, own, values), bucket)

    return describe


@pytest.fixture(scope="session")
def local_run(tmp_path_factory: pytest.TempPathFactory) -> LocalRun:
    """A function that runs an experiment on this machine, and returns its store's objects."""
    known: dict[str, dict[str, bytes]] = {}

    def get(experiment: str) -> dict[str, bytes]:
        if experiment not in known:
            known[experiment] = _run_here(experiment, tmp_path_factory.mktemp("local"))
        return known[experiment]

    return get


def _run_here(experiment: str, folder: Path) -> dict[str, bytes]:
    file, state = folder / "experiment.yaml", folder / "state"
    file.write_text(experiment, encoding="utf-8")
    run("env", "-u", "AL_STORE", AL_JOB, "run", file, "--store", state, seconds=600)
    files = (path for path in state.rglob("*") if path.is_file())
    return {path.relative_to(state).as_posix(): path.read_bytes() for path in files}
