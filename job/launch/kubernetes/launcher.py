"""Stages as Kubernetes Jobs.

The launcher is level-triggered: it remembers nothing that the cluster and the store do not know, so
a driver that is killed and started again continues. The name of a Job is the lock of its stage. A
stage is done when its marker is in the store; the Job's status only tells when to look for it.
Where people annotate, no Job waits for them: this process looks at what they have done.
"""

from collections.abc import Callable

from job.errors import ConfigError, MissingLabelsError, TemporaryError
from job.keys import StageRef
from job.launch.kubernetes.client import UNAVAILABLE, Cluster, QuotaError
from job.launch.kubernetes.creating import make, refuse_foreign
from job.launch.kubernetes.job_spec import attempt_of, make_job, spec_hash_of
from job.launch.kubernetes.job_state import (
    StageState,
    ended,
    failure,
    is_alive,
    observe,
)
from job.launch.kubernetes.logs import LogKeeper
from job.launch.kubernetes.look import Look
from job.launch.kubernetes.owner import Owner
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.launch.kubernetes.started import Started
from job.launch.kubernetes.warnings import Warnings
from job.launch.people import People
from job.plan import Plan
from job.progress import StageStatus, States
from job.runtime import log
from job.storage import Store

MAX_LOST = 3
"""A stage's Job may be deleted by somebody else so many times."""


