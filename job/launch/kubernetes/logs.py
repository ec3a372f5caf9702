"""The logs of stages' pods: kept in the store, and read from the cluster."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping

from job.errors import ConfigError, TemporaryError
from job.keys import StageRef
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_spec import CONTAINER
from job.launch.kubernetes.job_state import has_ended
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
        self._kept: set[str] = set()
        self._tries: Counter[str] = Counter()
        """How often each log could not be copied."""

    def keep(self, ref: StageRef, pods: Collection[KubeObject]) -> bool:
        """Keep the logs of a stage's pods that have ended, and return whether one is still owed."""
        for name in self._open(pods):
            try:
                self._copy(ref, name)
            except (TemporaryError, ConfigError) as error:  # the node is gone, say
                self._tries[name] += 1 if isinstance(error, TemporaryError) else MAX_TRIES
                if self._tries[name] >= MAX_TRIES:
                    log.get().warning("job.log_lost", pod=name, reason=str(error))
            else:
                self._kept.add(name)
        return self.are_owed(pods)

    def are_kept(self, pods: Iterable[KubeObject]) -> bool:
        """Whether all of these pods have ended and none has a log that is not in the store."""
        return all(pod["metadata"]["name"] in self._kept for pod in pods)

    def are_owed(self, pods: Iterable[KubeObject]) -> bool:
        """Whether a log of these pods is to be copied at a later look."""
        return bool(self._open(pods))

    def _open(self, pods: Iterable[KubeObject]) -> list[str]:
        """Return which of these pods have ended, with a log that is neither kept nor given up."""
        ended = [pod["metadata"]["name"] for pod in pods if has_ended(pod)]
        return [n for n in ended if n not in self._kept and self._tries[n] < MAX_TRIES]

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
