"""The Jobs of stages, as a driver creates, replaces and deletes them."""

import os

from job.config.schema import Config
from job.errors import ConfigError
from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.creating import make, refuse_foreign
from job.launch.kubernetes.job_spec import make_job, queue_of, spec_hash_of
from job.launch.kubernetes.job_state import StageState
from job.launch.kubernetes.owner import Owner
from job.launch.kubernetes.refusals import QuotaError
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.launch.kubernetes.started import Started
from job.runtime import log
from job.runtime.trace import TraceIds, is_traced

MAX_LOST = 3
"""A stage's Job may be deleted by somebody else so many times."""


def why_replaced(job: KubeObject, started: Started, state: StageState) -> str:
    """Return why a Job is not what the present configuration makes, or an empty text."""
    if state.phase == "ending":  # it is done, or the next attempt is of the present configuration
        return ""
    name = job["metadata"]["name"]
    if started.is_other(job):
        return (
            f"Job {name} has spec hash {spec_hash_of(job)}, this configuration makes "
            f"{started.spec_hash}"
        )
    if state.phase == "queued" and started.is_elsewhere(job):
        has, wanted = (queue or "no queue" for queue in (queue_of(job), started.queue))
        return f"Job {name} waits in {has}, this configuration names {wanted}"
    return ""


class StageJobs:
    """The Jobs of a release's stages.

    Raises:
        ConfigError: The ConfigMap that is to own the Jobs is not there.
    """

    def __init__(self, launch: LaunchConfig, config: Config, cluster: Cluster, place: str) -> None:
        self._launch = launch
        # Of the store: an experiment that is driven from elsewhere has the same trace.
        self._trace = TraceIds(place, config.experiment) if is_traced(os.environ) else None
        self._config = config
        self._cluster = cluster
        self._owner = Owner(launch, cluster)

    def started(self, ref: StageRef) -> Started:
        """Return what a stage begins with: how its Job looks by the present configuration."""
        job = make_job(self._launch, self._config, ref, 1)
        return Started(spec_hash_of(job), queue_of(job))

    def create(self, ref: StageRef, started: Started, failed_on: list[str]) -> StageState:
        """Create a stage's Job, and return what the stage is doing then.

        Args:
            ref: The stage.
            started: What is known of it.
            failed_on: Nodes on which earlier attempts failed. Others are preferred.

        Raises:
            SupersededError: A later driver of the release has deleted the last one.
            ConfigError: The release is gone, or Jobs are deleted too often, or somebody else has
                the name, or the Job is not admitted.
        """
        parts = self._cluster, self._launch, self._config, ref, started.attempt or 1
        job = make(*parts, failed_on=failed_on, trace=self._trace)
        name = job["metadata"]["name"]
        if started.has_job:
            self._note_loss(ref, started, name)
        job["metadata"]["ownerReferences"] = [self._owner.reference]
        try:
            started.uid = self._cluster.create_job(job)
        except QuotaError as error:
            return StageState("quota", str(error))
        started.has_job = started.uid is not None
        if started.has_job:
            log.get().info("job.created", job=name, **ref.fields)
        else:
            refuse_foreign(self._cluster, self._launch, ref, job)
        return StageState("pending")

    def replace(self, job: KubeObject, started: Started, reason: str) -> bool:
        """Delete a Job that has not begun, so that the next look creates another.

        Args:
            job: As it was read.
            started: Its stage.
            reason: Why, for the log.

        Returns:
            Whether it was deleted: it may have begun meanwhile.

        Raises:
            SupersededError: The other Job is right, because a later driver has made it.
        """
        self._owner.look_again()
        if not self.delete(job, started, if_unchanged=True):
            return False
        log.get().warning("job.replaced", job=job["metadata"]["name"], reason=reason)
        return True

    def delete(self, job: KubeObject, started: Started, *, if_unchanged: bool = False) -> bool:
        """Delete a stage's Job, and return whether it is gone."""
        is_gone = self._cluster.delete_job(job, if_unchanged=if_unchanged)
        started.has_job = started.has_job and not is_gone
        return is_gone

    def _note_loss(self, ref: StageRef, started: Started, name: str) -> None:
        """Note that somebody else has deleted a Job, which is to be created once more.

        Raises:
            SupersededError: A later driver of the release has.
            ConfigError: The release is gone, or it has happened too often.
        """
        self._owner.look_again()
        started.num_lost, started.has_job = started.num_lost + 1, False
        log.get().warning("job.lost", job=name, times=started.num_lost, **ref.fields)
        if started.num_lost >= MAX_LOST:
            message = (
                f"{ref}: Job {name} was deleted {MAX_LOST} times, and not by this driver: find out "
                f"what deletes Jobs of namespace {self._launch.namespace}, then start again"
            )
            raise ConfigError(message)
