"""What the chart and k8s/ hold is what Kubernetes knows, from the oldest supported version on."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from job.config.loading import parse
from job.keys import STAGES, RoundRef
from job.launch.kubernetes.job_spec import make_job
from job.launch.kubernetes.settings import parse_launch

K8S = Path(__file__).parents[2] / "k8s"
PLAIN = ["admission-policy.yaml", "nodes-job.yaml", "seaweedfs.yaml", "stage-job.yaml"]


def test_every_object_of_the_chart_is_valid(rendering: Any, validate: Any) -> None:
    """No field is unknown, misspelt or of another type."""
    for each in rendering.objects:
        validate(each)


def test_jobs_that_the_driver_makes_are_valid(rendering: Any, validate: Any) -> None:
    """`launch.yaml` is accepted by the driver, and a Job of each stage made from it by the API."""
    launch = parse_launch(rendering.config["launch.yaml"], "launch.yaml")
    config = parse(rendering.config["experiment.yaml"], "experiment.yaml")
    arm = next(iter(config.arms))
    for stage in STAGES:
        validate(make_job(launch, config, RoundRef(config.experiment, 0, arm, 1).stage(stage), 1))


@pytest.mark.parametrize("name", PLAIN)
def test_plain_manifests_are_valid(name: str, validate: Any) -> None:
    """Manifests to apply as they are hold what Kubernetes knows."""
    for each in yaml.safe_load_all((K8S / name).read_text(encoding="utf-8")):
        validate(each)


def test_a_misspelt_field_is_noticed(render: Any, validate: Any) -> None:
    """The schemas are strict: a field that Kubernetes would ignore is an error here."""
    [job] = render().jobs("driver")
    with pytest.raises(Exception, match="backofLimit"):
        validate(job | {"spec": job["spec"] | {"backofLimit": 1}})


def test_no_manifest_is_left_out() -> None:
    """A new file in k8s/ has to be tested, here or in test_examples.py."""
    elsewhere = {"kueue.yaml", "kind/cluster.yaml", "kind/workers.yaml", "kind/values.yaml"}
    found = {str(path.relative_to(K8S)) for path in K8S.rglob("*.yaml")}
    assert found == elsewhere | set(PLAIN)
