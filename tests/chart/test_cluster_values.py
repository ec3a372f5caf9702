"""What clusters ask for beside the usual: schedulers, claims of devices, mirrors, shared caches."""

from typing import Any

import pytest

from job.keys import REPORT, STAGES

CLAIMED = {
    "gpus": 0,
    "resourceClaims": [{"name": "gpu", "resourceClaimTemplateName": "one-gpu"}],
    "resources": {"limits": {"memory": "8Gi"}, "claims": [{"name": "gpu"}]},
}
SPREAD = {
    "maxSkew": 1,
    "topologyKey": "kubernetes.io/hostname",
    "whenUnsatisfiable": "ScheduleAnyway",
    "labelSelector": {"matchLabels": {"al-voc/stage": "score"}},
}
LOCAL_DISK = {
    "ephemeral": {
        "volumeClaimTemplate": {
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": "nvme",
                "resources": {"requests": {"storage": "50Gi"}},
            }
        }
    }
}
FROM = [{"secretRef": {"name": "proxy"}}]
VALUES: dict[str, Any] = {
    "global": {"imageRegistry": "mirror.example/hub"},
    "imagePullSecrets": [{"name": "mirror"}],
    "image": {"pullSecrets": [{"name": "own"}, {"name": "mirror"}], "slim": {"tag": "slim"}},
    "dnsPolicy": "None",
    "dnsConfig": {"nameservers": ["10.0.0.1"]},
    "hostUsers": False,
    "cache": {"volume": {"persistentVolumeClaim": {"claimName": "copies"}}, "sizeLimit": "100Gi"},
    "stages": {
        "gpu": CLAIMED
        | {
            "schedulerName": "volcano",
            "topologySpreadConstraints": [SPREAD],
            "scratchVolume": LOCAL_DISK,
            "scratchRequest": "",
            "extraEnvFrom": FROM,
        }
    },
    "driver": {
        "schedulerName": "yunikorn",
        "jobLabels": {"kueue.x-k8s.io/queue-name": "drivers", "al-voc/release": "other"},
        "jobAnnotations": {"note": "mine"},
        "extraEnvFrom": FROM,
    },
    "ui": {"enabled": True, "existingSecret": "pages"},
    "extraObjects": [
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": '{{ include "al-voc.fullname" . }}-mine'},
            "spec": {"limits": [{"type": "Container", "default": {"cpu": "4"}}]},
        }
    ],
}


@pytest.fixture(scope="module")
def everything(render: Any) -> Any:
    """The chart with all of these values."""
    return render(VALUES)


def test_kubernetes_knows_every_field(everything: Any, validate: Any) -> None:
    """Objects and Jobs of stages are valid in the oldest and the newest version."""
    for each in everything.objects:
        validate(each)
    for stage, job in everything.launch["templates"].items():
        metadata = job["metadata"] | {"name": stage}
        validate({"apiVersion": "batch/v1", "kind": "Job"} | job | {"metadata": metadata})


def test_devices_are_claimed(everything: Any, refuse: Any) -> None:
    """The pod has the claim, its container names it, and a claim that is not there is refused."""
    spec = everything.stage("train")
    assert spec["resourceClaims"] == CLAIMED["resourceClaims"]
    assert spec["containers"][0]["resources"] == CLAIMED["resources"]
    assert "resourceClaims" not in everything.stage("select")
    message = refuse({"stages": {"train": {"resources": {"claims": [{"name": "gpu"}]}}}})
    assert 'stages.train: resources.claims names "gpu": resourceClaims has no such' in message


def test_schedulers(everything: Any) -> None:
    """Each pod may have one of another name; how pods spread is for Kubernetes to read."""
    assert everything.stage("score")["schedulerName"] == "volcano"
    assert everything.stage("score")["topologySpreadConstraints"] == [SPREAD]
    [driver] = everything.jobs("driver")
    assert driver["spec"]["template"]["spec"]["schedulerName"] == "yunikorn"
    assert "schedulerName" not in everything.stage("select")


