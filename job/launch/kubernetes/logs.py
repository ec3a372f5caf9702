"""The logs of stages' pods: kept in the store, and read from the cluster."""

from collections.abc import Iterable, Iterator, Mapping

from job.errors import ConfigError, TemporaryError
from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_spec import CONTAINER
from job.launch.kubernetes.job_state import is_alive
from job.launch.kubernetes.settings import KubeObject
from job.runtime import log
from job.storage import Store


class LogKeeper:
    """Copies the logs of ended pods to the store, where they outlive the pods."""

    def __init__(self, store: Store, cluster: Cluster) -> None:
        self._store = store
        self._cluster = cluster
        self._kept: set[str] = set()

    def keep(self, ref: StageRef, pods: Iterable[KubeObject]) -> None:
        """Keep the logs of a stage's pods that have ended."""
        for pod in pods:
            self._keep(ref, pod)

    def are_kept(self, pods: Iterable[KubeObject]) -> bool:
        """Whether all of these pods have ended and none has a log that is not in the store."""
        return all(pod["metadata"]["name"] in self._kept for pod in pods)

    def _keep(self, ref: StageRef, pod: KubeObject) -> None:
        name = pod["metadata"]["name"]
        if name in self._kept or is_alive(pod):
            return
        self._kept.add(name)
        if self._store.exists(ref.log(name)):  # the stage ended in good order and kept its own log
            return
        try:
            text = self._cluster.log(name, CONTAINER)
        except (TemporaryError, ConfigError) as error:  # the node is gone, say
            log.get().warning("job.log_lost", pod=name, reason=str(error))
            return
        if text:
            self._store.write(ref.log(name), text)


def pod_logs(
    cluster: Cluster, release: str, labels: Mapping[str, str]
) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the log of each pod of some stages that is still there.

    Args:
        cluster: The namespace.
        release: The release.
        labels: Which stages, such as `{"stage": "train", "round": "3"}`.
    """
    words = [f"al-voc/release={release}", *(f"al-voc/{k}={v}" for k, v in labels.items())]
    for pod in cluster.pods(",".join(words)):
        name = pod["metadata"]["name"]
        text = cluster.log(name, CONTAINER)
        if text is not None:
            yield name, text
