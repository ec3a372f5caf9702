"""The objects of a release: their names, and the driver's settings."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml

from job.keys import REPORT, STAGES
from job.launch.kubernetes.settings import LaunchConfig

SELECTOR = {
    "app.kubernetes.io/name": "al-voc",
    "app.kubernetes.io/instance": "al-voc",
    "al-voc/release": "al-voc",
}


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ("al-voc", "al-voc"),
        ("my-al-voc-2", "my-al-voc-2"),
        ("exp", "exp-al-voc"),
        ("exp.2", "exp-2-al-voc"),
        ("a23456789-b23456789-c2345", "a23456789-b23456789-c2345-al-v"),
        ("a23456789-b23456789-c23456789", "a23456789-b23456789-c23456789"),
    ],
)
def test_name_of_a_release(render: Any, release: str, expected: str) -> None:
    """It is the release's name, with the chart's if that is missing, in at most 30 characters."""
    assert render(name=release).launch["release"] == expected


def test_name_of_one_s_choice(render: Any) -> None:
    """It replaces both names, for the driver, too."""
    rendering = render({"fullnameOverride": "mine"}, name="al-voc")
    assert rendering.launch["release"] == "mine"
    assert all(each["metadata"]["name"].startswith("mine") for each in rendering.objects)


def test_common_labels(render: Any) -> None:
    """They are on every object and pod, in no selector, and replace no label of the chart."""
    labels = {"cost-center": "a1", "app.kubernetes.io/name": "other"}
    rendering = render({"commonLabels": labels})
    marked = [
        *rendering.objects,
        *(pod for _, pod in rendering.pods()),
        *rendering.launch["templates"].values(),
    ]
    for each in marked:
        assert each["metadata"]["labels"]["cost-center"] == "a1"
        assert each["metadata"]["labels"]["app.kubernetes.io/name"] == "al-voc"
    selector = rendering.named("Service", "al-voc-store")["spec"]["selector"]
    assert "cost-center" not in selector


def test_objects_without_values(render: Any) -> None:
    """A plain install has a store of its own, an ingest, a driver and a test."""
    found = sorted(
        (each["kind"], each["metadata"]["name"])
        for each in render().objects
        if each["kind"] != "Job"
    )
    assert found == [
        ("ConfigMap", "al-voc"),
        ("ConfigMap", "al-voc-status"),
        ("Deployment", "al-voc-store"),
        ("NetworkPolicy", "al-voc"),
        ("NetworkPolicy", "al-voc-to-store"),
        ("Pod", "al-voc-doctor"),
        ("Role", "al-voc-driver"),
        ("RoleBinding", "al-voc-driver"),
        ("Secret", "al-voc-store"),
        ("Service", "al-voc-store"),
        ("ServiceAccount", "al-voc-driver"),
        ("ServiceAccount", "al-voc-stage"),
    ]
    assert len(render().jobs("driver")) == len(render().jobs("ingest")) == 1
    assert len(render().of_kind("Job")) == 2


def test_status_is_left_to_the_driver(render: Any) -> None:
    """The chart sets no data of the status ConfigMap, so that an upgrade keeps the driver's."""
    assert "data" not in render().named("ConfigMap", "al-voc-status")


def test_pods_do_not_carry_the_version_of_the_chart(rendering: Any) -> None:
    """A new version of the chart replaces neither the store nor anything that runs."""
    for name, pod in rendering.pods():
        labels = pod["metadata"]["labels"]
        assert not {"helm.sh/chart", "app.kubernetes.io/version"} & labels.keys(), name
        assert labels["app.kubernetes.io/name"] == "al-voc", name


def test_objects_say_whose_they_are(render: Any) -> None:
    """Every object can be found by its release, and says which chart made it."""
    for each in render().objects:
        labels = each["metadata"]["labels"]
        assert labels.items() >= SELECTOR.items()
        if each["kind"] != "Pod":
            assert labels["helm.sh/chart"] == "al-voc-0.2.0"


def test_launch_settings(render: Any) -> None:
    """These are the driver's settings without values."""
    launch = dict(render().launch)
    assert list(launch.pop("templates")) == [*STAGES, REPORT]
    assert launch == {
        "version": version("al-voc"),
        "release": "al-voc",
        "namespace": "ns",
        "owner": "al-voc",
        "status": "al-voc-status",
        "image": "al-job:0.2.0",
        "slimImage": "",
        "maxParallel": 2,
        "scorePartitions": 1,
        "scoreParallelism": 1,
        "backoffLimit": 3,
        "queueName": "",
        "imageErrorSeconds": 240,
        "pendingSeconds": 86400,
        "pollSeconds": 2,
        "ttlSecondsAfterFinished": 3600,
        "trainNodes": 1,
        "metrics": False,
        "moneyPerGpuHour": 0,
    }


