"""Who may talk to whom: what the chart's NetworkPolicies allow between pods.

They are evaluated here as Kubernetes defines it. That a network holds to them is not seen here.
"""

from collections.abc import Callable
from typing import Any

import pytest

Labels = dict[str, str]
STRANGER: Labels = {"app": "other"}
S3, PAGES, WEBHOOK = 8333, 8765, 8471
API_SERVER = {"to": [{"ipBlock": {"cidr": "10.0.0.1/32"}}], "ports": [{"port": 443}]}
BUCKET = {"to": [{"ipBlock": {"cidr": "10.9.0.0/16"}}], "ports": [{"port": 443}]}
EGRESS: dict[str, Any] = {
    "networkPolicy": {"egress": {"enabled": True, "driverRules": [API_SERVER]}}
}


def labels(rendering: Any) -> dict[str, Labels]:
    return {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]: pod["metadata"]["labels"]
        for _, pod in rendering.pods()
    }


def chooses(selector: dict[str, Any], pod: Labels) -> bool:
    unlike = all(
        pod.get(each["key"]) not in each["values"] and each["operator"] == "NotIn"
        for each in selector.get("matchExpressions", [])
    )
    return unlike and pod.items() >= selector.get("matchLabels", {}).items()


def rules(rendering: Any, pod: Labels, way: str) -> list[dict[str, Any]] | None:
    """Return what the policies allow a pod; None: no policy speaks of it, so all is allowed."""
    specs = [each["spec"] for each in rendering.of_kind("NetworkPolicy")]
    about = [e for e in specs if chooses(e["podSelector"], pod) and way in e["policyTypes"]]
    allowed = [rule for each in about for rule in each.get(way.lower(), [])]
    return allowed if about else None


def is_open(rendering: Any, to: Labels, port: int, source: Labels) -> bool:
    allowed = rules(rendering, to, "Ingress")
    return allowed is None or any(
        port in [each["port"] for each in rule["ports"]]
        and any(chooses(peer["podSelector"], source) for peer in rule.get("from", []))
        | ("from" not in rule)
        for rule in allowed
    )


def test_the_store_is_open_to_its_release_alone(render: Any) -> None:
    """On its own port, and to nobody else of the namespace or of another one."""
    rendering, other = render(), labels(render(name="other"))["stage"]
    pods = labels(rendering)
    for name, source in pods.items():
        assert is_open(rendering, pods["store"], S3, source), name
        assert not is_open(rendering, pods["store"], 9333, source), name
    for stranger in (STRANGER, other):
        assert not is_open(rendering, pods["store"], S3, stranger)


def test_nobody_talks_to_other_pods(render: Any) -> None:
    """Stages, ingest and driver listen to nothing."""
    pods = labels(rendering := render())
    for name in pods.keys() - {"store"}:
        assert rules(rendering, pods[name], "Ingress") == [], name


def test_what_asks_for_a_secret_is_open(render: Any, every_value: dict[str, Any]) -> None:
    """The pages and the webhook, each on its port, for whoever reaches the cluster."""
    pods = labels(rendering := render(every_value))
    assert is_open(rendering, pods["ui"], PAGES, STRANGER)
    assert is_open(rendering, pods["driver"], WEBHOOK, STRANGER)
    assert not is_open(rendering, pods["ui"], WEBHOOK, STRANGER)
    assert not is_open(rendering, pods["driver"], PAGES, STRANGER)


def test_pods_reach_anything_unless_told(render: Any) -> None:
    """Egress is free by default: the chart does not know a bucket's addresses."""
    rendering = render()
    for name, pod in labels(rendering).items():
        assert rules(rendering, pod, "Egress") is None, name


def test_what_pods_reach_may_be_named(render: Any) -> None:
    """DNS, the store and what the values name; the driver has rules in addition."""
    pods = labels(rendering := render(EGRESS))
    assert rules(rendering, pods["store"], "Egress") == []
    dns, store = rules(rendering, pods["stage"], "Egress") or []
    assert {(each["protocol"], each["port"]) for each in dns["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert "to" not in dns
    [peer] = store["to"]
    assert [name for name, pod in pods.items() if chooses(peer["podSelector"], pod)] == ["store"]
    assert rules(rendering, pods["driver"], "Egress") == [dns, store, API_SERVER]
    egress = EGRESS["networkPolicy"]["egress"] | {"rules": [BUCKET]}
    own_bucket = render({"store": {"url": "s3://mine"}, "networkPolicy": {"egress": egress}})
    assert rules(own_bucket, pods["stage"], "Egress") == [dns, BUCKET]


@pytest.mark.parametrize(
    ("egress", "store", "missing"),
    [
        ({"enabled": True}, {}, "driverRules is empty"),
        ({"enabled": True, "driverRules": [API_SERVER]}, {"url": "s3://mine"}, "rules is empty"),
    ],
)
def test_rules_that_everything_needs_are_asked_for(
    refuse: Callable[[Any], str], egress: Any, store: Any, missing: str
) -> None:
    """Without them no stage could run."""
    assert missing in refuse({"networkPolicy": {"egress": egress}, "store": store})


def test_policies_may_be_left_out(render: Any) -> None:
    """An administrator may have policies of their own."""
    assert not render({"networkPolicy": {"enabled": False}}).of_kind("NetworkPolicy")
