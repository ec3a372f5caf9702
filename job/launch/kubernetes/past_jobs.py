"""Jobs of stages that had ended when a driver began, such as while none was there to look."""

from collections.abc import Callable, Container

from job.errors import AlJobError
from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_spec import stage_of
from job.launch.kubernetes.job_state import ended, failure
from job.launch.kubernetes.logs import LogKeeper
from job.launch.kubernetes.look import Look
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.launch.kubernetes.usage import job_end
from job.launch.observer import Observer
from job.plan import Plan
from job.runtime import log
from job.whole import WholeRef


class PastJobs:
    """Tells what they took, keeps their logs, and removes those of stages that are done."""

    def __init__(  # noqa: PLR0913 - whom they are told to, and where they and their logs are
        self,
        plan: Plan,
        launch: LaunchConfig,
        cluster: Cluster,
        observer: Observer,
        is_done: Callable[[StageRef], bool],
        *,
        logs: LogKeeper,
    ) -> None:
        self._plan, self._launch, self._cluster = plan, launch, cluster
        self._logs, self._observer, self._is_done = logs, observer, is_done
        self.are_settled = False
        """Whether there was a look at them: later, none is past that was not started here."""

    def settle(self, look: Look, started: Container[StageRef]) -> None:
        """See to the Jobs that have ended, once. What does not succeed is left: time ends them.

        Args:
            look: At all Jobs of the release.
            started: Stages whose Jobs the launcher sees to, if they are done.
        """
        if self.are_settled:
            return
        report = WholeRef.report(self._plan.config.experiment)
        stages = frozenset([*self._plan.stages(), report])
        for job in filter(ended, look.every_job()):
            ref = stage_of(job)
            if ref is None or ref not in stages:
                continue  # of another experiment, or of an arm that was removed
            try:
                self._settle(ref, job, look, started)
            except AlJobError as error:
                log.get().warning("job.left", reason=str(error), **ref.fields)
        self.are_settled = True

    def _settle(
        self, ref: StageRef, job: KubeObject, look: Look, started: Container[StageRef]
    ) -> None:
        is_done = self._is_done(ref)
        if is_done and ref in started:
            return
        pods = look.pods(ref, job)
        error = "" if ended(job) == "Complete" else str(failure(str(ref), job, pods))
        self._observer.job_found(job_end(ref, job, pods, self._launch, error))
        self._logs.keep(ref, pods)
        if is_done and self._logs.are_kept(pods):
            self._cluster.delete_job(job)