def test_launch_values_reach_the_driver(render: Any) -> None:
    """Each value under `launch` is a key of launch.yaml."""
    given = {
        "maxParallel": 7,
        "scorePartitions": 16,
        "scoreParallelism": 8,
        "backoffLimit": 0,
        "queueName": "team",
        "imageErrorSeconds": 60,
        "pendingSeconds": 600,
        "pollSeconds": 0.5,
        "ttlSecondsAfterFinished": 1000000,
        "moneyPerGpuHour": 2.5,
    }
    assert render({"launch": given}).launch.items() >= given.items()


def test_jobs_may_be_kept(render: Any) -> None:
    """Without a time to live, the Jobs of stages stay with their release."""
    values = {"launch": {"ttlSecondsAfterFinished": None}}
    assert render(values).launch["ttlSecondsAfterFinished"] is None


def test_pods_may_be_waited_for(render: Any) -> None:
    """Without a limit, a stage that no node takes waits for as long as it takes."""
    assert render({"launch": {"pendingSeconds": None}}).launch["pendingSeconds"] is None


def test_values_of_launch_are_the_driver_s_settings() -> None:
    """Driver and chart know the same settings."""
    values = yaml.safe_load(
        (Path(__file__).parents[2] / "helm/values.yaml").read_text(encoding="utf-8")
    )
    known = {field.alias for field in LaunchConfig.model_fields.values()}
    of_the_release = {"version", "release", "namespace", "owner", "status", "templates"}
    of_the_image = {"image", "slimImage"}
    of_others = {"trainNodes", "metrics"}  # `stages.train.nodes` and `metrics.enabled`
    of_the_command = {"runtime"}  # `al-job drive --set`; the chart sets it for each stage
    assert (
        values["launch"].keys()
        == known - of_the_release - of_the_image - of_the_command - of_others
    )


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ({}, "al-job:0.2.0"),
        (
            {"repository": "registry.example/team/al-job", "tag": "2"},
            "registry.example/team/al-job:2",
        ),
        ({"tag": "2", "digest": "sha256:" + "0" * 64}, "al-job@sha256:" + "0" * 64),
    ],
)
def test_image(render: Any, image: dict[str, str], expected: str) -> None:
    """The tag is the version of the chart's app, and a digest replaces it."""
    rendering = render({"image": image})
    assert rendering.launch["image"] == expected
    images = {
        container["image"]
        for name, pod in rendering.pods()
        if "store" not in name
        for container in [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]
    }
    assert images == {expected}


@pytest.mark.parametrize(
    ("slim", "expected"),
    [
        ({"tag": "7-slim"}, "al-job:7-slim"),
        ({"tag": "7-slim", "digest": "sha256:" + "0" * 64}, "al-job@sha256:" + "0" * 64),
    ],
)
def test_pods_without_torch(render: Any, slim: dict[str, str], expected: str) -> None:
    """They take the slim container image if one is named, and their markers name it."""
    values = {"image": {"tag": "7", "slim": slim}, "ui": {"enabled": True, "existingSecret": "t"}}
    rendering = render(values)
    images = images_of(rendering)
    assert {name for name, image in images.items() if image == expected} == {
        *("annotate", "report", "al-voc-ui"),
        *(job["metadata"]["name"] for part in ("ingest", "driver") for job in rendering.jobs(part)),
    }
    assert {images[stage] for stage in ("select", "train", "evaluate", "score")} == {"al-job:7"}
    assert (rendering.launch["image"], rendering.launch["slimImage"]) == ("al-job:7", expected)


def test_a_driver_that_asks_people_may_need_torch(render: Any) -> None:
    """People may be shown what a model sees, so the driver takes the whole container image."""
    values = {"image": {"slim": {"tag": "s"}}, "annotation": {"existingSecret": "labels"}}
    rendering = render(values)
    [driver] = rendering.jobs("driver")
    assert images_of(rendering)[driver["metadata"]["name"]] == "al-job:0.2.0"


def test_a_stage_may_have_a_container_image_of_its_own(render: Any) -> None:
    """Its marker names it, and the other pods keep theirs."""
    image = "registry.example/al-job:cuda12"
    values = {"image": {"slim": {"tag": "s"}}, "stages": {"train": {"image": image}}}
    images = images_of(render(values))
    assert {name for name, found in images.items() if found == image} == {"train", "al-voc-doctor"}


def images_of(rendering: Any) -> dict[str, str]:
    """Return the container image of each pod, which is also the one that it is told."""
    images = {}
    for name, pod in rendering.pods():
        [container] = pod["spec"]["containers"]
        images[name] = container["image"]
        told = [each["value"] for each in container["env"] if each["name"] == "AL_IMAGE"]
        waiting = [each["image"] for each in pod["spec"].get("initContainers", [])]
        assert {*told, *waiting} <= {container["image"]}
    return images


def test_pull_settings(render: Any) -> None:
    """Policy and secrets of pulling reach every pod."""
    values = {"image": {"pullPolicy": "Never", "pullSecrets": [{"name": "registry"}]}}
    rendering = render(values)
    for name, pod in rendering.pods():
        assert pod["spec"]["imagePullSecrets"] == [{"name": "registry"}], name
    assert rendering.stage("score")["containers"][0]["imagePullPolicy"] == "Never"
