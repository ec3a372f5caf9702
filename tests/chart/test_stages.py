"""The pods of stages: what each value does to them, stage by stage."""

from pathlib import Path
from typing import Any

import pytest

from job.keys import STAGES

AFFINITY: dict[str, Any] = {"podAntiAffinity": {}}
TOLERATION = {"key": "gpu", "operator": "Exists"}
VOLUME = {"name": "weights", "configMap": {"name": "weights"}}
MOUNT = {"name": "weights", "mountPath": "/weights"}


GPUS = ("--values", str(Path(__file__).parents[2] / "helm/values-gpu.yaml"))


def gpus(rendering: Any) -> dict[str, Any]:
    return {
        stage: rendering.stage(stage)["containers"][0]["resources"]["limits"].get("nvidia.com/gpu")
        for stage in STAGES
    }


def test_who_gets_a_gpu(render: Any) -> None:
    """None by default; with the values for GPUs, the stages that run the detector get one."""
    assert set(gpus(render()).values()) == {None}
    assert gpus(render({}, *GPUS)) == {
        "select": None,
        "annotate": None,
        "train": "1",
        "evaluate": "1",
        "score": "1",
    }


def test_gpus_of_a_stage(render: Any) -> None:
    """A stage's own number counts, even 0, and the resource may have another name."""
    values = {"stages": {"train": {"gpus": 4}, "score": {"gpus": 0}}}
    assert gpus(render(values, *GPUS)) == {
        "select": None,
        "annotate": None,
        "train": "4",
        "evaluate": "1",
        "score": None,
    }
    renamed = {"stages": {"defaults": {"gpus": 1, "gpuResource": "amd.com/gpu"}}}
    limits = render(renamed).stage("train")["containers"][0]["resources"]["limits"]
    assert limits == {"memory": "8Gi", "amd.com/gpu": "1"}


def test_resources_follow_the_gpus(render: Any) -> None:
    """Each GPU brings its part; the nearest place that names resources of either kind counts."""
    each = {"requests": {"cpu": "1500m", "memory": "8Gi"}, "limits": {"memory": 1.5e9}}
    fixed = {"requests": {"cpu": "9"}}
    stages = {
        "gpu": {"gpus": 2, "resourcesPerGpu": each, "scratchRequest": ""},
        "train": {"gpus": 8},
        "score": {"resources": fixed},
        "evaluate": {"gpus": 0},
    }
    rendering = render({"stages": stages})
    found = {stage: rendering.stage(stage)["containers"][0]["resources"] for stage in STAGES}
    assert found["train"] == {
        "requests": {"cpu": "12000m", "memory": "64Gi"},
        "limits": {"memory": "12000000000", "nvidia.com/gpu": "8"},
    }
    assert found["score"] == fixed | {"limits": {"nvidia.com/gpu": "2"}}
    usual = {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "8Gi"}}
    assert found["evaluate"] == usual
    assert found["select"]["limits"] == {"memory": "4Gi"}


def test_several_mig_slices_are_refused(render: Any, refuse: Any) -> None:
    """A process sees one of them: the others would be held for nothing."""
    slices = {"gpus": 2, "gpuResource": "nvidia.com/mig-1g.10gb"}
    assert "stages.score: gpus 2 of nvidia.com/mig-1g.10gb" in refuse({"stages": {"score": slices}})
    assert render({"stages": {"score": slices | {"gpus": 1}}})


