"""The driver: the loop, with stages as Kubernetes Jobs, and telling how it goes."""

import time
from datetime import UTC, datetime

from job import experiment as experiments
from job import loop
from job.artifacts.markers import Markers
from job.config.experiment import Config
from job.errors import AlJobError, BadDataError, StopRequested, TemporaryError
from job.experiment import Outcome
from job.keys import DatasetKeys, ExperimentKeys, StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.control import STATUS_KEY
from job.launch.kubernetes.job_state import ended, look
from job.launch.kubernetes.launcher import KubernetesLauncher, States
from job.launch.kubernetes.retry import retry_while_unavailable
from job.launch.kubernetes.settings import LaunchConfig
from job.plan import Plan, Subset
from job.progress import Driver, Phase, Reader, StageStatus
from job.report.analysis.results import Row
from job.report.build import update_report
from job.runtime import log
from job.storage import Store

SECONDS_BETWEEN_BEATS = 20.0


def drive(
    store: Store,
    config: Config,
    launch: LaunchConfig,
    cluster: Cluster,
    only: Subset | None = None,
) -> tuple[Outcome, list[Row]]:
    """Run all of an experiment that is not done, as Jobs, and write its report.

    Stopping it leaves the Jobs; the next driver takes them up.

    Returns:
        What ran, and the report's rows.

    Raises:
        AlJobError: The configuration is refused, the data set's ingest failed, or a stage did.
    """
    markers, plan = Markers(store), Plan(config)
    board = Board(store, plan, launch, cluster, markers)

    def is_done(ref: StageRef) -> bool:
        return retry_while_unavailable(lambda: markers.is_done(ref, plan.config))

    try:
        while waits := retry_while_unavailable(
            lambda: _wait_for_data(store, config, launch, cluster)
        ):
            board.tell_phase("waiting", waits)
            time.sleep(launch.poll_seconds)
        plan = retry_while_unavailable(lambda: experiments.begin(store, plan))
        launcher = retry_while_unavailable(
            lambda: KubernetesLauncher(
                store,
                plan.config,
                launch,
                cluster,
                is_done=lambda ref: markers.is_done(ref, plan.config),
                tell=board.tell,
            )
        )
        num_run = loop.run(plan.part(only) if only else plan, launcher, is_done)
        # The driver is small, and the data set and the score records may be large.
        rows = retry_while_unavailable(lambda: update_report(store, plan, light=True))
    except AlJobError as error:
        board.tell_phase("stopped" if isinstance(error, TemporaryError) else "failed", str(error))
        raise
    except Exception as error:
        board.tell_phase("failed", f"a bug, the driver's log has its traceback: {error!r}")
        raise
    except StopRequested:
        board.tell_phase("stopped", "asked to stop; the stages that run go on")
        raise
    board.tell_phase("finished")
    return Outcome(plan, num_run), rows


def _wait_for_data(
    store: Store, config: Config, launch: LaunchConfig, cluster: Cluster
) -> str | None:
    """Return what has to be waited for until the data set is there, if anything.

    Raises:
        BadDataError: The release's ingest failed.
    """
    jobs = cluster.jobs(f"al-voc/release={launch.release},app.kubernetes.io/component=ingest")
    if store.exists(DatasetKeys(config.dataset.name).manifest):
        return None
    for job in jobs:
        name = job["metadata"]["name"]
        if ended(job) == "Failed":
            message = f"the data set was not ingested: see `kubectl logs job/{name}`"
            raise BadDataError(message)
        if not ended(job):
            state = look(job, cluster.pods_of(name), cluster.warning)
            return f"for Job {name} to ingest {config.dataset.name} ({state})"
    return None  # whoever begins the experiment says what is missing


class Board:
    """Tells where the experiment stands: in the store, and in a ConfigMap for those without it."""

    def __init__(
        self, store: Store, plan: Plan, launch: LaunchConfig, cluster: Cluster, markers: Markers
    ) -> None:
        self._store = store
        self._key = ExperimentKeys(plan.config.experiment).status
        self._launch = launch
        self._cluster = cluster
        self._markers = markers
        self._reader = Reader(store, plan, markers)
        self._told: tuple[Phase, str, States] | None = None
        self._states: States = {}
        self._next_beat = 0.0

    def tell(self, states: States) -> None:
        """Tell what the stages that were begun are doing."""
        self._states = states
        self.tell_phase("running")

    def tell_phase(self, phase: Phase, message: str = "") -> None:
        """Tell what the driver is doing: where something changed, and else now and then."""
        news = (phase, message, dict(self._states))
        if news == self._told and time.monotonic() < self._next_beat:
            return
        if self._told is None or news[:2] != self._told[:2]:
            log.get().info("driver.phase", phase=phase, message=message)
        self._told, self._next_beat = news, time.monotonic() + SECONDS_BETWEEN_BEATS
        driver = Driver(
            phase=phase,
            message=message,
            updated=datetime.now(UTC),
            release=self._launch.release,
            image=self._launch.image,
        )
        begun = {
            ref: StageStatus(state=state.word, reason=state.reason)
            for ref, state in self._states.items()
        }
        try:
            text = self._reader.read(self._markers.known, begun, driver).model_dump_json()
        except AlJobError as error:
            log.get().warning("driver.status_untold", reason=str(error))
            return
        places = (
            lambda: self._store.write(self._key, text.encode()),
            lambda: self._cluster.write_config_map(self._launch.status, {STATUS_KEY: text}),
        )
        for write in places:
            try:
                write()
            except AlJobError as error:  # what is told is no reason to end
                log.get().warning("driver.status_untold", reason=str(error))
