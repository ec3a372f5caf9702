"""The Kubernetes API, through the transport and the authentication of the official client.

No other module imports that client. Every call has a time limit and is retried. Objects are the
API's own JSON, because the client's classes need far more memory and refuse unknown fields.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path

import urllib3
from kubernetes import client
from kubernetes import config as kube_config
from kubernetes.client.exceptions import ApiException

from job.errors import ConfigError, TemporaryError
from job.launch.kubernetes import job_sets
from job.launch.kubernetes.log_end import read_end
from job.launch.kubernetes.refusals import (
    BAD_REQUEST,
    CONFLICT,
    GONE,
    NOT_FOUND,
    ConflictError,
    is_denial,
    refusal,
)
from job.launch.kubernetes.settings import KubeObject

TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and to wait for the next bytes."""
PAGE = 250
KUEUE_VERSIONS = ("v1beta2", "v1beta1")
MAX_LOG_LINES = 100_000
"""A node finds the last lines of a log without reading the others."""
_ROOTS = {"jobs": "/apis/batch/v1", "jobsets": f"/apis/{job_sets.API_VERSION}"}
"""Where kinds are that are not of the core API."""


def retries() -> urllib3.Retry:
    """Return the retries of a call of any method: names make creating idempotent, too."""
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
    """Return the cluster that this process runs in, or the one that the kubeconfig names.

    Args:
        namespace: If unset, the namespace of the pod or of the kubeconfig's context.

    Raises:
        ConfigError: This process is not in a pod, and there is no usable kubeconfig.
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
            message = f"no cluster: this is not a pod, and the kubeconfig cannot be used: {error}"
            raise ConfigError(message) from error
        own = active["context"].get("namespace", "default")
    configuration.retries = retries()
    name = _name_of(configuration)
    return Cluster(client.ApiClient(configuration), namespace or own, name)


def _name_of(configuration: client.Configuration) -> str:
    """Return what tells a cluster from others: from its authority's certificate, if it has one.

    An address does not, since inside of many clusters the API has the same one.
    """
    authority = configuration.ssl_ca_cert
    known = Path(authority).read_bytes().strip() if authority else configuration.host.encode()
    return hashlib.sha256(known).hexdigest()[:8]


def _own_namespace() -> str:
    return Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace").read_text().strip()


class Cluster:
    """One namespace of a cluster.

    Every method retries by itself. Then it raises `TemporaryError` if the API does not answer or
    answers with a temporary error, and `DeniedError` if the API does not allow the call.
    """

    def __init__(self, api: client.ApiClient, namespace: str, name: str = "") -> None:
        self.namespace = namespace
        self.name = name
        """A digest that tells the cluster from others."""
        self.on_answer: Callable[[str, int], None] = lambda *_: None
        """Called with the verb and the status of each answer; 0: there was none."""
        self._api = api

    def jobs(self, selector: str) -> list[KubeObject]:
        """Return the Jobs with these labels."""
        return list(self._list("jobs", labelSelector=selector))

    @cached_property
    def has_job_sets(self) -> bool:
        """Whether JobSet is installed, as of the first question."""
        path = f"/apis/{job_sets.API_VERSION}"
        return self._call("GET", path, absent=(NOT_FOUND,)) is not None

    def job_sets(self, selector: str) -> list[KubeObject]:
        """Return the JobSets with these labels, each as the Job that it stands for."""
        if not self.has_job_sets:
            return []
        return [job_sets.as_job(each) for each in self._list("jobsets", labelSelector=selector)]

    def named_like(self, job: KubeObject) -> list[KubeObject]:
        """Return the Job or JobSet of this one's name in a list, which may be empty."""
        name = job["metadata"]["name"]
        return list(self._list(_plural(job), fieldSelector=f"metadata.name={name}"))

    def pods(self, selector: str) -> Iterator[KubeObject]:
        """Yield the pods with these labels, page by page."""
        return self._list("pods", labelSelector=selector)

    def pods_of(self, job: str) -> Iterator[KubeObject]:
        """Yield the pods of a Job, page by page."""
        return self.pods(f"batch.kubernetes.io/job-name={job}")

    def warning(self, name: str) -> str:
        """Return the latest warning about an object of this name, or an empty text."""
        return self._warnings(f"type=Warning,involvedObject.name={name}").get(name, "")

    def warnings(self) -> dict[str, str]:
        """Return the latest warning about each object, by its name."""
        return self._warnings("type=Warning")

    def _warnings(self, selector: str) -> dict[str, str]:
        latest: dict[str, tuple[str, str]] = {}
        for event in self._list("events", fieldSelector=selector):
            text = f"{event.get('reason', '')}: {event.get('message', '')}"
            told = (_event_time(event), text)
            name = event["involvedObject"].get("name", "")
            latest[name] = max(told, latest.get(name, told), key=lambda each: each[0])
        return {name: text for name, (_, text) in latest.items()}

    def workloads(self) -> list[KubeObject]:
        """Return the Workloads of Kueue in the namespace: none if they may not be seen."""
        for version in KUEUE_VERSIONS:
            try:
                return list(self._list("workloads", root=f"/apis/kueue.x-k8s.io/{version}"))
            except ConfigError:  # that version is not served, or the Role does not allow it
                continue
        return []

    def change_workload(self, name: str, changes: KubeObject) -> None:
        """Set fields of a Workload of Kueue. If there is none of this name, nothing happens."""
        for version in KUEUE_VERSIONS:
            path = self._path("workloads", name, root=f"/apis/kueue.x-k8s.io/{version}")
            if self._call("PATCH", path, body=changes, absent=(NOT_FOUND,)) is not None:
                return

    def create_job(self, job: KubeObject) -> str | None:
        """Create a Job or a JobSet, and return its uid, or nothing if there is one of this name.

        Raises:
            QuotaError: A quota has no room for it.
            ConfigError: The Job is not valid, or an admission policy refuses it.
        """
        query = {"fieldValidation": "Strict"}  # by default, a misspelt field is dropped
        path = self._path(_plural(job))
        answer = self._call("POST", path, query, body=job, absent=(CONFLICT,))
        return None if answer is None else str(json.loads(answer)["metadata"]["uid"])

    def delete_job(self, job: KubeObject, *, if_unchanged: bool = False) -> bool:
        """Delete a Job or a JobSet with its pods, and return whether it is gone.

        Args:
            job: As it was read. A Job of its name that was created since then is left alone.
            if_unchanged: Whether it is left alone, too, if anything about it has changed since
                then: its first pod may have begun.
        """
        metadata = job["metadata"]
        wanted = ("uid", "resourceVersion") if if_unchanged else ("uid",)
        options = {
            "propagationPolicy": "Background",  # by default, this API orphans the pods
            "preconditions": {name: metadata[name] for name in wanted},
        }
        path = self._path(_plural(job), metadata["name"])
        try:
            self._call("DELETE", path, body=options, absent=(NOT_FOUND,))
        except ConflictError:
            return False
        return True

    def suspend_job(self, name: str, *, suspend: bool) -> None:
        """Stop a Job's pods, or start them again."""
        self._call("PATCH", self._path("jobs", name), body={"spec": {"suspend": suspend}})

    def log(self, pod: str, container: str) -> bytes | None:
        """Return the last 16 MiB of a container's log, if the pod is there and has started."""
        query = {"container": container, "tailLines": str(MAX_LOG_LINES)}
        path = self._path("pods", pod, "log")
        return self._call("GET", path, query, absent=(NOT_FOUND, BAD_REQUEST), read=read_end)

    def config_map(self, name: str) -> KubeObject | None:
        """Return the ConfigMap of this name, if there is one."""
        data = self._call("GET", self._path("configmaps", name), absent=(NOT_FOUND,))
        return None if data is None else json.loads(data)

    def write_config_map(self, name: str, data: dict[str, str]) -> None:
        """Set keys of a ConfigMap. If there is none of this name, nothing happens."""
        path = self._path("configmaps", name)
        self._call("PATCH", path, body={"data": data}, absent=(NOT_FOUND,))

    def create_event(self, event: KubeObject) -> None:
        """Record an event."""
        self._call("POST", self._path("events"), body=event)

    def _path(self, *words: str, root: str = "") -> str:
        root = root or _ROOTS.get(words[0], "/api/v1")
        return "/".join([root, "namespaces", self.namespace, *words])

    def _list(self, kind: str, *, root: str = "", **selector: str) -> Iterator[KubeObject]:
        """Yield items page by page, and start over if the next page has expired."""
        page: dict[str, str] = {}
        while True:
            query = {"limit": str(PAGE), **selector, **page}
            data = self._call("GET", self._path(kind, root=root), query, absent=(GONE,))
            if data is None:
                page = {}
                continue
            content = json.loads(data)
            yield from content["items"]
            if not content["metadata"].get("continue"):
                return
            page = {"continue": content["metadata"]["continue"]}

    def _call(  # noqa: PLR0913 - the parts of an HTTP exchange
        self,
        verb: str,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        body: KubeObject | None = None,
        absent: tuple[int, ...] = (),
        read: Callable[[urllib3.HTTPResponse], bytes] = urllib3.HTTPResponse.read,
    ) -> bytes | None:
        """Call the API, and return the body of its answer, or None for a status in `absent`."""
        kind = "application/merge-patch+json" if verb == "PATCH" else "application/json"
        request = self._api.param_serialize(
            verb,
            path,
            query_params=list((query or {}).items()),
            header_params={"Accept": "application/json", "Content-Type": kind},
            body=body,
            auth_settings=["BearerToken"],
        )
        try:
            response = self._api.call_api(*request, _request_timeout=TIMEOUT).response
            data = read(response)
        except ApiException as error:  # TLS failed
            self.on_answer(verb, 0)
            message = f"the cluster does not answer: {error.reason}"
            raise TemporaryError(message) from error
        except urllib3.exceptions.HTTPError as error:
            self.on_answer(verb, 0)
            message = f"the cluster does not answer: {error}"
            raise TemporaryError(message) from error
        self.on_answer(verb, response.status)
        if response.status in absent and not is_denial(data):
            return None
        if response.status >= BAD_REQUEST:
            raise refusal(response.status, data)
        return data


def _plural(job: KubeObject) -> str:
    """Return the name of a Job's kind in paths; items of a list have none."""
    return "jobsets" if job.get("kind") == "JobSet" else "jobs"


def _event_time(event: KubeObject) -> str:
    return event.get("lastTimestamp") or event.get("eventTime") or ""
