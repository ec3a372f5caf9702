"""The Kubernetes API: every call has a time limit and is tried again; the only user of the client.

Objects are JSON as the API gives it: parsed into the client's classes, lists would take far more
memory.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import urllib3
from kubernetes import client
from kubernetes import config as kube_config
from kubernetes.client.exceptions import ApiException

from job.errors import ConfigError, TemporaryError
from job.launch.settings import Manifest

TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and to wait for the next bytes."""
PAGE = 250
MAX_LOG_BYTES = 16 * 2**20
NOT_FOUND, CONFLICT, GONE, INVALID = 404, 409, 410, 422
DENIED = (401, 403)
MERGE_PATCH = "application/merge-patch+json"


class DeniedError(ConfigError):
    """The cluster does not allow a call; shortly after an API server starts, that may pass."""


def retries() -> urllib3.Retry:
    """Return how often a call is tried again, of any method: names make creating idempotent."""
    return urllib3.Retry(
        total=5,
        backoff_factor=0.2,
        backoff_max=5,
        backoff_jitter=0.2,
        status_forcelist=(429, 500, 502, 503, 504),
        allowed_methods=None,
        raise_on_status=False,
    )


def connect(namespace: str | None = None) -> "Cluster":
    """Return the cluster this process is in, or the one that the kubeconfig names.

    Args:
        namespace: Unset: the pod's own, or the kubeconfig's.

    Raises:
        ConfigError: There is neither.
    """
    configuration = client.Configuration()
    try:
        kube_config.load_incluster_config(configuration)  # type: ignore[no-untyped-call]
        own = _own_namespace()
    except kube_config.ConfigException:
        try:
            kube_config.load_kube_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            _, active = kube_config.list_kube_config_contexts()  # type: ignore[no-untyped-call]
        except (kube_config.ConfigException, OSError) as error:
            message = f"no cluster: this is no pod, and the kubeconfig does not help: {error}"
            raise ConfigError(message) from error
        own = active["context"].get("namespace", "default")
    configuration.retries = retries()
    return Cluster(client.ApiClient(configuration), namespace or own)


def _own_namespace() -> str:
    return Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace").read_text().strip()


class Cluster:
    """One namespace of a cluster.

    Every method raises `TemporaryError` where the API does not answer, or with an error that may
    pass, after attempts of its own; and `DeniedError` where it refuses.
    """

    def __init__(self, api: client.ApiClient, namespace: str) -> None:
        self.namespace = namespace
        self._batch = client.BatchV1Api(api)
        self._core = client.CoreV1Api(api)

    def jobs(self, selector: str) -> list[Manifest]:
        """Return the Jobs with these labels."""
        return list(self._list(self._batch.list_namespaced_job, label_selector=selector))

    def pods(self, selector: str) -> Iterator[Manifest]:
        """Yield the pods with these labels, page by page."""
        return self._list(self._core.list_namespaced_pod, label_selector=selector)

    def events(self, selector: str) -> list[Manifest]:
        """Return what the cluster told about some objects, the latest last."""
        events = self._list(self._core.list_namespaced_event, field_selector=selector)
        return sorted(events, key=_event_time)

    def create_job(self, job: Manifest) -> bool:
        """Create a Job, and return whether it was; one of this name may be there.

        Raises:
            ConfigError: It is not valid.
        """
        return (
            self._call(self._batch.create_namespaced_job, body=job, absent=(CONFLICT,)) is not None
        )

    def delete_job(self, name: str) -> None:
        """Delete a Job with its pods; one that is not there is no error."""
        delete = self._batch.delete_namespaced_job
        self._call(delete, name, propagation_policy="Background", absent=(NOT_FOUND,))

    def suspend_job(self, name: str, *, suspend: bool) -> None:
        """Stop a Job's pods, or start them again."""
        body = {"spec": {"suspend": suspend}}
        self._call(self._batch.patch_namespaced_job, name, body=body, _content_type=MERGE_PATCH)

    def log(self, pod: str, container: str) -> bytes | None:
        """Return the end of a container's log, if its pod is there and it has begun."""
        return self._call(
            self._core.read_namespaced_pod_log,
            pod,
            container=container,
            limit_bytes=MAX_LOG_BYTES,
            absent=(NOT_FOUND, 400),
        )

    def config_map(self, name: str) -> Manifest | None:
        """Return a ConfigMap, if there is one of this name."""
        data = self._call(self._core.read_namespaced_config_map, name, absent=(NOT_FOUND,))
        return None if data is None else json.loads(data)

    def write_config_map(self, name: str, data: dict[str, str]) -> None:
        """Set keys of a ConfigMap; where there is none, nothing happens."""
        patch = self._core.patch_namespaced_config_map
        body = {"data": data}
        self._call(patch, name, body=body, absent=(NOT_FOUND,), _content_type=MERGE_PATCH)

    def _list(self, method: Callable[..., Any], **options: Any) -> Iterator[Manifest]:
        """Yield items page by page; where the list changes too much meanwhile, begin again."""
        page = None
        while True:
            data = self._call(method, limit=PAGE, _continue=page, absent=(GONE,), **options)
            content = json.loads(data) if data is not None else {"items": [], "metadata": {}}
            yield from content["items"]
            page = content["metadata"].get("continue")
            if data is not None and not page:
                return

    def _call(
        self,
        method: Callable[..., Any],
        *arguments: Any,
        absent: tuple[int, ...] = (),
        **options: Any,
    ) -> bytes | None:
        """Call, and return the body; None for the statuses that `absent` lists."""
        if arguments:
            arguments = (arguments[0], self.namespace, *arguments[1:])
        else:
            arguments = (self.namespace,)
        try:
            response = method(
                *arguments, _request_timeout=TIMEOUT, _preload_content=False, **options
            )
            return bytes(response.data)
        except ApiException as error:
            if error.status in absent:
                return None
            raise _translate(error) from error
        except urllib3.exceptions.HTTPError as error:
            message = f"the cluster does not answer: {error}"
            raise TemporaryError(message) from error


def _translate(error: ApiException) -> ConfigError | TemporaryError:
    try:
        words = json.loads(error.body or "")["message"]
    except (ValueError, TypeError, KeyError):
        words = error.reason
    if error.status in DENIED:
        return DeniedError(f"the cluster refuses: {words}")
    if error.status in {400, INVALID, NOT_FOUND}:
        return ConfigError(f"the cluster refuses: {words}")
    return TemporaryError(f"the cluster answers {error.status}: {words}")


def _event_time(event: Manifest) -> str:
    return event.get("lastTimestamp") or event.get("eventTime") or ""
