"""What a person does to a release in a cluster: look at it, stop it, let it go on."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from job.errors import TemporaryError, UsageError
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_spec import CONTAINER
from job.launch.kubernetes.job_state import ended
from job.launch.kubernetes.settings import Manifest
from job.progress import Status, parse_status

STATUS_KEY = "status.json"
"""Where the status lies in its ConfigMap."""
SECONDS_TO_STOP = 120.0


def status_map(release: str) -> str:
    """Return the name of the ConfigMap that a release's driver writes its status to."""
    return f"{release}-status"


def read_status(cluster: Cluster, release: str) -> Status:
    """Return what a release's driver last told.

    Raises:
        UsageError: There is no such release in the namespace.
        TemporaryError: It has told nothing yet.
    """
    content = cluster.config_map(status_map(release))
    if content is None:
        message = (
            f"namespace {cluster.namespace} has no ConfigMap {status_map(release)}: name the "
            "release and its namespace (--release, --namespace)"
        )
        raise UsageError(message)
    text = (content.get("data") or {}).get(STATUS_KEY)
    if text is None:
        message = f"the driver of {release} has told nothing yet: see `kubectl get jobs,pods`"
        raise TemporaryError(message)
    return parse_status(text)


def pod_logs(
    cluster: Cluster, release: str, labels: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the log of each pod of some stages that is still there.

    Args:
        cluster: Where.
        release: The release.
        labels: Which stages, such as `{"stage": "train", "round": "3"}`.
    """
    words = [f"al-voc/release={release}", *(f"al-voc/{k}={v}" for k, v in labels.items())]
    for pod in cluster.pods(",".join(words)):
        name = pod["metadata"]["name"]
        text = cluster.log(name, CONTAINER)
        if text is not None:
            yield name, text


def cancel(cluster: Cluster, release: str) -> tuple[bool, list[str]]:
    """Stop the driver, then the stages that run.

    The driver's Job is suspended, not deleted: whoever keeps the release as the chart renders it
    would make it again.

    Returns:
        Whether the driver had not ended yet, and the names of the stages' Jobs that were deleted.

    Raises:
        UsageError: There is no such release.
        TemporaryError: The driver does not end.
    """
    running = [job for job in _drivers(cluster, release) if not ended(job)]
    for job in running:
        cluster.suspend_job(job["metadata"]["name"], suspend=True)
    _wait_until_gone(cluster, f"{_release(release)},app.kubernetes.io/component=driver")
    jobs = [job for job in cluster.jobs(_release(release)) if not ended(job)]
    names = [job["metadata"]["name"] for job in jobs if "al-voc/stage" in job["metadata"]["labels"]]
    for name in names:
        cluster.delete_job(name)
    if running:
        _tell_cancelled(cluster, release)
    return bool(running), names


def resume(cluster: Cluster, release: str) -> None:
    """Let the driver go on.

    Raises:
        UsageError: There is no such release, or its driver has ended.
    """
    drivers = [job for job in _drivers(cluster, release) if not ended(job)]
    if not drivers:
        message = (
            f"the driver of {release} has ended: `kubectl delete job` it and upgrade the release "
            "to start it again"
        )
        raise UsageError(message)
    for job in drivers:
        cluster.suspend_job(job["metadata"]["name"], suspend=False)


def _release(release: str) -> str:
    return f"al-voc/release={release}"


def _drivers(cluster: Cluster, release: str) -> list[Manifest]:
    jobs = cluster.jobs(f"{_release(release)},app.kubernetes.io/component=driver")
    if not jobs:
        message = (
            f"namespace {cluster.namespace} has no driver of a release {release}: name the "
            "release and its namespace (--release, --namespace)"
        )
        raise UsageError(message)
    return jobs


def _wait_until_gone(cluster: Cluster, selector: str) -> None:
    """Wait until no pod runs: it might make the Jobs again that are about to be deleted."""
    limit = time.monotonic() + SECONDS_TO_STOP
    while any(
        pod["status"].get("phase") in {"Pending", "Running"} for pod in cluster.pods(selector)
    ):
        if time.monotonic() > limit:
            message = "the driver does not end: nothing else was stopped; try again"
            raise TemporaryError(message)
        time.sleep(1)


def _tell_cancelled(cluster: Cluster, release: str) -> None:
    try:
        status = read_status(cluster, release)
    except (UsageError, TemporaryError):  # it has told nothing yet
        return
    if status.driver is None:
        return
    now = {"phase": "cancelled", "message": "", "updated": datetime.now(UTC)}
    driver = status.driver.model_copy(update=now)
    rounds = [
        each.model_copy(
            update={"stages": {k: v for k, v in each.stages.items() if v.state == "done"}}
        )
        for each in status.rounds
    ]
    told = status.model_copy(update={"driver": driver, "rounds": rounds})
    cluster.write_config_map(status_map(release), {STATUS_KEY: told.model_dump_json()})
