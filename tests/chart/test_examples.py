"""The examples in k8s/, including kinds that a plain cluster does not know."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from job.config.loading import parse
from job.keys import STAGES

K8S = Path(__file__).parents[2] / "k8s"
GPUS = ("--values", str(Path(__file__).parents[2] / "helm/values-gpu.yaml"))
SECRET = "seaweedfs"


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((K8S / name).read_text(encoding="utf-8")))


# A cluster on a laptop


def test_kind_needs_neither_gpu_nor_internet(render: Any, kind_values: dict[str, Any]) -> None:
    """Nothing asks for a GPU, nothing is pulled, and weights and data are generated."""
    rendering = render(kind_values)
    for name, pod in rendering.pods():
        for container in pod["spec"]["containers"]:
            assert "nvidia.com/gpu" not in container["resources"]["limits"], name
            assert container["imagePullPolicy"] == "IfNotPresent", name
    config = parse(rendering.config["experiment.yaml"], "experiment")
    assert config.detector.backbone == "scratch"
    assert config.dataset.synthetic
    assert config.runtime.device == "cpu"


@pytest.mark.parametrize("name", ["defaults", "kind"])
def test_pods_fit_on_two_cores(
    render: Any, kind_values: dict[str, Any], quantity: Any, name: str
) -> None:
    """Store, driver, ingest and as many stages as may run ask for less than two cores and 4 GiB."""
    rendering = render(kind_values if name == "kind" else {})
    requests = {
        name: pod["spec"]["containers"][0]["resources"]["requests"]
        for name, pod in rendering.pods()
        if name != "al-voc-doctor"  # `helm test` may wait
    }
    stages = max(
        (requests.pop(stage) for stage in (*STAGES, "report")), key=lambda each: each["cpu"]
    )
    all_pods = [*requests.values(), *[stages] * rendering.launch["maxParallel"]]
    assert sum(quantity(each["cpu"]) for each in all_pods) < 2
    assert sum(quantity(each["memory"]) for each in all_pods) < 4 * 2**30


@pytest.mark.parametrize(
    ("file", "name", "workers"), [("cluster", "al-voc", 0), ("workers", "al-voc-workers", 2)]
)
def test_kind_s_clusters(file: str, name: str, workers: int) -> None:
    """One has a single node, and one of the other's nodes can be lost; both have a name to know."""
    [cluster] = documents(f"kind/{file}.yaml")
    assert (cluster["kind"], cluster["apiVersion"]) == ("Cluster", "kind.x-k8s.io/v1alpha4")
    assert cluster["name"] == name
    roles = [node["role"] for node in cluster["nodes"]]
    assert roles == ["control-plane", *["worker"] * workers]


# Manifests that repeat what the chart makes


def test_stage_job_is_the_chart_s(render: Any) -> None:
    """The one-off Job has the security, the resources and the failure policy of a stage's."""
    [job] = documents("stage-job.yaml")
    spec, stage = job["spec"]["template"]["spec"], render({}, *GPUS).stage("score")
    for key in ("securityContext", "automountServiceAccountToken", "restartPolicy"):
        assert spec[key] == stage[key]
    *volumes, keys = stage["volumes"]
    assert spec["volumes"] == [*volumes, {"name": keys["name"], "secret": {"secretName": SECRET}}]
    for key in ("image", "securityContext", "resources", "volumeMounts"):
        assert spec["containers"][0][key] == stage["containers"][0][key]
    [ingest] = render().jobs("ingest")
    rules, theirs = job["spec"]["podFailurePolicy"]["rules"], ingest["spec"]["podFailurePolicy"]
    rules[0]["onExitCodes"]["containerName"] = "ingest"
    assert rules == theirs["rules"]


def test_nodes_job_is_the_stage_job_in_several_pods() -> None:
    """Beside the five variables, the index and the Service, the Job is that of a single stage."""
    [service, job], [stage_job] = documents("nodes-job.yaml"), documents("stage-job.yaml")
    spec, name = job["spec"], job["metadata"]["name"]
    pod, stage_pod = (each["spec"]["template"]["spec"] for each in (job, stage_job))
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"] == {"job-name": name}
    assert pod.pop("subdomain") == service["metadata"]["name"]
    [container], [stage_container] = pod["containers"], stage_pod["containers"]
    env = {each["name"]: each for each in container["env"]}
    place = {key: env[key].get("value") for key in ("WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR")}
    assert place == {
        "WORLD_SIZE": str(spec["completions"]),
        "LOCAL_RANK": "0",
        "MASTER_ADDR": f"{name}-0.{service['metadata']['name']}",
    }
    assert spec["completionMode"] == "Indexed"
    assert spec["parallelism"] == spec["completions"]
    assert spec["podFailurePolicy"] == stage_job["spec"]["podFailurePolicy"]
    rest = [each for each in container["env"] if each in stage_container["env"]]
    assert container | {"env": rest, "args": stage_container["args"]} == stage_container
    assert pod | {"containers": [stage_container]} == stage_pod