def test_groups_of_stages(render: Any) -> None:
    """A group's value is nearer than that of `defaults`, and a stage's own is nearer still."""
    values = {
        "stages": {
            "defaults": {"nodeSelector": {"pool": "all"}, "priorityClassName": "low"},
            "gpu": {"nodeSelector": {"pool": "gpu"}, "sharedMemory": "7Gi"},
            "cpu": {"nodeSelector": {"pool": "cpu"}},
            "evaluate": {"nodeSelector": {"pool": "own"}},
        }
    }
    rendering = render(values)
    [ingest] = rendering.jobs("ingest")
    stages: dict[str, Any] = {stage: rendering.stage(stage) for stage in STAGES}
    specs = stages | {"ingest": ingest["spec"]["template"]["spec"]}
    assert {stage: spec["nodeSelector"]["pool"] for stage, spec in specs.items()} == {
        "select": "cpu",
        "annotate": "cpu",
        "ingest": "cpu",
        "train": "gpu",
        "score": "gpu",
        "evaluate": "own",
    }
    assert {spec["priorityClassName"] for spec in specs.values()} == {"low"}
    shared = {stage: spec["volumes"][1]["emptyDir"]["sizeLimit"] for stage, spec in specs.items()}
    assert [stage for stage in specs if shared[stage] == "7Gi"] == ["train", "evaluate", "score"]


def test_a_stage_is_told_the_cpus_that_it_asks_for(render: Any) -> None:
    """`auto` follows them, whatever the node has."""
    env = render().stage("score")["containers"][0]["env"]
    [found] = [each for each in env if each["name"] == "AL_CPUS"]
    assert found["valueFrom"] == {"resourceFieldRef": {"resource": "requests.cpu"}}


def test_quantities_are_texts(render: Any) -> None:
    """Numbers are written as texts, the only form that every client of the API takes."""
    requests = {"cpu": 0.5, "memory": 2147483648}
    rendering = render({"stages": {"train": {"gpus": 10, "resources": {"requests": requests}}}})
    assert rendering.stage("train")["containers"][0]["resources"] == {
        "requests": {"cpu": "0.5", "memory": "2147483648", "ephemeral-storage": "1Gi"},
        "limits": {"nvidia.com/gpu": "10"},
    }


def test_disk_space_is_asked_for(render: Any) -> None:
    """By every pod, unless its value is empty; a request among the resources counts more."""
    for name, pod in render().pods():
        [container] = pod["spec"]["containers"]
        assert container["resources"]["requests"]["ephemeral-storage"] == "1Gi", name
    resources = {"requests": {"ephemeral-storage": "9Gi"}}
    stages = {"train": {"resources": resources}, "score": {"scratchRequest": ""}}
    rendering = render({"stages": stages})
    requests = [rendering.stage(s)["containers"][0]["resources"]["requests"] for s in stages]
    assert [each.get("ephemeral-storage") for each in requests] == ["9Gi", None]


def test_a_stage_s_container(render: Any) -> None:
    """The driver finds the container by name and sets its arguments. The image has the command."""
    for stage in STAGES:
        spec = render().stage(stage)
        [container] = spec["containers"]
        assert container["name"] == "stage"
        assert not {"command", "args"} & container.keys()
        assert spec["restartPolicy"] == "Never"
        assert spec["serviceAccountName"] == "al-voc-stage"
        env = {each["name"]: each.get("value") or each["valueFrom"] for each in container["env"]}
        assert env["AL_LOG"] == "json"
        assert env["AL_ATTEMPT"] == {"fieldRef": {"fieldPath": "metadata.name"}}
        assert env["AL_IMAGE"] == container["image"]
        assert env["AWS_MAX_ATTEMPTS"] == "15"  # about a minute
        assert (env["HOME"], env["AL_CACHE"]) == ("/tmp", "/tmp/al-voc")  # noqa: S108 - a pod's own
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"


