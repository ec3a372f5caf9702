"""The logs of stages' pods: kept in the store, and read from the cluster."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from job.errors import ConfigError, TemporaryError
from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_spec import CONTAINER
from job.launch.kubernetes.job_state import is_alive
from job.launch.kubernetes.settings import KubeObject
from job.runtime import log
from job.storage import Store

MAX_TRIES = 3
"""At so many looks it is tried to copy a log, if store or cluster do not answer."""


class LogKeeper:
    """Copies the logs of ended pods to the store, where they outlive the pods.

    A log is never worth a run: one that cannot be copied is given up with a warning.
    """

    def __init__(self, store: Store, cluster: Cluster) -> None:
        self._store = store
        self._cluster = cluster
        self._settled: set[str] = set()
        """Pods whose log is in the store, or given up."""
        self._tries: Counter[str] = Counter()

    def keeping(self, ref: StageRef, pods: Iterable[KubeObject]) -> Iterator[KubeObject]:
        """Yield a stage's pods, and keep the logs of those that have ended."""
        for pod in pods:
            name = pod["metadata"]["name"]
            if name not in self._settled and not is_alive(pod):
                self._keep(ref, name)
            yield pod

    def owes(self, pods: Iterable[KubeObject]) -> bool:
        """Whether the log of a pod that has ended is not safe yet: a later look tries again."""
        return any(not is_alive(p) and p["metadata"]["name"] not in self._settled for p in pods)

    def _keep(self, ref: StageRef, name: str) -> None:
        try:
            self._copy(ref, name)
        except (TemporaryError, ConfigError) as error:  # the node is gone, say
            self._tries[name] += 1
            if isinstance(error, TemporaryError) and self._tries[name] < MAX_TRIES:
                return
            log.get().warning("job.log_lost", pod=name, reason=str(error))
        self._settled.add(name)

    def _copy(self, ref: StageRef, name: str) -> None:
        if self._store.exists(ref.log(name)):  # the stage ended in good order and kept its own log
            return
        text = self._cluster.log(name, CONTAINER)
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
