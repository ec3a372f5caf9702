"""People on a cluster: the driver alone has their tool's token, and a Service wakes it."""

from typing import Any

import pytest

PEOPLE = {"annotation": {"existingSecret": "labels", "webhook": {"enabled": True}}}


def variables(pod: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each for each in pod["spec"]["containers"][0]["env"]}


def test_the_driver_reads_the_secrets_from_files(render: Any) -> None:
    """Then it takes another token at its next look, without a restart."""
    [job] = render(PEOPLE).jobs("driver")
    pod = job["spec"]["template"]
    found = variables(pod)
    assert found["AL_LABEL_STUDIO_TOKEN_FILE"]["value"] == "/run/annotation/token"
    assert found["AL_WEBHOOK_SECRET_FILE"]["value"] == "/run/annotation/webhook-secret"
    volume = {"name": "annotation", "secret": {"secretName": "labels"}}
    assert volume in pod["spec"]["volumes"]
    mount = {"name": "annotation", "mountPath": "/run/annotation", "readOnly": True}
    assert mount in pod["spec"]["containers"][0]["volumeMounts"]


def test_no_other_pod_has_them(render: Any) -> None:
    """Stages, ingest and the test ask nobody."""
    for name, pod in render(PEOPLE).pods():
        if name.startswith("al-voc-driver"):
            continue
        assert "labels" not in str(pod["spec"]["volumes"]), name
        assert "annotation" not in str(pod["spec"]["containers"]), name


def test_without_a_webhook_there_is_no_service_and_no_secret_of_it(render: Any) -> None:
    """Polling needs neither."""
    rendering = render({"annotation": {"existingSecret": "labels"}})
    assert [each["metadata"]["name"] for each in rendering.of_kind("Service")] == ["al-voc-store"]
    [job] = rendering.jobs("driver")
    assert "AL_WEBHOOK_SECRET_FILE" not in variables(job["spec"]["template"])


def test_the_service_finds_the_driver(render: Any) -> None:
    """By labels that its pod has, on the port on which it listens."""
    rendering = render(PEOPLE, name="exp")
    service = rendering.named("Service", "exp-al-voc-webhook")["spec"]
    [job] = rendering.jobs("driver")
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert service["selector"].items() <= labels.items()
    assert service["selector"]["app.kubernetes.io/component"] == "driver"
    assert [(each["port"], each["targetPort"]) for each in service["ports"]] == [(8471, 8471)]


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        ({"webhook": {"enabled": True}}, "annotation.existingSecret is empty"),
        ({"token": "secret"}, "token"),
    ],
)
def test_a_webhook_without_a_secret_is_refused(
    refuse: Any, annotation: dict[str, Any], words: str
) -> None:
    """And a token among the values, where everybody who may see the release could read it."""
    assert words in refuse({"annotation": annotation})
