"""A Kubernetes namespace as the platform of a driver."""

from collections.abc import Callable
from dataclasses import dataclass, field

from job.errors import BadDataError, ConfigError
from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.control import STATUS_KEY
from job.launch.kubernetes.job_state import ended, observe, own_end
from job.launch.kubernetes.launcher import KubernetesLauncher
from job.launch.kubernetes.leftovers import running_stages
from job.launch.kubernetes.refusals import UNAVAILABLE
from job.launch.kubernetes.settings import LaunchConfig
from job.launch.kubernetes.start_limit import StartLimit
from job.launch.observer import Observer
from job.plan import Plan
from job.progress import States
from job.runtime.retry import retry_while_unavailable
from job.storage import Store


@dataclass(frozen=True)
class KubernetesPlatform:
    """A release in a namespace: see `job.platforms.Platform`."""

    launch: LaunchConfig
    cluster: Cluster
    _ingest_limit: StartLimit = field(default_factory=StartLimit)

    @property
    def release(self) -> str:
        """The name of the Helm release, which begins the names of its Jobs."""
        return self.launch.release

    @property
    def place(self) -> str:
        """The namespace and the cluster of its Jobs."""
        return f"namespace {self.cluster.namespace} of cluster {self.cluster.name}"

    @property
    def image(self) -> str:
        """The container image of the stages."""
        return self.launch.image

    @property
    def poll_seconds(self) -> float:
        """The time between two looks at the cluster."""
        return self.launch.poll_seconds

    def ingest_state(self, dataset: str) -> str | None:
        """Return what the release's ingest Job is doing, or nothing if none runs.

        Raises:
            BadDataError: The Job failed.
            ConfigError: The Job could not start for too long.
        """
        return retry_while_unavailable(lambda: self._ingest_state(dataset), UNAVAILABLE)

    def _ingest_state(self, dataset: str) -> str | None:
        selector = f"al-voc/release={self.release},app.kubernetes.io/component=ingest"
        for job in self.cluster.jobs(selector):
            name = job["metadata"]["name"]
            see = f"see `kubectl logs job/{name}`"
            if ended(job) == "Failed":
                message = f"the data set was not ingested: {see}"
                raise BadDataError(message)
            if not ended(job):
                pods = list(self.cluster.pods_of(name))
                state = observe(job, pods, self.cluster.warning)
                if state.is_outlived and any((own_end(pod) or {}).get("exitCode") for pod in pods):
                    message = f"the data set was not ingested: {state.reason}; {see} -c ingest"
                    raise BadDataError(message)
                if too_long := self._ingest_limit.passed(state, self.launch):
                    message = f"Job {name} to ingest {dataset}: {too_long}"
                    raise ConfigError(message)
                return f"for Job {name} to ingest {dataset} ({state})"
        return None

    def running_stages(self) -> list[StageRef]:
        """Return the release's stages that run, and delete the Jobs that have not begun."""
        return retry_while_unavailable(
            lambda: list(running_stages(self.cluster, self.launch)), UNAVAILABLE
        )

    def launcher(
        self,
        store: Store,
        plan: Plan,
        is_done: Callable[[StageRef], bool],
        publish: Callable[[States], None],
        observer: Observer,
    ) -> KubernetesLauncher:
        """Return the launcher of stages as Jobs.

        Raises:
            ConfigError: The ConfigMap that is to own the Jobs is not there.
        """
        return retry_while_unavailable(
            lambda: KubernetesLauncher(
                store,
                plan,
                self.launch,
                self.cluster,
                is_done=is_done,
                publish=publish,
                observer=observer,
            ),
            UNAVAILABLE,
        )

    def publish(self, status: str) -> None:
        """Write the status into the release's ConfigMap for it."""
        self.cluster.write_config_map(self.launch.status, {STATUS_KEY: status})
