"""Stages as Kubernetes Jobs.

Level-triggered: nothing is remembered that the cluster and the store do not say, so a driver that
is killed and started again goes on. A Job's name is the lock of its stage; the stage's marker in
the store is what counts, a Job's status only tells when to look at it.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from job.config.experiment import Config
from job.errors import ConfigError, TemporaryError
from job.keys import StageRef
from job.launch.kubernetes.client import Cluster, DeniedError
from job.launch.kubernetes.job_spec import (
    CONTAINER,
    attempt_of,
    make_job,
    spec_hash_of,
    stage_labels,
)
from job.launch.kubernetes.job_state import (
    ExhaustedError,
    StageState,
    ended,
    failure,
    is_alive,
    look,
)
from job.launch.kubernetes.retry import SECONDS_OF_OUTAGE
from job.launch.kubernetes.settings import LaunchConfig, Manifest
from job.runtime import log
from job.storage import Store

States = Mapping[StageRef, StageState]


@dataclass
class _Begun:
    """What is known of a stage that was begun: all of it can be found out again."""

    spec_hash: str | None
    """Of the Job that the present configuration makes, whatever the attempt."""
    attempt: int | None = None
    """Which of its Jobs is ours; unset until the cluster was asked."""
    state: StageState = field(default_factory=lambda: StageState("pending"))
    image_error_since: float | None = None
    unknown_since: float | None = None
    """Since when store or cluster do not answer."""


class KubernetesLauncher:
    """Runs each stage as a Job of its own."""

    def __init__(  # noqa: PLR0913 - it brings the store, the experiment and the cluster together
        self,
        store: Store,
        config: Config,
        launch: LaunchConfig,
        cluster: Cluster,
        *,
        is_done: Callable[[StageRef], bool],
        tell: Callable[[States], None],
    ) -> None:
        """Take what it needs.

        Args:
            store: Where logs are kept.
            config: The experiment.
            launch: How Jobs look.
            cluster: Where they run.
            is_done: Whether a stage's marker is there and fits.
            tell: Called after each look at the cluster.

        Raises:
            ConfigError: The ConfigMap that is to own the Jobs is not there.
        """
        self._store = store
        self._config = config
        self._launch = launch
        self._cluster = cluster
        self._is_done = is_done
        self._tell = tell
        self._owner = owner_reference(launch, cluster)
        self._begun: dict[StageRef, _Begun] = {}
        self._kept_logs: set[str] = set()

    @property
    def capacity(self) -> int:
        """How many stages run at a time."""
        return self._launch.max_parallel

    def start(self, ref: StageRef) -> None:
        """Begin a stage: its Job is made at the next look."""
        self._begun[ref] = _Begun(spec_hash_of(make_job(self._launch, self._config, ref, 1)))

    def wait(self) -> list[StageRef]:
        """Look at the cluster every few seconds, until a stage is done.

        Raises:
            AlJobError: A stage failed for good; others go on, and what they do is not lost.
        """
        while True:
            finished = [ref for ref in self._begun if self._try(ref)]
            for ref in finished:
                del self._begun[ref]
            self._tell(self._states())
            if finished:
                return finished
            time.sleep(self._launch.poll_seconds)

    def _states(self) -> States:
        return {ref: begun.state for ref, begun in self._begun.items()}

    def _try(self, ref: StageRef) -> bool:
        """Advance a stage as far as store and cluster answer; the others should not wait for it."""
        begun = self._begun[ref]
        try:
            is_finished = self._advance(ref)
        except (TemporaryError, DeniedError) as error:
            begun.unknown_since = begun.unknown_since or time.monotonic()
            away = time.monotonic() - begun.unknown_since
            if away > SECONDS_OF_OUTAGE or isinstance(error, ExhaustedError):
                raise
            log.get().warning("driver.waits", reason=str(error), **_fields(ref))
            begun.state = StageState("unknown", str(error))
            return False
        begun.unknown_since = None
        return is_finished

    def _advance(self, ref: StageRef) -> bool:
        """Bring a stage nearer to its end, and return whether it is done."""
        begun = self._begun[ref]
        jobs = {attempt_of(job): job for job in self._cluster.jobs(self._selector(ref))}
        if begun.attempt is None:  # Jobs that ended before this driver looked are history
            begun.attempt = max(jobs, default=1)
            if begun.attempt in jobs and ended(jobs[begun.attempt]):
                if self._is_done(ref):
                    return self._finish(ref, jobs[begun.attempt])
                begun.attempt += 1
        job = jobs.get(begun.attempt)
        if job is None:
            return self._create(ref, begun)
        if ended(job):
            return self._conclude(ref, begun, job)
        self._observe(ref, begun, job)
        # Where its pods have ended, that the Job has too is only told some seconds later; and a pod
        # of a node that is lost may never be gone.
        return begun.state.word == "ending" and self._is_done(ref)

    def _create(self, ref: StageRef, begun: _Begun) -> bool:
        """Create the stage's Job, when no pod of a Job of this name is left."""
        if self._is_done(ref):  # its Job ended and was removed meanwhile
            return True
        left = [pod for pod in self._cluster.pods(self._selector(ref)) if is_alive(pod)]
        if left:
            words = f"pod {left[0]['metadata']['name']} of a Job that is gone"
            begun.state = StageState("ending", words)
            return False
        assert begun.attempt is not None  # noqa: S101 - set by the caller
        job = make_job(self._launch, self._config, ref, begun.attempt)
        job["metadata"]["ownerReferences"] = [self._owner]
        if self._cluster.create_job(job):
            log.get().info("job.created", job=job["metadata"]["name"], **_fields(ref))
        else:
            self._refuse_foreign(ref, job)
        begun.state = StageState("pending")
        return False

    def _refuse_foreign(self, ref: StageRef, own: Manifest) -> None:
        """Find out who has the name; where it is this stage, the next look takes it up.

        Raises:
            ConfigError: It is another release's Job, or somebody else's.
        """
        name = own["metadata"]["name"]
        wanted = stage_labels(self._launch, ref).items()
        for job in self._cluster.jobs_named(name):
            metadata = job["metadata"]
            if wanted <= metadata.get("labels", {}).items():
                continue
            message = (
                f"{ref}: Job {name} is there and belongs to somebody else (spec hash "
                f"{spec_hash_of(job)}, this release's is {spec_hash_of(own)}): "
                "give the release or the experiment another name"
            )
            raise ConfigError(message)

    def _conclude(self, ref: StageRef, begun: _Begun, job: Manifest) -> bool:
        """Judge a Job that ended by the marker.

        Raises:
            AlJobError: The stage failed.
        """
        if self._is_done(ref):
            return self._finish(ref, job)
        pods = list(self._cluster.pods_of(job["metadata"]["name"]))
        self._keep_logs(ref, pods)
        if self._is_done(ref):  # it may have ended between the two looks
            return self._finish(ref, job)
        error = failure(str(ref), job, pods)
        name = job["metadata"]["name"]
        log.get().error("job.failed", job=name, reason=str(error), **_fields(ref))
        if spec_hash_of(job) != begun.spec_hash:
            begun.attempt = attempt_of(job) + 1  # an upgrade may have mended what failed it
            return False
        begun.state = StageState("failed", str(error))
        self._tell(self._states())
        raise error

    def _finish(self, ref: StageRef, job: Manifest) -> bool:
        self._keep_logs(ref, self._cluster.pods_of(job["metadata"]["name"]))
        return True

    def _observe(self, ref: StageRef, begun: _Begun, job: Manifest) -> None:
        """Take note of what a Job is doing, and act where Kubernetes never would."""
        state = look(
            job,
            self._keeping_logs(ref, self._cluster.pods_of(job["metadata"]["name"])),
            self._cluster.warning,
        )
        name = job["metadata"]["name"]
        if state.word == "queued" and self._launch.queue_name:
            state = StageState("queued", self._cluster.kueue_warning(name) or state.reason)
        if spec_hash_of(job) != begun.spec_hash:
            state = self._refuse(job, begun, state)
        if state != begun.state:
            log.get().info("job.state", job=name, state=str(state), **_fields(ref))
        begun.state = state
        self._limit_image_error(begun, name, ref)

    def _refuse(self, job: Manifest, begun: _Begun, state: StageState) -> StageState:
        """Do not take up a Job of another spec: one that runs may end, any other is replaced."""
        name = job["metadata"]["name"]
        words = (
            f"Job {name} has spec hash {spec_hash_of(job)}, this configuration makes "
            f"{begun.spec_hash}"
        )
        if state.word == "running":
            return StageState("other spec", f"{words}: it is left to end first")
        log.get().warning("job.replaced", job=name, reason=words)
        self._cluster.delete_job(name)
        return StageState("other spec", f"{words}: it had not begun and is replaced")

    def _limit_image_error(self, begun: _Begun, name: str, ref: StageRef) -> None:
        """Fail a stage whose image cannot be had.

        Raises:
            ConfigError: It could not for `imageErrorSeconds`.
        """
        if begun.state.word != "image":
            begun.image_error_since = None
            return
        begun.image_error_since = begun.image_error_since or time.monotonic()
        if time.monotonic() - begun.image_error_since < self._launch.image_error_seconds:
            return
        self._cluster.delete_job(name)
        message = (
            f"{ref}: the image cannot be pulled: {begun.state.reason}; "
            "set the chart's image.* values right and upgrade"
        )
        raise ConfigError(message)

    # What the cluster is asked

    def _selector(self, ref: StageRef) -> str:
        labels = stage_labels(self._launch, ref)
        return ",".join(f"{name}={value}" for name, value in labels.items())

    # Logs

    def _keeping_logs(self, ref: StageRef, pods: Iterator[Manifest]) -> Iterator[Manifest]:
        for pod in pods:
            self._keep_logs(ref, [pod])
            yield pod

    def _keep_logs(self, ref: StageRef, pods: Iterator[Manifest] | list[Manifest]) -> None:
        """Copy the logs of pods that ended to the store, where they stay."""
        for pod in pods:
            name = pod["metadata"]["name"]
            if name in self._kept_logs or is_alive(pod):
                continue
            self._kept_logs.add(name)
            if self._store.exists(ref.log(name)):  # it ended in good order, and has kept it itself
                continue
            try:
                text = self._cluster.log(name, CONTAINER)
            except (TemporaryError, ConfigError) as error:  # such as a node that is gone
                log.get().warning("job.log_lost", pod=name, reason=str(error))
                continue
            if text:
                self._store.write(ref.log(name), text)


def _fields(ref: StageRef) -> dict[str, object]:
    """What a log line names a stage by."""
    arm = {"arm": ref.round.arm} if ref.round.arm else {}
    return {"seed": ref.round.seed, **arm, "round": ref.round.index, "stage": ref.stage}


def owner_reference(launch: LaunchConfig, cluster: Cluster) -> Manifest:
    """Return what makes Jobs go when the release does.

    Not the driver's Job: an upgrade replaces that, and the stages that run should stay.

    Raises:
        ConfigError: The ConfigMap is not there.
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
