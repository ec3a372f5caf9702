"""What Helm prints after an install, and what it finds in the chart."""

import json
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]


def notes(run_helm: Any, values: dict[str, Any], *options: str) -> str:
    arguments = ("install", "exp", str(ROOT / "helm"), "-n", "ns", "--dry-run=client")
    ended = run_helm(*arguments, *options, values=json.dumps(values))
    if "cluster unreachable" in ended.stderr:
        pytest.skip("this helm shows notes only where there is a cluster")
    assert ended.returncode == 0, ended.stderr
    text: str = ended.stdout.partition("NOTES:")[2]
    return text


def test_notes_of_a_plain_install(run_helm: Any, render: Any) -> None:
    """They have commands with the release's names, and say what an emptyDir means."""
    text = notes(run_helm, {})
    assert "al-job status --watch --release exp-al-voc --namespace ns" in text
    [driver] = render(name="exp").jobs("driver")
    assert f"kubectl -n ns logs -f job/{driver['metadata']['name']}" in text
    assert "kubectl -n ns port-forward service/exp-al-voc-store 8333" in text
    assert "export AWS_ENDPOINT_URL=http://localhost:8333" in text
    assert "export AWS_DEFAULT_REGION=us-east-1" in text
    key = """go-template={{index .data "AWS_ACCESS_KEY_ID" | base64decode}}"""
    assert f"get secret exp-al-voc-store -o '{key}'" in text
    assert "al-job report --store s3://al-voc --experiment quickstart" in text
    assert "free" not in text
    assert "helm -n ns test exp" in text
    assert "helm -n ns uninstall exp" in text
    assert "are lost when that pod is deleted" in text


def test_notes_begin_with_what_shows_whether_it_runs(run_helm: Any) -> None:
    """Helm knows only that objects were made: the first command is the one that shows pods."""
    first, command, *_ = notes(run_helm, {}).strip().splitlines()
    assert first == "Whether experiment quickstart can run in namespace ns is seen within a minute:"
    assert command.strip() == "kubectl -n ns get pods -l al-voc/release=exp-al-voc"


def test_notes_say_what_to_do_without_an_image(run_helm: Any, render: Any) -> None:
    """The default is a name that a clone builds; a name with a registry has to be corrected."""
    image = render().launch["image"]
    text = notes(run_helm, {})
    assert f"ErrImagePull, ImagePullBackOff: the nodes cannot pull {image}." in text
    assert f"make image && k8s/load-image {image}" in text
    assert "image.repository=REGISTRY/al-job" in text
    assert "docker.io/chrislusf/seaweedfs:4.48, has to be there" in text
    values = {"image": {"repository": "registry.example/al-job"}, "store": {"url": "s3://mine"}}
    text = notes(run_helm, values)
    assert "cannot pull registry.example/al-job:" in text
    assert "make image" not in text
    assert "seaweedfs" not in text


def test_notes_on_gpus(run_helm: Any) -> None:
    """The test waits like a training."""
    gpus = ("--values", str(ROOT / "helm/values-gpu.yaml"))
    text = notes(run_helm, {}, *gpus)
    assert "this waits until 1 GPU is free" in text
    assert "CPUs" not in text
    assert "It runs on CPUs. stages.gpu.gpus=1" in notes(run_helm, {})


@pytest.mark.parametrize(("limit", "told"), [("31Gi", True), ("32Gi", False), (None, False)])
def test_notes_on_too_little_memory(run_helm: Any, limit: str | None, told: bool) -> None:  # noqa: FBT001 - a case
    """Each GPU of a training needs memory of the node, too."""
    train = {"gpus": 4, "resources": {"limits": {"memory": limit}}}
    text = notes(run_helm, {"stages": {"train": train}})
    assert (f"A training has {limit} of memory for 4 GPUs: less than 8Gi each" in text) == told


def test_notes_with_a_queue(run_helm: Any) -> None:
    """Pods of stages may come late, and that is right."""
    text = notes(run_helm, {"launch": {"queueName": "team"}})
    assert "Stages wait until the queue team admits them." in text


def test_notes_with_pages(run_helm: Any) -> None:
    """They say where a browser finds them, and how to read the token."""
    text = notes(run_helm, {"ui": {"enabled": True, "existingSecret": "pages"}})
    assert "kubectl -n ns port-forward service/exp-al-voc-ui 8765:80" in text
    assert "get secret pages -o 'go-template={{.data.token | base64decode}}'" in text
    assert "8765" not in notes(run_helm, {})


def test_notes_with_a_webhook(run_helm: Any) -> None:
    """They have the address that the experiment has to name."""
    values = {"annotation": {"existingSecret": "labels", "webhook": {"enabled": True}}}
    assert "http://exp-al-voc-webhook.ns:8471, which has to be" in notes(run_helm, values)
    assert "8471" not in notes(run_helm, {})


def test_notes_with_a_claim(run_helm: Any) -> None:
    """They do not say that kept data are lost, and they say how to delete them."""
    text = notes(run_helm, {"store": {"embedded": {"persistence": {"enabled": True}}}})
    assert "are lost" not in text
    assert "kubectl -n ns delete pvc exp-al-voc-store" in text
    assert "starts over" in text


def test_notes_with_a_claim_of_the_user_s(run_helm: Any) -> None:
    """They do not suggest to delete what the chart did not make."""
    text = notes(run_helm, {"store": {"embedded": {"persistence": {"existingClaim": "mine"}}}})
    assert "Your claim mine is not changed." in text
    assert "delete pvc" not in text
    assert "are lost" not in text


def test_notes_with_a_bucket(run_helm: Any) -> None:
    """Results are read from the bucket, which an uninstall leaves alone."""
    store = {"url": "s3://mine", "endpoint": "https://s3.example", "region": "eu-west-1"}
    text = notes(run_helm, {"store": store, "stages": {"train": {"gpus": 0}}})
    assert "export AWS_ENDPOINT_URL=https://s3.example" in text
    assert "export AWS_DEFAULT_REGION=eu-west-1" in text
    assert "with your credentials" in text
    assert "get secret" not in text
    assert "free" not in text
    keyed = notes(run_helm, {"store": store | {"existingSecret": "keys"}})
    assert "export AWS_SECRET_ACCESS_KEY=$(kubectl -n ns get secret keys " in keyed
    assert "The bucket is not changed." in text
    assert "SeaweedFS" not in text


def test_notes_with_a_volume(run_helm: Any) -> None:
    """They name no server, key or bucket: the report runs where the volume is mounted."""
    text = notes(run_helm, {"store": {"url": "file:///state"}})
    assert "al-job report --store file:///state --experiment quickstart" in text
    assert "The volume is not changed." in text
    assert not any(word in text for word in ("AWS_", "bucket", "SeaweedFS"))


@pytest.mark.parametrize("arguments", [(), ("--values", str(ROOT / "k8s/kind/values.yaml"))])
def test_helm_has_no_complaint(run_helm: Any, arguments: tuple[str, ...]) -> None:
    """`helm lint --strict` finds neither an error nor a warning."""
    ended = run_helm("lint", "--strict", str(ROOT / "helm"), *arguments)
    assert ended.returncode == 0, ended.stdout + ended.stderr
