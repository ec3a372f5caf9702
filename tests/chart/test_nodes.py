"""A training in several pods: their places, how they find each other, and who may reach them."""

from typing import Any

import pytest

from job.runtime.place import Place

TWO: dict[str, Any] = {"stages": {"train": {"nodes": 2, "gpus": 1}}}
OF_TRAIN = {"al-voc/release": "exp", "al-voc/stage": "train"}
INDEX = "metadata.annotations['batch.kubernetes.io/job-completion-index']"
JOB = "metadata.labels['batch.kubernetes.io/job-name']"


def variables(pod: dict[str, Any]) -> dict[str, Any]:
    [container] = pod["containers"]
    return {e["name"]: e.get("value") or e["valueFrom"] for e in container["env"]}


def test_each_pod_has_a_place_that_al_job_understands(render: Any) -> None:
    """The Job controller numbers the pods, and knows the first one's name by the Job's."""
    pod = render(TWO, name="exp-al-voc").stage("train")
    found = variables(pod)
    assert found["RANK"] == {"fieldRef": {"fieldPath": INDEX}}
    assert found["JOB_NAME"] == {"fieldRef": {"fieldPath": JOB}}
    assert found["MASTER_ADDR"] == f"$(JOB_NAME)-0.{pod['subdomain']}"
    names = [each["name"] for each in pod["containers"][0]["env"]]
    assert names.index("JOB_NAME") < names.index("MASTER_ADDR")
    place = Place.of({k: v for k, v in found.items() if isinstance(v, str)} | {"RANK": "1"})
    assert place
    assert (place.rank, place.count, place.local_rank) == (1, 2, 0)


def test_the_service_has_the_pods_names_from_the_start(render: Any) -> None:
    """It is headless, and names pods that are not ready: they wait for each other."""
    rendering = render(TWO, name="exp-al-voc")
    service = rendering.named("Service", rendering.stage("train")["subdomain"])["spec"]
    assert (service["clusterIP"], service["publishNotReadyAddresses"]) == ("None", True)
    assert service["selector"] == OF_TRAIN | {"al-voc/release": "exp-al-voc"}
    assert rendering.launch["trainNodes"] == 2


@pytest.mark.parametrize("values", [{}, TWO])
def test_nobody_else_has_a_place(render: Any, values: dict[str, Any]) -> None:
    """Neither other stages, nor the test of the release, nor a training in one pod."""
    rendering = render(values)
    alone = {name: pod for name, pod in rendering.pods() if values == {} or name != "train"}
    assert alone
    for name, pod in alone.items():
        assert "subdomain" not in pod["spec"], name
        assert not {"RANK", "WORLD_SIZE"} & variables(pod["spec"]).keys(), name
    services = [each["metadata"]["name"] for each in rendering.of_kind("Service")]
    assert ("al-voc-train" in services) == (values == TWO)


def test_only_they_reach_each_other(render: Any) -> None:
    """At all ports, since the system chooses them; also if egress is closed."""
    egress = {"networkPolicy": {"egress": {"enabled": True, "driverRules": [{}]}}}
    rendering = render(TWO | egress, name="exp-al-voc")
    policy = rendering.named("NetworkPolicy", "exp-al-voc-to-train")["spec"]
    them = {"matchLabels": OF_TRAIN | {"al-voc/release": "exp-al-voc"}}
    assert policy["podSelector"] == them
    assert policy["policyTypes"] == ["Ingress", "Egress"]
    assert policy["ingress"] == [{"from": [{"podSelector": them}]}]
    assert policy["egress"] == [{"to": [{"podSelector": them}]}]


def test_the_driver_may_make_job_sets_if_it_needs_them(render: Any) -> None:
    """Otherwise its Role does not name them: who installs the chart may lack the right."""
    for values, verbs in ((TWO, ["list", "delete", "create"]), ({}, None)):
        [role] = render(values).of_kind("Role")
        found = {e["apiGroups"][0]: e["verbs"] for e in role["rules"]}
        assert found.get("jobset.x-k8s.io") == verbs


@pytest.mark.parametrize(
    ("stages", "words"),
    [
        ({"train": {"nodes": 2, "gpus": 8}}, "each of several pods has one process"),
        ({"score": {"nodes": 2}}, "stages.score.nodes: only a training takes several pods"),
        ({"defaults": {"nodes": 2}}, "stages.defaults.nodes: only a training"),
    ],
)
def test_what_makes_no_sense_is_refused(refuse: Any, stages: dict[str, Any], words: str) -> None:
    """The message says what to set instead."""
    assert words in refuse({"stages": stages})
