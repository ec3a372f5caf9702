"""The driver's Job, and when an upgrade creates another."""

from typing import Any

import pytest


def test_what_the_driver_runs(render: Any) -> None:
    """`al-job drive` with the configuration that the ConfigMap holds."""
    [job] = render().jobs("driver")
    spec = job["spec"]["template"]["spec"]
    [container] = spec["containers"]
    assert container["name"] == "driver"
    assert container["args"] == [
        "drive",
        "/etc/al-voc/experiment.yaml",
        "--launch",
        "/etc/al-voc/launch.yaml",
    ]
    assert "command" not in container
    mount = {"name": "config", "mountPath": "/etc/al-voc", "readOnly": True}
    assert mount in container["volumeMounts"]
    assert {"name": "config", "configMap": {"name": "al-voc"}} in spec["volumes"]
    assert spec["serviceAccountName"] == "al-voc-driver"
    assert container["resources"]["limits"] == {"memory": "256Mi"}


@pytest.mark.parametrize(("values", "size"), [({}, "20Gi"), ({"scratch": "60Gi"}, "60Gi")])
def test_the_driver_has_room_for_labelled_images(
    render: Any, values: dict[str, str], size: str
) -> None:
    """Where people annotate, it writes the shard of a round itself: a photograph has megabytes."""
    [job] = render({"driver": values}).jobs("driver")
    volumes = job["spec"]["template"]["spec"]["volumes"]
    assert {"name": "tmp", "emptyDir": {"sizeLimit": size}} in volumes


def test_what_fails_the_driver(render: Any) -> None:
    """Wrong commands, data and settings end it at once, and a drain does not count."""
    [job] = render({"driver": {"backoffLimit": 4}}).jobs("driver")
    assert job["spec"]["backoffLimit"] == 4
    assert job["spec"]["podFailurePolicy"]["rules"] == [
        {
            "action": "FailJob",
            "onExitCodes": {
                "containerName": "driver",
                "operator": "In",
                "values": [64, 65, 66, 78],
            },
        },
        {
            "action": "Ignore",
            "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}],
        },
    ]
    assert job["spec"]["template"]["spec"]["restartPolicy"] == "Never"


def test_driver_stays_until_its_release_goes(render: Any) -> None:
    """It has neither a time to live nor a hook: tools that keep a release as rendered undo both."""
    [job] = render().jobs("driver")
    assert "ttlSecondsAfterFinished" not in job["spec"]
    assert "annotations" not in job["metadata"]
    assert "activeDeadlineSeconds" not in job["spec"]
    assert "activeDeadlineSeconds" not in job["spec"]["template"]["spec"]


def test_equal_values_are_an_equal_release(render: Any, every_value: dict[str, Any]) -> None:
    """An upgrade with the same values changes nothing, the store's key included."""
    for values in ({}, every_value):
        assert render(values).objects == render(values, "--is-upgrade").objects


def test_equal_values_from_elsewhere_are_an_equal_release(render: Any) -> None:
    """Helm has two types for numbers of a file and of `--set`, which give the same digest."""
    values = {
        "launch": {"imageErrorSeconds": 2000000},
        "stages": {"train": {"resources": {"limits": {"memory": 17179869184}}}},
        "ingest": {"backoffLimit": 7},
    }
    told = "launch.imageErrorSeconds=2000000,ingest.backoffLimit=7"
    memory = "stages.train.resources.limits.memory=17179869184"
    assert render({}, "--set", told, "--set", memory).objects == render(values).objects


@pytest.mark.parametrize(
    "values",
    [
        {"experiment": {"experiment": "e", "dataset": {"name": "d"}, "arms": {"a": {}}}},
        {"image": {"tag": "2"}},
        {"launch": {"maxParallel": 3}},
        {"stages": {"score": {"gpus": 1}}},
        {"store": {"url": "s3://mine"}},
        {"driver": {"resources": {"limits": {"memory": "512Mi"}}}},
        {"driver": {"backoffLimit": 11}},
        # What it waits for: a driver that failed with its ingest restarts when that is corrected.
        {"ingest": {"args": ["synthetic", "--name=other"]}},
        {"ingest": {"backoffLimit": 7}},
        {"ingest": {"pod": {"nodeSelector": {"disk": "ssd"}}}},
        {"serviceAccount": {"annotations": {"role": "mine"}}},
        {"serviceAccount": {"stage": {"annotations": {"role": "mine"}}}},
        {"store": {"embedded": {"persistence": {"enabled": True}}}},
        {"store": {"embedded": {"persistence": {"existingClaim": "mine"}}}},
    ],
    ids=lambda values: next(iter(values)),
)
def test_a_changed_value_is_a_new_driver(render: Any, values: dict[str, Any]) -> None:
    """A Job's template is immutable, so a driver with other values has another name."""
    [before], [after] = render().jobs("driver"), render(values).jobs("driver")
    assert before["metadata"]["name"] != after["metadata"]["name"]


def test_store_s_size_is_no_affair_of_the_driver(render: Any) -> None:
    """Values on which the driver does not depend do not change it: a claim outlives its pod."""
    kept = {"persistence": {"enabled": True}}
    larger = kept | {"resources": {"limits": {"memory": "2Gi"}}}
    before, after = (render({"store": {"embedded": each}}) for each in (kept, larger))
    assert before.jobs("driver") == after.jobs("driver")


def test_settings_of_the_driver_s_pod(render: Any, every_value: dict[str, Any]) -> None:
    """The driver has its own scheduling, and not that of GPU nodes."""
    given = every_value["driver"]
    [job] = render({"driver": given, "stages": {"defaults": {"nodeSelector": {"a": "b"}}}}).jobs(
        "driver"
    )
    pod = job["spec"]["template"]
    for key in ("nodeSelector", "affinity", "priorityClassName"):
        assert pod["spec"][key] == given[key]
    assert pod["spec"]["tolerations"][:-2] == given["tolerations"]
    assert given["extraEnv"][0] in pod["spec"]["containers"][0]["env"]
    assert given["extraVolumes"][0] in pod["spec"]["volumes"]
    assert given["extraVolumeMounts"][0] in pod["spec"]["containers"][0]["volumeMounts"]
    assert pod["metadata"]["annotations"]["note"] == "mine"
    assert pod["metadata"]["labels"]["team"] == "vision"