def test_marks_of_the_driver_s_job(everything: Any) -> None:
    """Some clusters take no Job without a queue; the chart's own labels stay."""
    [driver] = everything.jobs("driver")
    assert driver["metadata"]["labels"]["kueue.x-k8s.io/queue-name"] == "drivers"
    assert driver["metadata"]["labels"]["al-voc/release"] == "al-voc"
    assert driver["metadata"]["annotations"] == {"note": "mine"}


def test_every_pod_has_what_the_cluster_asks_for(everything: Any) -> None:
    """DNS, users, and all Secrets for pulling, each once; the store's pod, too."""
    for name, pod in everything.pods():
        spec = pod["spec"]
        assert spec["imagePullSecrets"] == [{"name": "own"}, {"name": "mirror"}], name
        assert (spec["dnsPolicy"], spec["dnsConfig"]) == ("None", VALUES["dnsConfig"]), name
        assert spec["hostUsers"] is False, name


def test_a_mirror_takes_the_place_of_every_registry(everything: Any, render: Any) -> None:
    """A name with a registry loses it, and one without gets it."""

    def images(rendering: Any) -> set[str]:
        specs = [pod["spec"] for _, pod in rendering.pods()]
        return {
            container["image"]
            for spec in specs
            for container in [*spec["containers"], *spec.get("initContainers", [])]
        }

    assert images(everything) == {
        "mirror.example/hub/al-job:0.2.0",
        "mirror.example/hub/al-job:slim",
        "mirror.example/hub/chrislusf/seaweedfs:4.48",
    }
    values = {
        "global": {"imageRegistry": "mirror.example"},
        "image": {"repository": "registry.example:5000/team/al-job"},
        "store": {"url": "s3://mine"},
    }
    assert images(render(values)) == {"mirror.example/team/al-job:0.2.0"}


def test_variables_from_objects(everything: Any) -> None:
    """Stages and driver take them; the chart's own variables count more, as Kubernetes has it."""
    [driver] = everything.jobs("driver")
    for spec in (everything.stage("train"), driver["spec"]["template"]["spec"]):
        assert spec["containers"][0]["envFrom"] == FROM
    assert "envFrom" not in everything.stage("select")["containers"][0]


def test_copies_are_shared(everything: Any) -> None:
    """Stages, ingest and test have the volume and its limit in GB; no other pod has it."""
    of_stages = {*STAGES, REPORT, "al-voc-doctor"}
    of_stages |= {job["metadata"]["name"] for job in everything.jobs("ingest")}
    for name, pod in everything.pods():
        [container] = pod["spec"]["containers"]
        env = {each["name"]: each.get("value") for each in container.get("env", [])}
        volumes = {each["name"]: each for each in pod["spec"]["volumes"]}
        if name not in of_stages:
            assert "cache" not in volumes, name
            assert env.get("AL_CACHE") != "/cache", name
            continue
        assert volumes["cache"]["persistentVolumeClaim"] == {"claimName": "copies"}
        assert {"name": "cache", "mountPath": "/cache"} in container["volumeMounts"]
        assert (env["AL_CACHE"], env["TORCH_HOME"]) == ("/cache", "/cache/torch")
        assert float(env["AL_CACHE_GB"]) == pytest.approx(107.3741824)  # 100 GiB


def test_scratch_may_be_a_volume(everything: Any) -> None:
    """A claim of local disk takes the place of the emptyDir, for the stages that have it."""
    [tmp] = [each for each in everything.stage("train")["volumes"] if each["name"] == "tmp"]
    assert tmp == {"name": "tmp"} | LOCAL_DISK
    assert everything.stage("select")["volumes"][0] == {
        "name": "tmp",
        "emptyDir": {"sizeLimit": "50Gi"},
    }


def test_objects_of_one_s_own(everything: Any) -> None:
    """They come and go with the release, and may use the chart's names."""
    assert everything.named("LimitRange", "al-voc-mine")["spec"]["limits"][0]["default"] == {
        "cpu": "4"
    }
