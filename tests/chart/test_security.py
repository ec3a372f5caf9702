"""A release needs no more than the restricted level of pod security, and few rights."""

from typing import Any

import pytest

NAMESPACED = {
    "ConfigMap",
    "Deployment",
    "Job",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "Role",
    "RoleBinding",
    "Secret",
    "Service",
    "ServiceAccount",
}
RESTRICTED_VOLUMES = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret"}


def containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    return [*spec.get("initContainers", []), *spec["containers"]]


def test_a_release_makes_namespaced_objects_only(rendering: Any) -> None:
    """There is no custom resource, and nothing that needs an administrator of the cluster."""
    assert {each["kind"] for each in rendering.objects} <= NAMESPACED
    assert all("namespace" not in each["metadata"] for each in rendering.objects)


def test_pods_are_restricted(rendering: Any) -> None:
    """A namespace that enforces the restricted level admits every pod."""
    for name, pod in rendering.pods():
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"] is True, name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, name
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys(), name
        for volume in spec["volumes"]:
            assert volume.keys() - {"name"} <= RESTRICTED_VOLUMES, name
        for container in containers(spec):
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, name
            assert context["capabilities"] == {"drop": ["ALL"]}, name
            assert context["readOnlyRootFilesystem"] is True, name


def test_only_the_driver_has_a_token(rendering: Any) -> None:
    """A stage, ingest, the test and the store cannot talk to the API server."""
    with_token = {
        name
        for name, pod in rendering.pods()
        if pod["spec"]["automountServiceAccountToken"] is not False
    }
    assert {name.rsplit("-", 1)[0] for name in with_token} == {"al-voc-driver"}
    for account in rendering.of_kind("ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_rights_of_the_driver(render: Any) -> None:
    """It may use Jobs of its namespace, their pods, logs and events, and its own two ConfigMaps.

    Of these an administrator of one namespace has the rights, and nobody may grant others: with a
    right to custom resources in the default Role, such a person could not install the chart.
    """
    rules = render().named("Role", "al-voc-driver")["rules"]
    assert [(rule["apiGroups"], rule["resources"], rule["verbs"]) for rule in rules] == [
        (["batch"], ["jobs"], ["list", "create", "delete"]),
        ([""], ["pods"], ["list"]),
        ([""], ["pods/log"], ["get"]),
        ([""], ["events"], ["list", "create"]),
        ([""], ["configmaps"], ["get"]),
        ([""], ["configmaps"], ["patch"]),
    ]
    assert rules[-2]["resourceNames"] == ["al-voc"]
    assert rules[-1]["resourceNames"] == ["al-voc-status"]
    assert all("resourceNames" not in rule for rule in rules[:-2])
    binding = render().named("RoleBinding", "al-voc-driver")
    assert binding["subjects"] == [
        {"kind": "ServiceAccount", "name": "al-voc-driver", "namespace": "ns"}
    ]
    assert binding["roleRef"]["name"] == "al-voc-driver"


@pytest.mark.parametrize(
    "values",
    [
        {"launch": {"queueName": "gpus"}},
        {"stages": {"gpu": {"jobLabels": {"kueue.x-k8s.io/queue-name": "gpus"}}}},
    ],
)
def test_with_a_queue_the_driver_sees_why_kueue_waits(render: Any, values: dict[str, Any]) -> None:
    """It may list Workloads, and change none, also if only some stages have a queue."""
    rules = render(values).named("Role", "al-voc-driver")["rules"]
    [rule] = [each for each in rules if "workloads" in each["resources"]]
    assert (rule["apiGroups"], rule["verbs"]) == (["kueue.x-k8s.io"], ["list"])


def test_meshes_leave_pods_alone(rendering: Any) -> None:
    """A sidecar would keep a Job from ending: none is injected."""
    for name, pod in rendering.pods():
        metadata = pod["metadata"]
        assert metadata["annotations"]["sidecar.istio.io/inject"] == "false", name
        assert metadata["annotations"]["linkerd.io/inject"] == "disabled", name
        assert metadata["labels"]["sidecar.istio.io/inject"] == "false", name


def test_pods_are_not_evicted_to_save_a_node(rendering: Any) -> None:
    """An autoscaler does not evict hours of work; driver and pages, which resume, may move."""
    safe = "cluster-autoscaler.kubernetes.io/safe-to-evict"
    stays = {"train", "evaluate", "score", "ingest", "store"}
    for name, pod in rendering.pods():
        component = pod["metadata"]["labels"]["app.kubernetes.io/component"]
        part = name if component == "stage" else component
        expected = "false" if part in stays else "true" if part in {"driver", "ui"} else None
        annotations = pod["metadata"]["annotations"]
        assert annotations.get(safe) == expected, name
        assert ("karpenter.sh/do-not-disrupt" in annotations) == (part in stays), name


def test_every_container_has_a_memory_limit(rendering: Any) -> None:
    """No pod can take a node's memory from others."""
    for name, pod in rendering.pods():
        for container in containers(pod["spec"]):
            assert container["resources"]["limits"]["memory"], name


@pytest.mark.parametrize("values", [{}, {"podSecurityContext": {"runAsNonRoot": False}}])
def test_values_cannot_weaken_security(render: Any, values: dict[str, Any]) -> None:
    """A value adds to a security context and removes nothing."""
    assert render(values).stage("train")["securityContext"]["runAsNonRoot"] is True


def test_a_seccomp_profile_of_the_user_s(render: Any) -> None:
    """It replaces the default as a whole: a mixture of both types would be refused."""
    profile = {"type": "Localhost", "localhostProfile": "mine.json"}
    rendering = render({"podSecurityContext": {"seccompProfile": profile}})
    assert rendering.stage("train")["securityContext"]["seccompProfile"] == profile


def test_accounts_and_rights_of_an_administrator(render: Any) -> None:
    """If a user may not create roles, existing accounts are used by name."""
    accounts = {"create": False, "driver": {"name": "mover"}, "stage": {"name": "worker"}}
    rendering = render({"serviceAccount": accounts, "rbac": {"create": False}})
    kinds = {each["kind"] for each in rendering.objects}
    assert not kinds & {"ServiceAccount", "Role", "RoleBinding"}
    used = {
        pod["spec"].get("serviceAccountName")
        for name, pod in rendering.pods()
        if name != "al-voc-store"
    }
    assert used == {"mover", "worker"}
    [driver] = rendering.jobs("driver")
    assert driver["spec"]["template"]["spec"]["serviceAccountName"] == "mover"


def test_names_of_accounts_that_are_made(render: Any) -> None:
    """The right to launch goes to the driver's account, whatever its name."""
    rendering = render({"serviceAccount": {"driver": {"name": "mover"}}})
    assert rendering.named("ServiceAccount", "mover")
    assert rendering.named("ServiceAccount", "al-voc-stage")
    [subject] = rendering.named("RoleBinding", "al-voc-driver")["subjects"]
    assert subject["name"] == "mover"


def test_each_account_may_have_its_own_role(render: Any) -> None:
    """A cloud's role for the driver need not be that of the stages; what both have is on both."""
    accounts = {
        "annotations": {"role": "both", "tenant": "t"},
        "driver": {"annotations": {"role": "less"}},
    }
    rendering = render({"serviceAccount": accounts})
    found = {
        each["metadata"]["name"]: each["metadata"]["annotations"]
        for each in rendering.of_kind("ServiceAccount")
    }
    assert found == {
        "al-voc-driver": {"role": "less", "tenant": "t"},
        "al-voc-stage": {"role": "both", "tenant": "t"},
    }


def test_accounts_that_are_there_have_to_be_named(refuse: Any) -> None:
    """A missing name is an error, and not guessed."""
    message = refuse({"serviceAccount": {"create": False, "driver": {"name": "mover"}}})
    assert "serviceAccount.stage.name: name the account to use" in message
