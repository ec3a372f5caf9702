"""Stages as Kubernetes Jobs.

The launcher is level-triggered: it remembers nothing that the cluster and the store do not know, so
a driver that is killed and started again continues. The name of a Job is the lock of its stage. A
stage is done when its marker is in the store; the Job's status only tells when to look for it.
Where people annotate, no Job waits for them: this process looks at what they have done.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from job.errors import ConfigError, MissingLabelsError
from job.keys import StageRef
from job.launch.kubernetes.client import UNAVAILABLE, Cluster, QuotaError
from job.launch.kubernetes.job_spec import attempt_of, make_job, spec_hash_of, stage_labels
from job.launch.kubernetes.job_state import (
    ExhaustedError,
    StageState,
    ended,
    failure,
    is_alive,
    observe,
)
from job.launch.kubernetes.logs import LogKeeper
from job.launch.kubernetes.settings import KubeObject, LaunchConfig
from job.launch.kubernetes.start_limit import StartLimit
from job.launch.people import People
from job.plan import Plan
from job.progress import StageStatus, States
from job.runtime import log
from job.runtime.retry import SECONDS_OF_OUTAGE
from job.storage import Store


@dataclass
class _Started:
    """What is known of a started stage. All of it can be found out again."""

    spec_hash: str | None
    """Of the Job that the present configuration makes, whatever the attempt."""
    attempt: int | None = None
    """Which of the stage's Jobs is ours; unset until the cluster was asked."""
    state: StageState = field(default_factory=lambda: StageState("pending"))
    start_limit: StartLimit = field(default_factory=StartLimit)
    unknown_since: float | None = None
    """Since when the store or the cluster does not answer."""


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
        self._owner = owner_reference(launch, cluster)
        self._people = People(store, plan)
        self._started: dict[StageRef, _Started] = {}

    def has_room(self, ref: StageRef) -> bool:
        """Whether a stage may start: so many at a time, and any that people do."""
        return len(self._started) < self._launch.max_parallel or self._people.asks(ref)

    def start(self, ref: StageRef) -> None:
        """Start a stage: `wait` creates its Job, or asks people."""
        if self._people.asks(ref):
            self._people.start(ref)
            return
        self._started[ref] = _Started(spec_hash_of(make_job(self._launch, self._config, ref, 1)))

    def wait(self) -> list[StageRef]:
        """Look at the cluster every few seconds until a stage is done, and return the stages done.

        Raises:
            MissingLabelsError: Nothing is left to run without labels that people add.
            AlJobError: A stage failed. Other stages keep running, and their work is not lost.
        """
        while True:
            num_started = len(self._started)
            finished = [ref for ref in list(self._started) if self._try(ref)]
            for ref in finished:
                del self._started[ref]
            finished += self._people.look()
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

    def _try(self, ref: StageRef) -> bool:
        """Advance a stage, and return whether it is done. An outage must not hold up the others."""
        started = self._started[ref]
        try:
            is_finished = self._advance(ref)
        except UNAVAILABLE as error:
            started.unknown_since = started.unknown_since or time.monotonic()
            seconds_away = time.monotonic() - started.unknown_since
            if seconds_away > SECONDS_OF_OUTAGE or isinstance(error, ExhaustedError):
                raise
            log.get().warning("driver.waits", reason=str(error), **_fields(ref))
            started.state = StageState("unknown", str(error))
            return False
        started.unknown_since = None
        return is_finished

    def _advance(self, ref: StageRef) -> bool:
        """Bring a stage nearer to its end, and return whether it is done."""
        started = self._started[ref]
        jobs = {attempt_of(job): job for job in self._cluster.jobs(self._selector(ref))}
        if started.attempt is None:  # Jobs that ended before this driver looked are history
            started.attempt = max(jobs, default=1)
            if started.attempt in jobs and ended(jobs[started.attempt]):
                if self._is_done(ref):
                    return self._finish(ref, jobs[started.attempt])
                started.attempt += 1
        job = jobs.get(started.attempt)
        if job is None:
            return self._create(ref, started, started.attempt)
        if ended(job):
            return self._conclude(ref, started, job)
        self._update(ref, started, job)
        # Kubernetes marks a Job as ended some seconds after its pods, and never if the node of a
        # pod is lost.
        return started.state.phase == "ending" and self._is_done(ref)

    def _create(self, ref: StageRef, started: _Started, attempt: int) -> bool:
        """Create the stage's Job if no pod of an earlier Job of the stage is left."""
        if self._is_done(ref):  # its Job ended and was removed meanwhile
            return True
        left = [pod for pod in self._cluster.pods(self._selector(ref)) if is_alive(pod)]
        if left:
            reason = f"pod {left[0]['metadata']['name']} of a Job that is gone"
            started.state = StageState("ending", reason)
            return False
        job = make_job(self._launch, self._config, ref, attempt)
        job["metadata"]["ownerReferences"] = [self._owner]
        try:
            is_created = self._cluster.create_job(job)
        except QuotaError as error:
            self._note(ref, started, StageState("quota", str(error)), job)
            return False
        if is_created:
            log.get().info("job.created", job=job["metadata"]["name"], **_fields(ref))
        else:
            self._refuse_foreign(ref, job)
        started.state = StageState("pending")
        return False

    def _refuse_foreign(self, ref: StageRef, own: KubeObject) -> None:
        """Find out who has the Job's name. If it is this stage, the next look adopts the Job.

        Raises:
            ConfigError: The Job belongs to another release, or to somebody else.
        """
        name = own["metadata"]["name"]
        wanted = stage_labels(self._launch, ref).items()
        for job in self._cluster.jobs_named(name):
            if wanted <= job["metadata"].get("labels", {}).items():
                continue
            message = (
                f"{ref}: Job {name} exists already and belongs to somebody else (spec hash "
                f"{spec_hash_of(job)}, this release's is {spec_hash_of(own)}): "
                "give the release or the experiment another name"
            )
            raise ConfigError(message)

    def _conclude(self, ref: StageRef, started: _Started, job: KubeObject) -> bool:
        """Judge a Job that ended by the marker, and return whether the stage is done.

        If it waits for labels, it makes room for another.

        Raises:
            AlJobError: The stage failed.
        """
        if self._is_done(ref):
            return self._finish(ref, job)
        pods = list(self._pods(ref, job))
        if self._logs.owes(pods):
            return False
        if self._is_done(ref):  # the marker may have been written between the two looks
            return True
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

    def _finish(self, ref: StageRef, job: KubeObject) -> bool:
        return not self._logs.owes(list(self._pods(ref, job)))

    def _update(self, ref: StageRef, started: _Started, job: KubeObject) -> None:
        """Note what a Job is doing, and act if Kubernetes would wait forever.

        Raises:
            ConfigError: The Job could not start for too long.
        """
        state = observe(job, self._pods(ref, job), self._cluster.warning)
        name = job["metadata"]["name"]
        if state.phase == "queued" and self._launch.queue_name:
            state = StageState("queued", self._cluster.kueue_warning(name) or state.reason)
        if spec_hash_of(job) != started.spec_hash:
            state = self._refuse_other_spec(job, started, state)
        self._note(ref, started, state, job)

    def _note(self, ref: StageRef, started: _Started, state: StageState, job: KubeObject) -> None:
        """Note the state of a Job, be it there or refused, and give up if it may not last.

        Raises:
            ConfigError: The Job could not start for too long.
        """
        name = job["metadata"]["name"]
        if state != started.state:
            log.get().info("job.state", job=name, state=str(state), **_fields(ref))
        started.state = state
        if too_long := started.start_limit.passed(state, self._launch):
            self._cluster.delete_job(name)
            message = f"{ref}: {too_long}"
            raise ConfigError(message)

    def _refuse_other_spec(
        self, job: KubeObject, started: _Started, state: StageState
    ) -> StageState:
        """Do not adopt a Job of another spec: if it runs it may end, otherwise it is replaced."""
        name = job["metadata"]["name"]
        reason = (
            f"Job {name} has spec hash {spec_hash_of(job)}, this configuration makes "
            f"{started.spec_hash}"
        )
        if state.phase == "running":
            return StageState("other spec", f"{reason}: it may run to its end first")
        log.get().warning("job.replaced", job=name, reason=reason)
        self._cluster.delete_job(name)
        return StageState("other spec", f"{reason}: it had not started and is replaced")

    def _selector(self, ref: StageRef) -> str:
        labels = stage_labels(self._launch, ref)
        return ",".join(f"{name}={value}" for name, value in labels.items())

    def _pods(self, ref: StageRef, job: KubeObject) -> Iterator[KubeObject]:
        """Yield the Job's pods, and keep the logs of those that have ended."""
        return self._logs.keeping(ref, self._cluster.pods_of(job["metadata"]["name"]))


def _fields(ref: StageRef) -> dict[str, object]:
    """Return the fields that identify a stage in a log line."""
    return {**ref.round.fields, "stage": ref.stage}


def owner_reference(launch: LaunchConfig, cluster: Cluster) -> KubeObject:
    """Return the reference by which Jobs are deleted with the release.

    The owner is not the driver's Job, because an upgrade replaces that Job and running stages
    should stay.

    Raises:
        ConfigError: The ConfigMap that is to own the Jobs is not there.
    """
    owner = cluster.config_map(launch.owner)
    if owner is None:
        message = (
            f"namespace {cluster.namespace} has no ConfigMap {launch.owner} to own the Jobs: "
            "is the chart installed there?"
        )
        raise ConfigError(message)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "name": launch.owner,
        "uid": owner["metadata"]["uid"],
        "controller": False,
        "blockOwnerDeletion": False,
    }
