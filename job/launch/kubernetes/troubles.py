"""What keeps the parts of a release from running that are no stages: driver, ingest and store.

The driver tells of everything else, but not of itself.
"""

from collections.abc import Iterator
from dataclasses import replace

from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_state import ended, failure, observe, why_waiting
from job.launch.kubernetes.refusals import DeniedError
from job.launch.kubernetes.workloads import Workloads


def troubles(cluster: Cluster, release: str) -> list[str]:
    """Return a line for each part of a release that does not run, in the words of the cluster.

    It is empty if all of them run, or if the caller may not look at them.
    """
    try:
        return [
            *_of_jobs(cluster, release, "driver"),
            *_of_jobs(cluster, release, "ingest"),
            *_of_store(cluster, release),
        ]
    except DeniedError:
        return []


def _of_jobs(cluster: Cluster, release: str, component: str) -> Iterator[str]:
    for job in cluster.jobs(_selector(release, component)):
        name = job["metadata"]["name"]
        how = ended(job)
        if how == "Failed":
            yield str(failure(f"Job {name}", job, cluster.pods_of(name)))
        elif how is None:
            state = observe(job, cluster.pods_of(name), cluster.warning)
            if state.phase == "queued":
                state = replace(state, reason=Workloads(cluster).about(job) or state.reason)
            if state.phase != "running":
                yield f"Job {name}: {state}"


def _of_store(cluster: Cluster, release: str) -> Iterator[str]:
    for pod in cluster.pods(_selector(release, "store")):
        state = why_waiting(pod)
        if state.reason:
            yield f"pod {pod['metadata']['name']}: {state}"


def _selector(release: str, component: str) -> str:
    return f"al-voc/release={release},app.kubernetes.io/component={component}"