class KubernetesLauncher:
    """Runs each stage as a Job of its own."""

    def __init__(  # noqa: PLR0913 - it brings the store, the experiment and the cluster together
        self,
        store: Store,
        plan: Plan,
        launch: LaunchConfig,
        cluster: Cluster,
        *,
        is_done: Callable[[StageRef], bool],
        publish: Callable[[States], None],
    ) -> None:
        """Create a launcher.

        Args:
            store: Where logs are kept, and what people do.
            plan: The experiment.
            launch: How Jobs look.
            cluster: Where Jobs run.
            is_done: Whether a stage's marker is there and fits.
            publish: Called with the states of the started stages after each look at the cluster.

        Raises:
            ConfigError: The ConfigMap that is to own the Jobs is not there.
        """
        self._config = plan.config
        self._launch = launch
        self._cluster = cluster
        self._is_done = is_done
        self._publish = publish
        self._logs = LogKeeper(store, cluster)
        self._warnings = Warnings(cluster)
        self._owner = Owner(launch, cluster)
        self._people = People(store, plan)
        self._started: dict[StageRef, Started] = {}

    def has_room(self, ref: StageRef) -> bool:
        """Whether a stage may start: so many at a time, and any that people do."""
        return len(self._started) < self._launch.max_parallel or self._people.asks(ref)

    def start(self, ref: StageRef) -> None:
        """Start a stage: `wait` creates its Job, or asks people."""
        if self._people.asks(ref):
            self._people.start(ref)
            return
        self._started[ref] = Started(spec_hash_of(make_job(self._launch, self._config, ref, 1)))

    def wait(self) -> list[StageRef]:
        """Look at the cluster every few seconds until a stage is done, and return the stages done.

        Raises:
            MissingLabelsError: Nothing is left to run without labels that people add.
            AlJobError: A stage failed. Other stages keep running, and their work is not lost.
        """
        while True:
            num_started = len(self._started)
            finished = [*self._look(), *self._people.look()]
            self._publish_states()
            if finished or len(self._started) < num_started:
                return finished
            if not self._started and not self._people.is_asking:
                self._people.raise_what_is_parked()
            self._people.wait(self._launch.poll_seconds)

    def _publish_states(self) -> None:
        jobs = {
            ref: StageStatus(state=started.state.phase, reason=started.state.reason)
            for ref, started in self._started.items()
        }
        self._publish({**jobs, **self._people.states})

    def _look(self) -> list[StageRef]:
        """Advance every started stage by one look at all of them, and return those done."""
        if not self._started:
            return []
        try:
            look = Look.at(self._cluster, self._launch, self._started)
        except UNAVAILABLE as error:
            for ref, started in self._started.items():
                started.wait_for(error, _fields(ref))
            return []
        finished = [ref for ref in list(self._started) if self._try(ref, look)]
        for ref in finished:
            del self._started[ref]
        return finished

    def _try(self, ref: StageRef, look: Look) -> bool:
        """Advance a stage, and return whether it is done. An outage must not hold up the others."""
        started = self._started[ref]
        try:
            is_finished = self._advance(ref, look)
        except UNAVAILABLE as error:
            started.wait_for(error, _fields(ref))
            return False
        started.unknown_since = None
        return is_finished

    def _advance(self, ref: StageRef, look: Look) -> bool:
        """Bring a stage nearer to its end, and return whether it is done."""
        started = self._started[ref]
        jobs = {attempt_of(job): job for job in look.jobs(ref)}
        if started.attempt is None:  # Jobs that ended before this driver looked are history
            started.attempt = max(jobs, default=1)
            if started.attempt in jobs and ended(jobs[started.attempt]):
                if self._is_done(ref):
                    return self._finish(ref, look)
                started.attempt += 1
        job = jobs.get(started.attempt)
        if job is None:
            return self._create(ref, started, look)
        started.has_job = True
        if ended(job):
            return self._conclude(ref, started, job, look)
        self._update(ref, started, job, look.pods(ref, job))
        # Kubernetes marks a Job as ended some seconds after its pods, and never if the node of a
        # pod is lost.
        is_over = started.state.phase == "ending" and self._is_done(ref)
        return is_over and self._finish(ref, look)

    def _create(self, ref: StageRef, started: Started, look: Look) -> bool:
        """Create the stage's Job if no pod of an earlier Job of the stage is left."""
        if self._is_done(ref):  # its Job ended and was removed meanwhile
            return True
        left = [pod for pod in look.pods(ref) if is_alive(pod)]
        if left:
            reason = f"pod {left[0]['metadata']['name']} of a Job that is gone"
            started.state = StageState("ending", reason)
            return False
        job = make(self._cluster, self._launch, self._config, ref, started.attempt or 1)
        if started.has_job:
            self._note_loss(ref, started, job)
        job["metadata"]["ownerReferences"] = [self._owner.reference]
        try:
            is_created = self._cluster.create_job(job)
        except QuotaError as error:
            self._note(ref, started, StageState("quota", str(error)), job)
            return False
        started.has_job = is_created
        if is_created:
            log.get().info("job.created", job=job["metadata"]["name"], **_fields(ref))
        else:
            refuse_foreign(self._cluster, self._launch, ref, job)
        started.state = StageState("pending")
        return False

    def _note_loss(self, ref: StageRef, started: Started, job: KubeObject) -> None:
        """Note that somebody else has deleted a stage's Job, which is to be created once more.

        Raises:
            SupersededError: A later driver of the release has.
            ConfigError: The release is gone, or it has happened too often.
        """
        name = job["metadata"]["name"]
        started.num_lost += 1
        log.get().warning("job.lost", job=name, times=started.num_lost, **_fields(ref))
        self._owner.look_again()
        if started.num_lost >= MAX_LOST:
            message = (
                f"{ref}: Job {name} was deleted {MAX_LOST} times, and not by this driver: find out "
                f"what deletes Jobs of namespace {self._launch.namespace}, then start again"
            )
            raise ConfigError(message)

    def _conclude(self, ref: StageRef, started: Started, job: KubeObject, look: Look) -> bool:
        """Judge a Job that ended by the marker, and return whether the stage is done.

        If it waits for labels, it makes room for another.

        Raises:
            AlJobError: The stage failed.
        """
        if self._is_done(ref):
            return self._finish(ref, look)
        pods = look.pods(ref, job)
        self._logs.keep(ref, pods)
        if self._logs.are_owed(pods):
            return False
        error = failure(str(ref), job, pods)
        name = job["metadata"]["name"]
        if isinstance(error, MissingLabelsError):
            self._people.park(ref, error)
            del self._started[ref]
            return False
        log.get().error("job.failed", job=name, reason=str(error), **_fields(ref))
        if spec_hash_of(job) != started.spec_hash:
            started.attempt = attempt_of(job) + 1  # the upgrade may have corrected the cause
            return False
        started.state = StageState("failed", str(error))
        self._publish_states()
        raise error

    def _finish(self, ref: StageRef, look: Look) -> bool:
        """Remove the Jobs of a stage that is done, if no log is lost with them.

        Returns:
            Whether nothing is left to do for the stage.
        """
        pods = look.pods(ref)
        self._logs.keep(ref, pods)
        if self._logs.are_owed(pods):
            return False
        try:
            for job in look.jobs(ref) if self._logs.are_kept(pods) else []:
                self._cluster.delete_job(job)
        except (TemporaryError, ConfigError) as error:  # its time to live ends it later
            log.get().warning("job.left", reason=str(error), **_fields(ref))
        return True

    def _update(
        self, ref: StageRef, started: Started, job: KubeObject, pods: list[KubeObject]
    ) -> None:
        """Note what a Job is doing, and act if Kubernetes would wait forever.

        Raises:
            ConfigError: The Job could not start for too long.
        """
        self._logs.keep(ref, pods)
        state = observe(job, pods, self._warnings.about if started.is_still else lambda _: "")
        name = job["metadata"]["name"]
        if state.phase == "queued" and self._launch.queue_name and started.is_still:
            state = StageState("queued", self._warnings.about_workload(name) or state.reason)
        if spec_hash_of(job) != started.spec_hash:
            state = self._refuse_other_spec(job, started, state)
        self._note(ref, started, state, job)

    def _note(self, ref: StageRef, started: Started, state: StageState, job: KubeObject) -> None:
        """Note the state of a Job, be it there or refused, and give up if it may not last.

        Raises:
            ConfigError: The Job could not start for too long.
        """
        name = job["metadata"]["name"]
        if state != started.state:
            log.get().info("job.state", job=name, state=str(state), **_fields(ref))
        started.enter(state)
        if too_long := started.start_limit.passed(state, self._launch):
            if state.phase != "quota" and not self._cluster.delete_job(job, if_unchanged=True):
                return  # it has just begun
            message = f"{ref}: {too_long}"
            raise ConfigError(message)

    def _refuse_other_spec(
        self, job: KubeObject, started: Started, state: StageState
    ) -> StageState:
        """Do not adopt a Job of another spec: if it runs it may end, otherwise it is replaced."""
        name = job["metadata"]["name"]
        reason = (
            f"Job {name} has spec hash {spec_hash_of(job)}, this configuration makes "
            f"{started.spec_hash}"
        )
        if state.phase == "running":
            return StageState("other spec", f"{reason}: it may run to its end first")
        self._owner.look_again()
        if not self._cluster.delete_job(job, if_unchanged=True):
            return state  # it has just begun, or another driver has replaced it
        started.has_job = False
        log.get().warning("job.replaced", job=name, reason=reason)
        return StageState("other spec", f"{reason}: it had not started and is replaced")


def _fields(ref: StageRef) -> dict[str, object]:
    """Return the fields that identify a stage in a log line."""
    return {**ref.round.fields, "stage": ref.stage}
