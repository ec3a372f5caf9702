"""The examples in k8s/, including kinds that a plain cluster does not know."""

import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from job.config.loading import load, parse
from job.keys import STAGES, RoundRef
from job.plan import Plan

K8S = Path(__file__).parents[2] / "k8s"
GPUS = ("--values", str(Path(__file__).parents[2] / "helm/values-gpu.yaml"))
SECRET = "seaweedfs"  # noqa: S105 - its name
PLACEHOLDER = re.compile(r"\{\{=?([^}]*)\}\}")


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


def test_kind_s_cluster() -> None:
    """It has one node, and a name that no other cluster is likely to have."""
    [cluster] = documents("kind/cluster.yaml")
    assert (cluster["kind"], cluster["apiVersion"]) == ("Cluster", "kind.x-k8s.io/v1alpha4")
    assert cluster["name"] == "al-voc"
    assert [node["role"] for node in cluster["nodes"]] == ["control-plane"]


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


def test_examples_name_the_same_store(render: Any) -> None:
    """Stage Job and workflow use the store that seaweedfs.yaml makes."""
    [job] = documents("stage-job.yaml")
    [container] = job["spec"]["template"]["spec"]["containers"]
    env = {each["name"]: each.get("value") for each in container["env"]}
    parameters = workflow_parameters()
    assert env["AL_STORE"] == parameters["store"] == "s3://al-voc"
    assert env["AWS_ENDPOINT_URL"] == parameters["endpoint"] == "http://seaweedfs:8333"
    assert parameters["secret"] == SECRET
    assert container["image"] == parameters["image"] == render().launch["image"]


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


# Argo Workflows


def workflow() -> dict[str, Any]:
    [found] = documents("argo-workflow.yaml")
    return found


def workflow_parameters() -> dict[str, str]:
    parameters = workflow()["spec"]["arguments"]["parameters"]
    return {each["name"]: each["value"] for each in parameters}


def templates() -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in workflow()["spec"]["templates"]}


def steps(template: str) -> list[dict[str, Any]]:
    return list(itertools.chain(*templates()[template]["steps"]))


def inputs(template: dict[str, Any]) -> dict[str, Any]:
    parameters = template.get("inputs", {}).get("parameters", [])
    return {each["name"]: each.get("value") for each in parameters}


def test_workflow_merges_no_keys() -> None:
    """Argo's parser refuses a key beside a merged one of the same name, and then says nothing."""
    assert "<<" not in (K8S / "argo-workflow.yaml").read_text(encoding="utf-8")


def test_workflow_is_of_a_preset() -> None:
    """Its parameters are those of the experiment that its first lines submit."""
    config, parameters = load("quickstart"), workflow_parameters()
    assert parameters["experiment"] == config.experiment
    assert int(parameters["last"]) == config.rounds - 1
    assert yaml.safe_load(parameters["arms"]) == list(config.arms)
    assert [int(parameters["seed"])] == list(config.seeds)


def test_workflow_s_steps_call_what_there_is() -> None:
    """Each step names a template and gives it all it asks for, and nothing else."""
    assert workflow()["spec"]["entrypoint"] in templates()
    for name, template in templates().items():
        for step in itertools.chain(*template.get("steps", [])):
            called = inputs(templates()[step["template"]])
            arguments = step.get("arguments", {}).get("parameters", [])
            given = {each["name"] for each in arguments}
            needed = {key for key, value in called.items() if value is None}
            assert needed <= given <= called.keys(), (name, step["name"])


def test_workflow_s_placeholders_are_known() -> None:
    """Every placeholder is a parameter of the workflow or an input of its template."""
    of_workflow = {f"workflow.parameters.{name}" for name in workflow_parameters()}
    for template in templates().values():
        known = of_workflow | {f"inputs.parameters.{name}" for name in inputs(template)} | {"item"}
        for expression in PLACEHOLDER.findall(yaml.safe_dump(template)):
            names = re.findall(r"(?:workflow|inputs)\.[a-z.]+|\bitem\b", expression)
            assert set(names) <= known
            assert names


def test_workflow_runs_a_round_in_the_loop_s_order() -> None:
    """Every stage comes once, after all that it needs, and evaluate and score run in parallel."""
    config = load("quickstart")
    order = {
        step["name"]: index
        for index, group in enumerate(templates()["round"]["steps"])
        for step in group
    }
    assert order.keys() == set(STAGES)
    assert order["evaluate"] == order["score"]
    ref = RoundRef(config.experiment, 0, "recommended", 1)
    for stage in STAGES:
        for needed in Plan(config).needs(ref.stage(stage)):
            if needed.round == ref:
                assert order[needed.stage] < order[stage]
    for step in steps("round"):
        arguments = {each["name"]: each["value"] for each in step["arguments"]["parameters"]}
        assert arguments["command"] == step["name"]
        assert arguments["argument"] == "--round={{inputs.parameters.round}}"
        assert ("gpus" in arguments) == (step["name"] in {"train", "evaluate", "score"})


def test_workflow_ends_with_the_last_round() -> None:
    """The last round is not scored, and none follows it."""
    config = load("quickstart")
    last = config.rounds - 1
    assert not Plan(config).is_scored(RoundRef(config.experiment, 0, "recommended", last))
    condition = "{{inputs.parameters.round}} < {{workflow.parameters.last}}"
    assert [step.get("when") for step in steps("rounds")] == [None, condition]
    conditions = {step["name"]: step.get("when") for step in steps("round")}
    assert conditions.pop("score") == condition
    assert set(conditions.values()) == {None}


def test_workflow_s_containers_are_valid_and_restricted(validate: Any) -> None:
    """Kubernetes knows every field of a pod, and the restricted level admits it."""
    spec, container = workflow()["spec"], templates()["al-job"]["container"]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "al-job"},
        "spec": {
            "securityContext": spec["securityContext"],
            "volumes": spec["volumes"],
            "containers": [container | {"name": "main"}],
        },
    }
    validate(pod)
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


def test_workflow_does_not_repeat_permanent_errors() -> None:
    """A wrong command, wrong data or a wrong setting ends it, and any other failure is retried."""
    retry = templates()["al-job"]["retryStrategy"]
    assert retry["expression"] == "!(asInt(lastRetry.exitCode) in [64, 65, 66, 78])"


def test_workflow_s_command_is_named() -> None:
    """Argo replaces the image's entry point. Before the rounds is `init`, after them `report`."""
    container = templates()["al-job"]["container"]
    assert container["command"] == ["tini", "--", "al-job"]
    assert container["args"][0] == "{{inputs.parameters.command}}"
    called = [step for step in steps("experiment") if step["template"] == "al-job"]
    assert [step["arguments"]["parameters"][0]["value"] for step in called] == ["init", "report"]