def lost_after(seconds: int) -> list[dict[str, Any]]:
    """Return what says after how many seconds a pod of a lost node is deleted."""
    taints = (f"node.kubernetes.io/{name}" for name in ("not-ready", "unreachable"))
    common = {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": seconds}
    return [common | {"key": taint} for taint in taints]


def test_the_pod_of_a_lost_node_is_deleted_soon(render: Any) -> None:
    """After `lostNodeSeconds`; without it the cluster's own default counts."""
    for seconds, expected in ((30, lost_after(30)), (None, None)):
        given = {"lostNodeSeconds": seconds}
        rendering = render({"stages": {"defaults": given}, "driver": given})
        [driver] = rendering.jobs("driver")
        for spec in (rendering.stage("train"), driver["spec"]["template"]["spec"]):
            assert spec.get("tolerations") == expected


SETTINGS: list[tuple[str, Any, list[Any], Any]] = [
    ("nodeSelector", {"pool": "a"}, ["nodeSelector"], {"pool": "a"}),
    ("affinity", AFFINITY, ["affinity"], AFFINITY),
    ("tolerations", [TOLERATION], ["tolerations"], [TOLERATION, *lost_after(60)]),
    ("priorityClassName", "low", ["priorityClassName"], "low"),
    ("runtimeClassName", "nvidia", ["runtimeClassName"], "nvidia"),
    ("deadlineSeconds", 60, ["activeDeadlineSeconds"], 60),
    ("terminationGracePeriodSeconds", 9, ["terminationGracePeriodSeconds"], 9),
    ("extraEnv", [{"name": "A", "value": "b"}], ["containers", 0, "env", -1, "value"], "b"),
    ("extraVolumes", [VOLUME], ["volumes", -1], VOLUME),
    ("extraVolumeMounts", [MOUNT], ["containers", 0, "volumeMounts", -1], MOUNT),
    ("scratch", "3Gi", ["volumes", 0, "emptyDir"], {"sizeLimit": "3Gi"}),
    (
        "scratchRequest",
        "6Gi",
        ["containers", 0, "resources", "requests", "ephemeral-storage"],
        "6Gi",
    ),
    (
        "sharedMemory",
        "2Gi",
        ["volumes", 1, "emptyDir"],
        {"medium": "Memory", "sizeLimit": "2Gi"},
    ),
    (
        "resources",
        {"requests": {"cpu": 8, "memory": "7Gi"}, "limits": {"memory": "9Gi"}},
        ["containers", 0, "resources"],
        {
            "requests": {"cpu": "8", "memory": "7Gi", "ephemeral-storage": "6Gi"},
            "limits": {"memory": "9Gi"},
        },
    ),
]
"""A key, its value, and what is where in a pod for it."""


@pytest.fixture(scope="module")
def renderings(render: Any) -> tuple[Any, Any]:
    """The chart with all of these settings for one stage, and for all stages."""
    values = {key: value for key, value, _, _ in SETTINGS}
    return tuple(render({"stages": {place: values}}) for place in ("train", "defaults"))


@pytest.mark.parametrize(("key", "path", "expected"), [(k, p, e) for k, _, p, e in SETTINGS])
def test_a_setting_of_a_stage(
    renderings: tuple[Any, Any], key: str, path: list[Any], expected: Any
) -> None:
    """A setting of one stage reaches only its pod, and one of `defaults` reaches all."""

    def found(rendering: Any, stage: str) -> Any:
        place = rendering.stage(stage)
        for part in path:
            place = place.get(part) if isinstance(place, dict) else place[part]
        return place

    one, every = renderings
    assert found(one, "train") == expected, key
    assert found(one, "score") != expected, key
    assert all(found(every, stage) == expected for stage in ("train", "evaluate", "score")), key


def test_marks_of_a_stage_s_pod(render: Any) -> None:
    """Annotations and labels are added, and replace the chart's annotations but not its labels."""
    given = {
        "podAnnotations": {"note": "mine", "sidecar.istio.io/inject": "true"},
        "podLabels": {"team": "vision", "app.kubernetes.io/name": "other"},
    }
    rendering = render({"stages": {"train": given}})
    metadata = rendering.launch["templates"]["train"]["spec"]["template"]["metadata"]
    assert metadata["annotations"]["note"] == "mine"
    assert metadata["annotations"]["sidecar.istio.io/inject"] == "true"
    assert metadata["labels"]["team"] == "vision"
    assert metadata["labels"]["app.kubernetes.io/name"] == "al-voc"


def test_a_stage_s_setting_replaces_the_default_as_a_whole(render: Any) -> None:
    """Settings are not merged: the stage's own value is the whole value."""
    values = {
        "stages": {
            "defaults": {"nodeSelector": {"pool": "gpu"}},
            "select": {"nodeSelector": {"pool": "cpu"}},
            "annotate": {"nodeSelector": {}},
        }
    }
    rendering = render(values)
    assert rendering.stage("train")["nodeSelector"] == {"pool": "gpu"}
    assert rendering.stage("select")["nodeSelector"] == {"pool": "cpu"}
    assert "nodeSelector" not in rendering.stage("annotate")


def test_ingest_is_placed_like_a_stage(render: Any) -> None:
    """Ingest has the defaults of stages without the GPU, and its own settings."""
    values = {"stages": {"defaults": {"nodeSelector": {"pool": "a"}}}, "ingest": {"pod": {}}}
    [job] = render(values).jobs("ingest")
    spec = job["spec"]["template"]["spec"]
    assert spec["nodeSelector"] == {"pool": "a"}
    assert "nvidia.com/gpu" not in spec["containers"][0]["resources"]["limits"]
    [job] = render({"ingest": {"pod": {"deadlineSeconds": 9}}}).jobs("ingest")
    assert job["spec"]["template"]["spec"]["activeDeadlineSeconds"] == 9


def test_shared_memory_is_inside_the_memory_limit(rendering: Any, quantity: Any) -> None:
    """Shared memory counts as memory, so filling all of the limit would kill the pod."""
    for stage in STAGES:
        spec = rendering.stage(stage)
        [shared] = [each for each in spec["volumes"] if each["name"] == "shared-memory"]
        [container] = spec["containers"]
        limit = quantity(container["resources"]["limits"]["memory"])
        assert quantity(shared["emptyDir"]["sizeLimit"]) <= limit / 2
        assert {"name": "shared-memory", "mountPath": "/dev/shm"} in container["volumeMounts"]  # noqa: S108 - a pod's own


def test_a_stage_writes_to_tmp_alone(render: Any) -> None:
    """The file system of the image is read-only: /tmp is a volume."""
    spec = render().stage("train")
    assert {"name": "tmp", "mountPath": "/tmp"} in spec["containers"][0]["volumeMounts"]  # noqa: S108 - a pod's own
    assert {"name": "tmp", "emptyDir": {"sizeLimit": "50Gi"}} in spec["volumes"]


def test_helm_test_is_the_doctor_where_a_training_runs(render: Any) -> None:
    """`helm test` checks what a training would find, for the experiment."""
    rendering = render({"stages": {"train": {"nodeSelector": {"pool": "a"}, "gpus": 2}}})
    pod = rendering.named("Pod", "al-voc-doctor")
    [container] = pod["spec"]["containers"]
    assert container["args"] == ["doctor", "/etc/al-voc/experiment.yaml"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == "2"
    assert pod["spec"]["nodeSelector"] == {"pool": "a"}
    assert pod["metadata"]["annotations"]["helm.sh/hook"] == "test"
    policy = pod["metadata"]["annotations"]["helm.sh/hook-delete-policy"]
    assert policy == "before-hook-creation,hook-succeeded,hook-failed"


def test_helm_test_leaves_nothing(render: Any) -> None:
    """Its pod ends soon, is printed and is deleted, because an uninstall does not delete it."""
    pod = render({"stages": {"defaults": {"deadlineSeconds": 9999}}}).named("Pod", "al-voc-doctor")
    annotations = pod["metadata"]["annotations"]
    assert pod["spec"]["activeDeadlineSeconds"] == 300
    for key in ("helm.sh/hook-delete-policy", "helm.sh/hook-output-log-policy"):
        assert {"hook-succeeded", "hook-failed"} <= set(annotations[key].split(","))


def test_marks_of_a_stage_s_job(render: Any) -> None:
    """Labels and annotations of Jobs are added, for ingest as well, and the chart's labels stay."""
    given = {
        "jobAnnotations": {"note": "mine"},
        "jobLabels": {"kueue.x-k8s.io/priority-class": "low", "al-voc/release": "other"},
    }
    rendering = render({"stages": {"defaults": given}})
    [ingest] = rendering.jobs("ingest")
    for job in (rendering.launch["templates"]["train"], ingest):
        assert job["metadata"]["annotations"] == {"note": "mine"}
        assert job["metadata"]["labels"]["kueue.x-k8s.io/priority-class"] == "low"
        assert job["metadata"]["labels"]["al-voc/release"] == "al-voc"
    assert "annotations" not in render().launch["templates"]["train"]["metadata"]


def test_runtime_settings_of_a_stage(render: Any) -> None:
    """Each is an environment variable of that stage's pod and of no other."""
    given = {"threads": "auto", "workers": 2, "compile": True, "batch_size": 1000000}
    rendering = render({"stages": {"train": {"runtime": given}}})
    assert runtime(rendering, "train") == {
        "AL_RUNTIME_THREADS": "auto",
        "AL_RUNTIME_WORKERS": "2",
        "AL_RUNTIME_COMPILE": "true",
        "AL_RUNTIME_BATCH_SIZE": "1000000",
    }
    assert runtime(rendering, "score") == {}
    every = render({"stages": {"defaults": {"runtime": {"threads": 4}}, "select": {"runtime": {}}}})
    assert runtime(every, "score") == {"AL_RUNTIME_THREADS": "4"}
    assert runtime(every, "select") == {}


def runtime(rendering: Any, stage: str) -> dict[str, str]:
    """Return the runtime variables of a stage's container."""
    env = rendering.stage(stage)["containers"][0]["env"]
    return {each["name"]: each["value"] for each in env if each["name"].startswith("AL_RUNTIME_")}


def test_a_variable_of_the_user_s_takes_the_place_of_the_chart_s(render: Any) -> None:
    """Each variable is there once, as server-side apply demands."""
    extra = [{"name": "AL_LOG", "value": "text"}, {"name": "A", "value": "b"}]
    env = render({"stages": {"train": {"extraEnv": extra}}}).stage("train")["containers"][0]["env"]
    names = [each["name"] for each in env]
    assert len(names) == len(set(names))
    assert env[-2:] == extra
    assert "AL_STORE" in names


@pytest.mark.parametrize(
    ("shared", "limit"),
    [("9Gi", "8Gi"), ("1.5Gi", "1610M"), ("2Gi", "1024Mi"), ("1k", 999)],
)
def test_shared_memory_above_the_memory_limit_is_refused(
    refuse: Any, shared: str, limit: object
) -> None:
    """The pod would be killed before /dev/shm is full."""
    given = {"sharedMemory": shared, "resources": {"limits": {"memory": limit}}}
    words = f"sharedMemory {shared} is more than the memory limit {limit}"
    assert f"stages.score: {words}" in refuse({"stages": {"score": given}})


@pytest.mark.parametrize(
    ("shared", "limit"), [("8Gi", "8Gi"), ("1.5Gi", "1611M"), ("999", "1k"), ("1Gi", 1073741824)]
)
def test_shared_memory_up_to_the_memory_limit_is_taken(
    render: Any, shared: str, limit: object
) -> None:
    """Units are compared as bytes: 1.5 GiB is 1610.6 MB."""
    given = {"sharedMemory": shared, "resources": {"limits": {"memory": limit}}}
    assert render({"stages": {"score": given}}).stage("score")


@pytest.mark.parametrize(
    ("resources", "expected"),
    [
        ({"limits": {"memory": "16Gi"}, "requests": None}, {"limits": {"memory": "16Gi"}}),
        ({"requests": {"cpu": "1", "memory": None}, "limits": None}, {"requests": {"cpu": "1"}}),
        ({"requests": None, "limits": None}, {}),
    ],
)
def test_requests_or_limits_may_be_left_out(
    render: Any, resources: dict[str, Any], expected: dict[str, Any]
) -> None:
    """Requests and limits do not need each other."""
    values = {"stages": {"select": {"resources": resources, "scratchRequest": ""}}}
    assert render(values).stage("select")["containers"][0]["resources"] == expected
