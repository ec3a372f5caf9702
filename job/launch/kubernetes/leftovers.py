"""What a driver leaves in the cluster that has failed: the stages that run, and nothing else."""

from collections.abc import Iterator

from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_spec import stage_of
from job.launch.kubernetes.job_state import StageState, ended, observe
from job.launch.kubernetes.look import Look
from job.launch.kubernetes.settings import LaunchConfig
from job.runtime import log


def running_stages(cluster: Cluster, launch: LaunchConfig) -> Iterator[StageRef]:
    """Yield the stages of a release whose Jobs run, and delete the Jobs that have not begun.

    Those wait in a queue or for a node, and would begin when nobody looks.

    Raises:
        TemporaryError: The cluster does not answer.
        DeniedError: It does not allow this.
    """
    look = Look.at(cluster, launch)
    for job in look.every_job():
        ref, name = stage_of(job), job["metadata"]["name"]
        if ref is None or ended(job):
            continue
        state = observe(job, look.pods(ref, job), lambda _: "")
        if _is_at_work(state):
            yield ref
        elif not state.is_outlived and cluster.delete_job(job, if_unchanged=True):
            log.get().info("job.withdrawn", job=name, state=str(state))


def _is_at_work(state: StageState) -> bool:
    """Whether something of a stage runs, or is about to end, or Kubernetes replaces it."""
    is_ending = state.phase == "ending" and not state.is_outlived
    return state.phase == "running" or is_ending or state.is_retry
