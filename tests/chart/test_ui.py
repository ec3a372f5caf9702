"""The pages for a browser: a Deployment and a Service, if they are wanted."""

from typing import Any

import pytest

from job.cli.main import command_line
from job.serve.site import HEALTH

VALUES = {"ui": {"enabled": True, "existingSecret": "pages"}}
NAME = "al-voc-ui"


def pod_of(rendering: Any) -> dict[str, Any]:
    template: dict[str, Any] = rendering.named("Deployment", NAME)["spec"]["template"]
    return template


def test_they_are_not_there_unless_they_are_wanted(render: Any) -> None:
    """Nothing of a release changes by them, its driver neither."""
    before, after = render().objects, render(VALUES).objects
    assert [each for each in after if each not in before] == [
        render(VALUES).named("NetworkPolicy", "al-voc-to-ui"),
        *(render(VALUES).named(kind, NAME) for kind in ("Service", "Deployment")),
    ]
    assert [each for each in before if each not in after] == []


def test_a_secret_has_to_be_named(refuse: Any) -> None:
    """Other pods reach the pages, so they ask for a token; it is not a value of the chart."""
    message = refuse({"ui": {"enabled": True}})
    assert "ui.existingSecret is empty: name a Secret that has the key token" in message
    assert "token" in refuse({"ui": {"enabled": True, "token": "secret"}})


def test_the_token_is_a_file_of_the_secret(render: Any) -> None:
    """It is in no argument, and `kubectl describe` does not show it."""
    spec = pod_of(render(VALUES))["spec"]
    [container] = spec["containers"]
    env = {each["name"]: each.get("value") for each in container["env"]}
    assert env["AL_SERVE_TOKEN_FILE"] == "/run/ui/token"
    assert {"name": "token", "mountPath": "/run/ui", "readOnly": True} in container["volumeMounts"]
    assert {"name": "token", "secret": {"secretName": "pages"}} in spec["volumes"]


def test_the_command_is_one_of_al_job(render: Any) -> None:
    """With options that it has, on the port that the probes and the Service ask."""
    [container] = pod_of(render(VALUES))["spec"]["containers"]
    command, *options = container["args"]
    lazy: Any = command_line().commands[command]
    known = {name for each in lazy.load().params for name in each.opts}
    assert {each.partition("=")[0] for each in options} <= known
    assert "--host=0.0.0.0" in options
    [port] = container["ports"]
    assert f"--port={port['containerPort']}" in options
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        assert container[probe]["httpGet"] == {"path": HEALTH, "port": port["name"]}


def test_the_service_finds_the_pages(render: Any) -> None:
    """And no other pod."""
    rendering = render(VALUES)
    service = rendering.named("Service", NAME)["spec"]
    assert service["ports"] == [{"name": "http", "port": 80, "targetPort": "http"}]
    chosen = [
        name
        for name, pod in rendering.pods()
        if pod["metadata"]["labels"].items() >= service["selector"].items()
    ]
    assert chosen == [NAME]
    selector = rendering.named("Deployment", NAME)["spec"]["selector"]["matchLabels"]
    assert selector == service["selector"]


def test_a_store_that_is_away_is_told_soon(render: Any) -> None:
    """A browser does not wait a minute, as a stage does."""
    [container] = pod_of(render(VALUES))["spec"]["containers"]
    attempts = [each["value"] for each in container["env"] if each["name"] == "AWS_MAX_ATTEMPTS"]
    assert attempts == ["3"]


def test_they_run_for_ever_and_without_rights(render: Any) -> None:
    """Unlike a stage; with the account of the stages, which may do nothing."""
    spec = pod_of(render(VALUES))["spec"]
    assert spec["restartPolicy"] == "Always"
    assert spec["serviceAccountName"] == "al-voc-stage"
    assert "activeDeadlineSeconds" not in spec
    assert "nvidia.com/gpu" not in str(spec)


@pytest.mark.parametrize("key", ["nodeSelector", "affinity", "tolerations", "priorityClassName"])
def test_settings_of_the_pod(render: Any, every_value: dict[str, Any], key: str) -> None:
    """It has its own scheduling."""
    assert pod_of(render(every_value))["spec"][key] == every_value["ui"][key]


def test_what_is_added_to_the_pod(render: Any, every_value: dict[str, Any]) -> None:
    """Variables, volumes, mounts, labels and annotations."""
    given, pod = every_value["ui"], pod_of(render(every_value))
    [container] = pod["spec"]["containers"]
    assert given["extraEnv"][0] in container["env"]
    assert given["extraVolumes"][0] in pod["spec"]["volumes"]
    assert given["extraVolumeMounts"][0] in container["volumeMounts"]
    assert pod["metadata"]["annotations"]["note"] == "mine"
    assert pod["metadata"]["labels"]["team"] == "vision"
