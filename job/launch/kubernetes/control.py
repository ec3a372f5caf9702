"""Operations on a release: read its status, cancel it, resume it."""

import time
from datetime import UTC, datetime

from job.errors import BadDataError, ConfigError, TemporaryError, UsageError
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_sets import NAME_LABEL
from job.launch.kubernetes.job_state import ended
from job.launch.kubernetes.refusals import DeniedError
from job.launch.kubernetes.settings import KubeObject
from job.launch.kubernetes.troubles import troubles
from job.launch.kubernetes.workloads import set_active
from job.progress import OVER, Status, dump_status, parse_status
from job.runtime import log

STATUS_KEY = "status.json"
"""The key of the status in its ConfigMap."""
SECONDS_UNTIL_STALE = 60.0
"""A driver that was not heard of for so long, three beats, is looked at itself."""
SECONDS_TO_STOP = 120.0
"""How long a driver may take to end."""


def status_map(release: str) -> str:
    """Return the name of the ConfigMap that a release's driver writes its status to."""
    return f"{release}-status"


def read_status(cluster: Cluster, release: str) -> Status:
    """Return the status that a release's driver published last.

    If that was a while ago, the driver's message is followed by what keeps it from running.

    Raises:
        UsageError: There is no such release in the namespace.
        TemporaryError: The driver has not published a status yet.
    """
    status = _published(cluster, release)
    driver = status.driver
    if driver is None or driver.phase in OVER:
        return status
    if (datetime.now(UTC) - driver.updated).total_seconds() < SECONDS_UNTIL_STALE:
        return status
    message = "; ".join(filter(None, [driver.message, *troubles(cluster, release)]))
    return status.model_copy(update={"driver": driver.model_copy(update={"message": message})})


def _published(cluster: Cluster, release: str) -> Status:
    content = cluster.config_map(status_map(release))
    if content is None:
        message = (
            f"namespace {cluster.namespace} has no ConfigMap {status_map(release)}: name the "
            "release and its namespace (--release, --namespace)"
        )
        raise UsageError(message)
    text = (content.get("data") or {}).get(STATUS_KEY)
    if text is None:
        why = troubles(cluster, release) or [f"see `kubectl get jobs,pods -l {_selector(release)}`"]
        message = f"the driver of {release} has not published a status yet: {'; '.join(why)}"
        raise TemporaryError(message)
    return parse_status(text)


def cancel(cluster: Cluster, release: str, *, force: bool = False) -> tuple[bool, list[str]]:
    """Stop the driver, then the stages that run.

    The driver's Job is suspended, not deleted: a tool that keeps the release as the chart renders
    it would create the Job again.

    Args:
        cluster: The namespace.
        release: The release.
        force: Whether the driver is not waited for. If its node is lost, its pod never ends.

    Returns:
        Whether the driver had not ended yet, and the names of the stages' Jobs that were deleted.

    Raises:
        UsageError: There is no such release.
        TemporaryError: The driver does not end.
        ConfigError: Something resumes the driver, or a right is missing.
    """
    running = [job for job in _drivers(cluster, release) if not ended(job)]
    for job in running:
        set_active(cluster, job, active=False)
        cluster.suspend_job(job["metadata"]["name"], suspend=True)
    if not force:
        _wait_until_ended(cluster, f"{_selector(release)},app.kubernetes.io/component=driver")
        _check_suspended(cluster, release)
    deleted = [job for job in _stages(cluster, release) if not ended(job)]
    for job in deleted:
        cluster.delete_job(job)
    if running:
        _publish_cancelled(cluster, release)
    return bool(running), [job["metadata"]["name"] for job in deleted]


def _stages(cluster: Cluster, release: str) -> list[KubeObject]:
    """Return the Jobs of a release's stages, and its JobSets.

    Raises:
        DeniedError: It has JobSets, and the caller may not list them.
    """
    selector = f"{_selector(release)},al-voc/stage"
    try:
        sets = cluster.job_sets(selector)
    except DeniedError:  # most people have no rights for what their releases do not make
        if any(NAME_LABEL in pod["metadata"]["labels"] for pod in cluster.pods(selector)):
            raise
        sets = []
    return [*cluster.jobs(selector), *sets]


def resume(cluster: Cluster, release: str) -> None:
    """Let a cancelled driver run again.

    Raises:
        UsageError: There is no such release, or its driver has ended.
    """
    drivers = [job for job in _drivers(cluster, release) if not ended(job)]
    if not drivers:
        message = (
            f"the driver of {release} has ended: `kubectl delete job` it and upgrade the release "
            "to start another"
        )
        raise UsageError(message)
    for job in drivers:
        if not set_active(cluster, job, active=True):  # otherwise Kueue resumes it
            cluster.suspend_job(job["metadata"]["name"], suspend=False)


def _selector(release: str) -> str:
    return f"al-voc/release={release}"


def _drivers(cluster: Cluster, release: str) -> list[KubeObject]:
    jobs = cluster.jobs(f"{_selector(release)},app.kubernetes.io/component=driver")
    if not jobs:
        message = (
            f"namespace {cluster.namespace} has no driver of a release {release}: name the "
            "release and its namespace (--release, --namespace)"
        )
        raise UsageError(message)
    return jobs


def _wait_until_ended(cluster: Cluster, selector: str) -> None:
    """Wait until no driver's pod is alive: it could create again the Jobs that are deleted next."""
    limit = time.monotonic() + SECONDS_TO_STOP
    alive = {"Pending", "Running"}
    while any(pod["status"].get("phase") in alive for pod in cluster.pods(selector)):
        if time.monotonic() > limit:
            message = (
                "the driver does not end, and its stages were not stopped: retry, or if its node "
                "is lost, give --force"
            )
            raise TemporaryError(message)
        time.sleep(1)


def _check_suspended(cluster: Cluster, release: str) -> None:
    """Guard that nothing resumes the driver: it would start the stages once more.

    Raises:
        ConfigError: Something does.
    """
    for job in _drivers(cluster, release):
        if not ended(job) and not job["spec"].get("suspend"):
            message = (
                f"something resumed Job {job['metadata']['name']}, so its stages were not stopped. "
                "If the Job is in a queue of Kueue, you need the rights list and patch on "
                "workloads.kueue.x-k8s.io"
            )
            raise ConfigError(message)


def _publish_cancelled(cluster: Cluster, release: str) -> None:
    try:
        status = _published(cluster, release)
    except (UsageError, TemporaryError):  # the driver has published nothing yet
        return
    except BadDataError as error:  # a driver of another version did, or it is damaged
        log.get().warning("cancel.status_left", reason=str(error))
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
    changed = status.model_copy(update={"driver": driver, "rounds": rounds})
    text = dump_status(changed).decode()
    cluster.write_config_map(status_map(release), {STATUS_KEY: text})
