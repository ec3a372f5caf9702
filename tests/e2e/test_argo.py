"""A whole experiment as one workflow of a real Argo: the same results as in one process."""

from pathlib import Path

import pytest
import yaml

from tests.e2e.cluster import Namespace, run
from tests.e2e.experiments import SHORT
from tests.e2e.queues import skip_without
from tests.e2e.release import AL_JOB, NewRelease, Release
from tests.e2e.results import LocalRun, steady

pytestmark = pytest.mark.e2e

ACCOUNT = "al-voc-stage"
RIGHTS = ("--verb=create,patch", "--resource=workflowtaskresults.argoproj.io")


@pytest.fixture(autouse=True)
def argo(cluster: None) -> None:
    """Skip the test without Argo."""
    del cluster
    skip_without("argoproj.io/v1alpha1")


def test_a_workflow_ends_as_one_process_does(
    new_release: NewRelease, namespace: Namespace, local_run: LocalRun, tmp_path: Path
) -> None:
    """Every stage runs, and a workflow that is submitted again skips all of them."""
    parts = {"scorePartitions": 2, "scoreParallelism": 2}
    release = new_release(experiment=SHORT, launch=parts)
    namespace.kubectl("create", "serviceaccount", ACCOUNT)
    namespace.kubectl("create", "role", "argo-executor", *RIGHTS)
    account = f"--serviceaccount={namespace.name}:{ACCOUNT}"
    namespace.kubectl("create", "rolebinding", "argo-executor", "--role=argo-executor", account)
    workflow = _rendered(release, tmp_path)
    _run(namespace, workflow)
    contents = release.bucket.contents()
    assert steady(contents) == steady(local_run(SHORT))
    _run(namespace, workflow)
    assert steady(release.bucket.contents()) == steady(contents)


def _rendered(release: Release, folder: Path) -> str:
    """Put data and experiment into the release's bucket, and return the workflow."""
    experiment, launch = folder / "experiment.yaml", folder / "launch.yaml"
    experiment.write_text(release.experiment)
    launch.write_text(release.render())
    drawn = yaml.safe_load(release.experiment)["dataset"]
    options = [f"--{k.replace('_', '-')}={v}" for k, v in drawn["synthetic"].items()]
    with release.bucket.opened():
        env = ("env", f"AL_STORE={release.bucket.url}")
        run(*env, AL_JOB, "ingest", "synthetic", f"--name={drawn['name']}", *options)
        run(*env, AL_JOB, "init", experiment)
        return run(*env, AL_JOB, "render", "--as=argo", f"--launch={launch}")


def _run(namespace: Namespace, workflow: str) -> None:
    name = namespace.kubectl("create", "--filename=-", "--output=name", stdin=workflow).strip()

    def ask() -> str:
        phase = namespace.kubectl("get", name, "--output=jsonpath={.status.phase}")
        assert phase not in {"Failed", "Error"}, namespace.kubectl("get", name, "--output=yaml")
        return phase if phase == "Succeeded" else ""

    namespace.wait(f"{name} succeeded", ask, 480)
