"""Stages as Kubernetes Jobs.

The launcher is level-triggered: it remembers nothing that the cluster and the store do not know, so
a driver that is killed and started again continues. The name of a Job is the lock of its stage. A
stage is done when its marker is in the store; the Job's status only tells when to look for it.
Where people annotate, no Job waits for them: this process looks at what they have done.
"""

from collections.abc import Callable

from job.errors import ConfigError, MissingLabelsError, TemporaryError
from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_sets import why_left
from job.launch.kubernetes.job_spec import attempt_of, job_name, queue_of, resources
from job.launch.kubernetes.job_state import (
    StageState,
    ended,
    failed_nodes,
    failure,
    is_alive,
    may_be_retried,
    observe,
    why_blocked,
)
from job.launch.kubernetes.logs import LogKeeper
from job.launch.kubernetes.look import Look
from job.launch.kubernetes.past_jobs import PastJobs
from job.launch.kubernetes.refusals import UNAVAILABLE
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.launch.kubernetes.stage_jobs import StageJobs, why_replaced
from job.launch.kubernetes.started import Started
from job.launch.kubernetes.usage import job_end
from job.launch.kubernetes.warnings import Warnings
from job.launch.kubernetes.workloads import Workloads
from job.launch.observer import Observer
from job.launch.people import People
from job.plan import Plan
from job.progress import StageStatus, States
from job.runtime import log
from job.storage import Store


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
        observer: Observer,
    ) -> None:
        """Create a launcher.

        Args:
            store: Where logs are kept, and what people do.
            plan: The experiment.
            launch: How Jobs look.
            cluster: Where Jobs run.
            is_done: Whether a stage's marker is there and fits.
            publish: Called with the states of the started stages after each look at the cluster.
            observer: Is told of each Job that has ended.

        Raises:
            ConfigError: The ConfigMap that is to own the Jobs is not there.
        """
        self._launch = launch
        self._cluster = cluster
        self._is_done, self._publish, self._observer = is_done, publish, observer
        self._logs = LogKeeper(store, cluster)
        self._warnings = Warnings(cluster)
        self._workloads = Workloads(cluster)
        self._jobs = StageJobs(launch, plan.config, cluster, store.url)
        self._past = PastJobs(plan, launch, cluster, observer, is_done, logs=self._logs)
        self._people = People(store, plan)
        self._started: dict[StageRef, Started] = {}
        self._with_sets = True

    def has_room(self, ref: StageRef) -> bool:
        """Whether a stage may start: so many at a time, and any that people do."""
        if self._people.asks(ref):
            return True
        before_it = sum(self._has_slot_of(each, ref) for each in self._started)
        return before_it < self._launch.max_parallel

    def _has_slot_of(self, started: StageRef, ref: StageRef) -> bool:
        """Whether a started stage has a slot that another may not have.

        In a queue it has none: Kueue counts by itself, and has to see what is wanted. If no node
        takes it, only such stages have to wait as ask for the same.
        """
        is_alike = resources(self._launch, started) == resources(self._launch, ref)
        state = self._started[started].state
        return state.has_slot or (is_alike and state.is_unplaced)

    def start(self, ref: StageRef) -> None:
        """Start a stage: `wait` creates its Job, or asks people."""
        if self._people.asks(ref):
            self._people.start(ref)
            return
        self._started[ref] = self._jobs.started(ref)

    def wait(self) -> list[StageRef]:
        """Look at the cluster every few seconds until a stage is done, and return the stages done.

        Raises:
            MissingLabelsError: Nothing is left to run without labels that people add.
            AlJobError: A stage failed. Other stages keep running, and their work is not lost.
        """
        while True:
            num_started, with_slots = len(self._started), self._with_slots()
            finished = [*self._look(), *self._people.look()]
            self._publish_states()
            has_room = len(self._started) < num_started or with_slots - self._with_slots()
            if finished or has_room:
                return finished
            if not self._started and not self._people.is_asking:
                self._people.raise_what_is_parked()
            self._people.wait(self._launch.poll_seconds)

    def _with_slots(self) -> set[StageRef]:
        """Return the started stages that keep any other from starting."""
        return {ref for ref, started in self._started.items() if started.state.has_slot}

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
            stages = self._started if self._past.are_settled else None
            look = Look.at(self._cluster, self._launch, stages, with_sets=self._with_sets)
        except UNAVAILABLE as error:
            for ref, started in self._started.items():
                started.wait_for(error, ref.fields)
            return []
        self._past.settle(look, self._started)
        self._with_sets = look.may_have_sets
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
            started.wait_for(error, ref.fields)
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
                    return self._finish(ref, started, look)
                started.attempt += 1
        job = jobs.get(started.attempt)
        if job is None:
            return self._create(ref, started, look)
        started.has_job = True
        if ended(job):
            return self._conclude(ref, started, job, look)
        self._update(ref, started, job, look.pods(ref, job))
        return started.state.phase == "ending" and self._end(ref, started, job, look)

    def _end(self, ref: StageRef, started: Started, job: KubeObject, look: Look) -> bool:
        """Return whether a stage is done whose pods have ended, though its Job has not.

        Kubernetes marks a Job as ended some seconds after its pods, and never if the node of a pod
        is lost, or if a container of others lives on in it.
        """
        if self._is_done(ref):
            return self._finish(ref, started, look)
        is_stuck = started.state.is_outlived and started.is_still
        return is_stuck and self._end_outlived(ref, started, job, look)

    def _create(self, ref: StageRef, started: Started, look: Look) -> bool:
        """Create the stage's Job if no pod of an earlier Job of the stage is left."""
        if self._is_done(ref):  # its Job ended and was removed meanwhile
            return True
        left = [pod for pod in look.pods(ref) if is_alive(pod)]
        if left:
            started.state = StageState("ending", why_left(left[0]))
            return False
        state = self._jobs.create(ref, started, failed_nodes(look.pods(ref)))
        self._note(ref, started, state)
        if started.state.phase == "quota":
            self._check_limit(ref, started)
        return False

    def _end_outlived(self, ref: StageRef, started: Started, job: KubeObject, look: Look) -> bool:
        """Judge a stage that has ended without its marker, though its Job never will.

        Raises:
            AlJobError: The stage failed.
        """
        pods = look.pods(ref, job)
        if self._logs.are_owed(pods):
            return False
        self._jobs.delete(job, started)
        started.num_outlived += 1
        if started.num_outlived <= self._launch.backoff_limit and may_be_retried(pods):
            self._observer.job_ended(job_end(ref, job, pods, self._launch, started.state.reason))
            started.attempt = attempt_of(job) + 1
            return False
        if blocked := why_blocked(job, pods):
            message = f"{ref}: {blocked}"
            raise ConfigError(message)
        return self._conclude(ref, started, job, look)

    def _conclude(self, ref: StageRef, started: Started, job: KubeObject, look: Look) -> bool:
        """Judge a Job that ended by the marker, and return whether the stage is done.

        If it waits for labels, it makes room for another.

        Raises:
            AlJobError: The stage failed.
        """
        if self._is_done(ref):
            return self._finish(ref, started, look)
        pods = look.pods(ref, job)
        if self._logs.keep(ref, pods):
            return False
        error = failure(str(ref), job, pods)
        if isinstance(error, MissingLabelsError):
            self._people.park(ref, error)
            del self._started[ref]
            return False
        log.get().error("job.failed", job=job["metadata"]["name"], reason=str(error), **ref.fields)
        self._observer.job_ended(job_end(ref, job, pods, self._launch, str(error)))
        if started.is_other(job):  # the upgrade may have corrected the cause
            started.attempt, started.has_job = attempt_of(job) + 1, False
            return False
        started.state = StageState("failed", str(error))
        self._publish_states()
        raise error

    def _finish(self, ref: StageRef, started: Started, look: Look) -> bool:
        """Remove the Jobs of a stage that is done, if no log is lost with them.

        Returns:
            Whether nothing is left to do for the stage.
        """
        pods = look.pods(ref)
        if self._logs.keep(ref, pods):
            return False
        for job in (each for each in look.jobs(ref) if attempt_of(each) == started.attempt):
            self._observer.job_ended(job_end(ref, job, look.pods(ref, job), self._launch))
        try:
            for job in look.jobs(ref) if self._logs.are_kept(pods) else []:
                self._jobs.delete(job, started)
        except (TemporaryError, ConfigError) as error:  # its time to live ends it later
            log.get().warning("job.left", reason=str(error), **ref.fields)
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
        if state.phase == "queued" and queue_of(job) and started.is_still:
            words = self._workloads.about(job)
            words = words or self._warnings.about_workload(job["metadata"]["name"])
            state = StageState("queued", words or state.reason)
        if reason := why_replaced(job, started, state):
            state = self._take_over(job, started, state, reason)
        self._note(ref, started, state)
        self._check_limit(ref, started, job)

    def _note(self, ref: StageRef, started: Started, state: StageState) -> None:
        if state != started.state:
            name = job_name(self._launch, ref, started.attempt or 1)
            log.get().info("job.state", job=name, state=str(state), **ref.fields)
        started.enter(state)

    def _check_limit(self, ref: StageRef, started: Started, job: KubeObject | None = None) -> None:
        """Give up if a stage is kept from starting for too long. Its Job must hold no resources.

        Raises:
            ConfigError: It is.
        """
        too_long = started.start_limit.passed(started.state, self._launch)
        if not too_long or (job and not self._jobs.delete(job, started, if_unchanged=True)):
            return  # it may have just begun
        message = f"{ref}: {too_long}"
        raise ConfigError(message)

    def _take_over(
        self, job: KubeObject, started: Started, state: StageState, reason: str
    ) -> StageState:
        """Do not adopt a Job of other values: if it runs it may end, otherwise it is replaced."""
        if state.phase == "running":
            return StageState("other spec", f"{reason}: it may run to its end first")
        if not self._jobs.replace(job, started, reason):
            return state  # it has just begun, or another driver has replaced it
        return StageState("other spec", f"{reason}: it had not started and is replaced")
