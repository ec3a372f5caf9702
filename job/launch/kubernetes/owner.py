"""The ConfigMap of a release, which owns the Jobs of its stages.

They are deleted with it. The owner is not the driver's Job, because an upgrade replaces that Job
and running stages should stay. What the ConfigMap holds is the release's generation: a driver that
began with other content is of an earlier one.
"""

from job.errors import ConfigError
from job.launch.kubernetes.client import Cluster
from job.launch.kubernetes.job_state import SupersededError
from job.launch.kubernetes.settings import KubeObject, LaunchConfig


class Owner:
    """The owner as the driver read it last.

    Raises:
        ConfigError: It is not there.
    """

    def __init__(self, launch: LaunchConfig, cluster: Cluster) -> None:
        self._name = launch.owner
        self._cluster = cluster
        self._found = self._read()

    @property
    def reference(self) -> KubeObject:
        """The reference that every Job of a stage has."""
        return {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "name": self._name,
            "uid": self._found["metadata"]["uid"],
            "controller": False,
            "blockOwnerDeletion": False,
        }

    def look_again(self) -> None:
        """Read the owner anew. If a backup restored it, it has another uid.

        Raises:
            SupersededError: The release has other values than this driver began with.
            ConfigError: The owner is gone.
        """
        now = self._read()
        if now.get("data") != self._found.get("data"):
            message = (
                f"the release was upgraded while this driver ran: ConfigMap {self._name} of "
                f"namespace {self._cluster.namespace} has other values, for which another driver is"
            )
            raise SupersededError(message)
        self._found = now

    def _read(self) -> KubeObject:
        owner = self._cluster.config_map(self._name)
        if owner is None:
            message = (
                f"namespace {self._cluster.namespace} has no ConfigMap {self._name} to own the "
                "Jobs: is the chart installed there?"
            )
            raise ConfigError(message)
        return owner
