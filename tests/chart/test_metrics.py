"""What Prometheus and a chat get of a release: the driver alone answers and tells."""

from typing import Any

import pytest

METRICS = {"metrics": {"enabled": True, "podMonitor": {"enabled": True}, "labels": {"team": "a"}}}


def driver(rendering: Any) -> Any:
    [job] = rendering.jobs("driver")
    return job["spec"]["template"]


def test_nothing_is_open_unless_asked_for(render: Any) -> None:
    """The driver does not listen, and there is no object of the Prometheus operator."""
    rendering = render()
    assert rendering.launch["metrics"] is False
    assert "ports" not in driver(rendering)["spec"]["containers"][0]
    assert rendering.of_kind("PodMonitor") == []


def test_prometheus_finds_the_driver(render: Any) -> None:
    """By labels that its pod has, on the port on which it listens and which is open."""
    rendering = render(METRICS, name="exp")
    assert rendering.launch["metrics"] is True
    monitor = rendering.named("PodMonitor", "exp-al-voc")
    pod = driver(rendering)
    assert monitor["metadata"]["labels"]["team"] == "a"
    labels = pod["metadata"]["labels"]
    assert monitor["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert labels["app.kubernetes.io/component"] == "driver"
    [endpoint] = monitor["spec"]["podMetricsEndpoints"]
    [port] = pod["spec"]["containers"][0]["ports"]
    assert (port["name"], port["containerPort"]) == (endpoint["port"], 9464)
    policy = rendering.named("NetworkPolicy", "exp-al-voc-to-metrics")["spec"]
    assert policy["podSelector"]["matchLabels"].items() <= labels.items()
    assert policy["ingress"] == [{"ports": [{"protocol": "TCP", "port": 9464}]}]


def test_a_monitor_of_nothing_is_refused(refuse: Any) -> None:
    """Its target would be down for ever."""
    assert "metrics.enabled is false" in refuse({"metrics": {"podMonitor": {"enabled": True}}})


def test_the_address_of_a_chat_is_the_driver_s_alone(render: Any) -> None:
    """It is a secret, and comes as a file."""
    rendering = render({"notify": {"existingSecret": "chat"}})
    for name, pod in rendering.pods():
        container = pod["spec"]["containers"][0]
        variables = {each["name"]: each.get("value") for each in container.get("env", [])}
        is_driver = name.startswith("al-voc-driver")
        assert (variables.get("AL_NOTIFY_URL_FILE") == "/run/notify/url") is is_driver, name
        volume = {"name": "notify", "secret": {"secretName": "chat"}}
        assert (volume in pod["spec"].get("volumes", [])) is is_driver, name


def test_the_price_of_a_gpu_reaches_the_driver(render: Any) -> None:
    """As a number, whichever."""
    assert render({"launch": {"moneyPerGpuHour": 2.5}}).launch["moneyPerGpuHour"] == 2.5
    assert render().launch["moneyPerGpuHour"] == 0


def test_a_fraction_may_be_given_on_the_command_line(render: Any) -> None:
    """Helm's `--set` passes a number with a point on as a text."""
    given = ("--set", "launch.moneyPerGpuHour=2.5", "--set", "launch.pollSeconds=0.5")
    launch = render({}, *given).launch
    assert (launch["moneyPerGpuHour"], launch["pollSeconds"]) == (2.5, 0.5)


@pytest.mark.parametrize("value", ["a lot", "-2.5", "0.0", "2.5.1", -1])
def test_other_texts_are_refused_as_a_number(refuse: Any, value: object) -> None:
    """By the schema, which names the value."""
    assert "moneyPerGpuHour" in refuse({"launch": {"moneyPerGpuHour": value}})