def test_store_is_the_chart_s(render: Any) -> None:
    """The store for trying out starts like the chart's own."""
    theirs = render().named("Deployment", "al-voc-store")["spec"]["template"]["spec"]
    [secret, service, ours] = documents("seaweedfs.yaml")
    pod = ours["spec"]["template"]["spec"]
    assert pod["securityContext"] == theirs["securityContext"]
    for key in ("image", "args", "startupProbe", "resources", "securityContext", "volumeMounts"):
        assert pod["containers"][0][key] == theirs["containers"][0][key]
    assert secret["metadata"]["name"] == "seaweedfs"
    assert service["spec"]["selector"] == ours["spec"]["selector"]["matchLabels"]


def test_a_stage_s_store_is_the_example_s(render: Any) -> None:
    """The Job of a stage uses the store that seaweedfs.yaml makes, and the chart's image."""
    secret, service, _ = documents("seaweedfs.yaml")
    [job] = documents("stage-job.yaml")
    [container] = job["spec"]["template"]["spec"]["containers"]
    env = {each["name"]: each.get("value") for each in container["env"]}
    [port] = service["spec"]["ports"]
    assert env["AL_STORE"] == "s3://al-voc"
    assert env["AWS_ENDPOINT_URL"] == f"http://{service['metadata']['name']}:{port['port']}"
    assert secret["metadata"]["name"] == SECRET
    assert container["image"] == render().launch["image"]


# Kueue


def kueue() -> dict[str, list[dict[str, Any]]]:
    """Return the objects of kueue.yaml by their kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in documents("kueue.yaml"):
        assert each["apiVersion"] == "kueue.x-k8s.io/v1beta2"
        found.setdefault(each["kind"], []).append(each)
    return found


def test_kueue_s_queues_fit_together(render: Any, quantity: Any) -> None:
    """The local queue is one of a cluster queue whose flavors exist and whose quota has room."""
    objects = kueue()
    [cluster_queue], [local_queue] = objects["ClusterQueue"], objects["LocalQueue"]
    assert local_queue["spec"]["clusterQueue"] == cluster_queue["metadata"]["name"]
    namespace = cluster_queue["spec"]["namespaceSelector"]["matchLabels"]
    assert namespace == {"kubernetes.io/metadata.name": local_queue["metadata"]["namespace"]}
    flavors: list[str] = []
    quota: dict[str, Any] = {}
    for group in cluster_queue["spec"]["resourceGroups"]:
        [flavor] = group["flavors"]
        own = {each["name"]: quantity(each["nominalQuota"]) for each in flavor["resources"]}
        assert list(own) == group["coveredResources"]
        flavors.append(flavor["name"])
        quota |= own
    assert flavors == [each["metadata"]["name"] for each in objects["ResourceFlavor"]]
    resources = render({}, *GPUS).stage("train")["containers"][0]["resources"]
    asked = resources["limits"] | resources["requests"]
    assert asked.keys() == quota.keys()  # Kueue admits no pod that asks for what is not covered
    assert all(quantity(asked[name]) <= quota[name] for name in asked)


def test_kueue_sends_only_gpus_to_nodes_with_gpus() -> None:
    """The flavor whose labels choose nodes has the quota of GPUs, and nothing that others need."""
    objects = kueue()
    labels = {
        each["metadata"]["name"]: each.get("spec", {}).get("nodeLabels", {})
        for each in objects["ResourceFlavor"]
    }
    [queue] = objects["ClusterQueue"]
    where = {
        resource: labels[group["flavors"][0]["name"]]
        for group in queue["spec"]["resourceGroups"]
        for resource in group["coveredResources"]
    }
    assert where.pop("nvidia.com/gpu") == {"nvidia.com/gpu.present": "true"}
    assert set(map(str, where.values())) == {"{}"}


# An admission policy


def test_the_policy_binds_the_chart_s_driver(render: Any, validate: Any) -> None:
    """It knows the driver by its account, and lets it launch the chart's container image."""
    policy, binding = documents("admission-policy.yaml")
    for each in (policy, binding):
        validate(each)
    assert binding["spec"]["policyName"] == policy["metadata"]["name"]
    [condition] = policy["spec"]["matchConditions"]
    [pattern] = re.findall(r"matches\('(.*)'\)", condition["expression"])
    rendering = render(name="exp")
    [driver] = rendering.jobs("driver")
    account = driver["spec"]["template"]["spec"]["serviceAccountName"]
    assert re.search(pattern, f"system:serviceaccount:ns:{account}")
    stage = rendering.stage("train")
    assert not re.search(pattern, f"system:serviceaccount:ns:{stage['serviceAccountName']}")
    assert account.removesuffix("-driver") + "-stage" == stage["serviceAccountName"]
    assert account.removesuffix("-driver") == rendering.launch["release"]
    images = yaml.safe_load(policy["spec"]["variables"][0]["expression"])
    assert stage["containers"][0]["image"].startswith(tuple(images))


def test_the_policy_guards_whatever_makes_pods(render: Any) -> None:
    """All kinds that a driver may create, except events, are in its rules: JobSets, too."""
    policy, _ = documents("admission-policy.yaml")
    guarded = {e["resources"][0] for e in policy["spec"]["matchConstraints"]["resourceRules"]}
    [role] = render({"stages": {"train": {"nodes": 2}}}).of_kind("Role")
    created = {e["resources"][0] for e in role["rules"] if "create" in e["verbs"]}
    assert created - {"events"} == guarded == {"jobs", "jobsets"}
