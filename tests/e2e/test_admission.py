"""The optional admission policy: a driver does what it needs under it, and nothing else."""

from collections.abc import Iterator

import pytest
import yaml

from tests.e2e.cluster import CommandError, run
from tests.e2e.experiments import SHORT
from tests.e2e.release import ROOT, NewRelease, Release
from tests.e2e.results import each_once

pytestmark = pytest.mark.e2e

NODE = {"name": "node", "hostPath": {"path": "/"}}
POLICY = ROOT / "k8s/admission-policy.yaml"


@pytest.fixture
def release(new_release: NewRelease) -> Iterator[Release]:
    """A release in a namespace where the policy counts."""
    created = new_release(experiment=SHORT)
    run("kubectl", "apply", "--filename", POLICY)
    run("kubectl", "label", "namespace", created.namespace.name, "al-voc/guarded=true")
    yield created
    run("kubectl", "delete", "--filename", POLICY)


def as_driver(release: Release, *words: object, stdin: str | None = None) -> str:
    """Run kubectl with the rights of the driver."""
    account = f"system:serviceaccount:{release.namespace.name}:{release.name}-driver"
    return release.namespace.kubectl(f"--as={account}", *words, stdin=stdin)


def test_a_driver_is_held_to_its_own_jobs(release: Release) -> None:
    """Its experiment ends as ever. A Job of another kind is refused, and so is another's end."""
    release.install()
    [job] = release.namespace.wait("a training", lambda: release.jobs(stage="train", round="0"), 90)
    release.wait_finished()
    assert release.runs() == each_once(release.config)
    metadata = {"name": "mine", "labels": job["metadata"]["labels"]}
    pod = job["spec"]["template"]["spec"]
    for words, changes in {
        "al-voc/release=": {"metadata": metadata | {"labels": {"al-voc/release": "other"}}},
        "service account": {"spec": pod | {"serviceAccountName": f"{release.name}-driver"}},
        "container image": {"spec": pod | {"containers": [{"name": "a", "image": "other:1"}]}},
        "no directory": {"spec": pod | {"volumes": [*pod["volumes"], NODE]}},
    }.items():
        template = {"spec": changes.get("spec", pod)}
        made = {"apiVersion": "batch/v1", "kind": "Job", "spec": {"template": template}}
        text = yaml.safe_dump(made | {"metadata": changes.get("metadata", metadata)})
        with pytest.raises(CommandError, match=words):
            as_driver(release, "create", "--filename", "-", stdin=text)
    release.namespace.kubectl("create", "job", "others", "--image=other:1")
    with pytest.raises(CommandError, match="of its own release only"):
        as_driver(release, "delete", "job", "others")
