"""The API of a simulated namespace.

    double = ApiDouble(lambda attempt: run_stage(attempt.arguments))
    drive(..., double.client())
    assert double.orphaned == []

It knows Jobs, pods and their logs, events and ConfigMaps. A Job gets its pods and ends by itself:
the simulation takes a step at each request for Jobs, or when `tick` is called.
"""

import json
import re
import zlib
from collections import Counter
from collections.abc import Mapping
from typing import Any

from kubernetes import client
from urllib3 import Retry

from tests.unit.launch.kubernetes.double import job_sets
from tests.unit.launch.kubernetes.double.controller import Controller
from tests.unit.launch.kubernetes.double.scenarios import Behaviour
from tests.unit.launch.kubernetes.double.transport import (
    Answer,
    Fault,
    Plan,
    Request,
    connected,
    split_url,
)
from tests.unit.launch.kubernetes.double.world import Json, RefusedError, World

PATH = re.compile(
    r"/(?:api/v1|apis/[-.a-z0-9]+/v[a-z0-9]+)/namespaces/default/(?P<kind>[a-z]+)(?:/(?P<name>[^/]+)(?P<log>/log)?)?"
)
JOB_SET_API = "jobset.x-k8s.io/v1alpha2"
BACKGROUND = {"propagationPolicy": "Background"}
QUEUE = "kueue.x-k8s.io/queue-name"
COUNT = "count/jobs.batch"
MESSAGES = {
    403: 'jobs.batch is forbidden: User "driver" cannot list it: RBAC: not ready',
    422: 'Job.batch "x" is invalid: spec.template: Required value',
}
"""What the API says for a fault; for any other status, something."""


class ApiDouble:
    """A namespace of one's own.

    Attributes:
        world: Its objects.
        controller: Its `behaviour` and its `forbidden` (why no pods can be created) may change.
        plan: Decides which requests go wrong.
        page_size: The most items of a page, if a request has a limit.
        has_job_sets: Whether JobSet is installed.
        job_quota: How many Jobs the namespace may hold, ended ones among them, if limited.
        queueing: Whether Jobs with a queue's label begin suspended, as under Kueue.
        requests: All requests, in order.
        created: The names of all Jobs that were ever created.
        deleted: The Jobs that were deleted, by name, each with its pods as they were then.
        orphaned: The names of Jobs that were deleted without their pods.
    """

    def __init__(self, behaviour: Behaviour = lambda _: 0) -> None:
        self.world = World()
        self.controller = Controller(self.world, behaviour)
        self.plan: Plan = lambda _: None
        self.page_size: int | None = None
        self.job_quota: int | None = None
        self.queueing = False
        self.has_job_sets = False
        self.requests: list[Request] = []
        self.created: list[str] = []
        self.deleted: dict[str, tuple[Json, list[Json]]] = {}
        self.orphaned: list[str] = []

    def client(self, retries: Retry | int | None = None) -> client.ApiClient:
        """Return a client of this API; it has to be closed."""
        return connected(self._exchange, retries)

    @property
    def counts(self) -> Counter[str]:
        """How many requests there were, by verb and path."""
        return Counter(map(str, self.requests))

    def tick(self, times: int = 1) -> None:
        """Take the simulation further."""
        for _ in range(times):
            self.controller.tick()

    def job(self, name: str) -> Json:
        """Return a Job as it is now, or as it was when it was deleted."""
        return self.world.jobs.get(name) or self.deleted[name][0]

    def pods(self, job: str) -> list[Json]:
        """Return a Job's pods, the oldest first, as `job` returns it."""
        there = self.world.jobs.get(job)
        return self.world.pods_of(there) if there else self.deleted[job][1]

    def add_config_map(self, name: str) -> None:
        """Create an empty ConfigMap."""
        self.world.add("configmaps", {"metadata": {"name": name}})

    def config_map(self, name: str) -> Json:
        """Return a ConfigMap as it is now."""
        return self.world.get("configmaps", name)

    def add_workload(self, job: str, *conditions: Json) -> None:
        """Create what Kueue makes of a Job."""
        owner = {"name": job, "uid": self.job(job)["metadata"]["uid"]}
        metadata = {"name": f"job-{job}-1a2b3", "ownerReferences": [owner]}
        self.world.add("workloads", {"metadata": metadata, "status": {"conditions": [*conditions]}})

    def admit(self, job: str) -> None:
        """Let a queued Job begin, as Kueue does."""
        self.job(job)["spec"]["suspend"] = False

    def _exchange(self, verb: str, url: str, content_type: str, body: bytes) -> Answer:
        """Answer a request, or let it go wrong."""
        path, query = split_url(url)
        request = Request(len(self.requests), verb, path, query)
        self.requests.append(request)
        fault = self.plan(request)
        if fault is None or not fault.can_hit(request):
            return self._answer(request, content_type, body)
        if fault.after:
            self._answer(request, content_type, body)
        return _failed(fault)

    def _answer(self, request: Request, content_type: str, body: bytes) -> Answer:
        if request.verb == "GET" and request.path.endswith("/jobs"):
            self.controller.tick()
            self._sync_sets()
        if self.has_job_sets and request.path == f"/apis/{JOB_SET_API}":
            return _json(200, {})
        try:
            return self._handle(request, content_type, json.loads(body) if body else {})
        except RefusedError as error:
            return _refusal(error.status, str(error))

    def _handle(self, request: Request, content_type: str, data: Json) -> Answer:  # noqa: PLR0911 - a verb each
        match = PATH.fullmatch(request.path)
        if match is None or not _is_there(request.path, match["kind"]):
            raise RefusedError(404, "the server could not find the requested resource")
        kind, name = match["kind"], match["name"]
        match request.verb:
            case "GET" if match["log"]:
                return self._log(self.world.get(kind, name), request.query)
            case "GET" if name:
                return _json(200, self.world.get(kind, name))
            case "GET":
                return _json(200, self._list(kind, request.query))
            case "POST" if kind == "events":
                return _json(201, self.world.add(kind, data))
            case "POST":
                create = self._create_set if kind == "jobsets" else self._create
                return _json(201, create(data))
            case "PATCH":
                assert content_type == "application/merge-patch+json"
                return _json(200, _merge(self.world.get(kind, name), data))
            case "DELETE":
                options = data or request.query  # with a body, the API ignores the query
                return _json(200, self._delete(kind, self.world.get(kind, name), options))
        raise RefusedError(405, "the server does not allow this method")

    def _list(self, kind: str, query: Mapping[str, str]) -> Json:
        items = [item for _, item in sorted(self.world.kind(kind).items()) if _fits(item, query)]
        limit = min(int(query["limit"]), self.page_size or len(items))
        rest = [item for item in items if item["metadata"]["name"] > query.get("continue", "")]
        page, metadata = [_versioned(item) for item in rest[:limit]], {}
        if len(rest) > limit:
            metadata["continue"] = page[-1]["metadata"]["name"]
        return {"metadata": metadata, "items": page}

    def _create(self, job: Json) -> Json:
        used, limit = len(self.world.jobs), self.job_quota
        if limit is not None and used >= limit:
            used_up = f"requested: {COUNT}=1, used: {COUNT}={used}, limited: {COUNT}={limit}"
            message = f"exceeded quota: jobs, {used_up}"
            name = job["metadata"]["name"]
            raise RefusedError(403, f'jobs.batch "{name}" is forbidden: {message}')
        job = self.world.add("jobs", job)
        self.created.append(job["metadata"]["name"])
        metadata, spec = job["metadata"], job["spec"]
        owner = {"batch.kubernetes.io/job-name": metadata["name"]}
        template = spec["template"].setdefault("metadata", {})
        template["labels"] = template.get("labels", {}) | owner
        no_limit = 2**31 - 1
        defaults = {
            "completionMode": "NonIndexed",
            "completions": 1,
            "parallelism": 1,
            "backoffLimit": no_limit if "backoffLimitPerIndex" in spec else 6,
            "suspend": self.queueing and QUEUE in metadata["labels"],
        }
        job |= {"spec": defaults | spec, "status": {}}
        return job

    def _create_set(self, job_set: Json) -> Json:
        made = self.world.add("jobsets", job_set)
        made["status"] = {"restarts": 0, "counted": 0, "conditions": []}
        self._create(job_sets.child_of(made))
        return made

    def _sync_sets(self) -> None:
        """Let sets end, or start anew: the Job of the attempt before is deleted with its pods."""
        for job_set in self.world.job_sets.values():
            if job_sets.sync(self.world, job_set):
                child = job_sets.child_of(job_set)
                self._delete_job(self.world.jobs[child["metadata"]["name"]], BACKGROUND)
                self.world.collect_garbage()
                self._create(child)

    def _delete(self, kind: str, item: Json, options: Mapping[str, Any]) -> Json:
        name = item["metadata"]["name"]
        for field, wanted in options.get("preconditions", {}).items():
            found = version_of(item) if field == "resourceVersion" else item["metadata"][field]
            if found != wanted:
                words = f"Precondition failed: {field} in precondition: {wanted}, {found} in object"
                text = f'Operation cannot be fulfilled on {kind} "{name}": {words}'
                raise RefusedError(409, text)
        if kind == "jobsets":
            del self.world.job_sets[name]
            item = self.world.jobs[job_sets.child_of(item)["metadata"]["name"]]
        return self._delete_job(item, options)

    def _delete_job(self, job: Json, options: Mapping[str, Any]) -> Json:
        name = job["metadata"]["name"]
        if options.get("propagationPolicy") != "Background":  # the API's default for Jobs
            self.orphaned.append(name)
            for pod in self.world.pods_of(job):
                del pod["metadata"]["ownerReferences"]
        self.deleted[name] = (job, self.world.pods_of(job))
        del self.world.jobs[name]
        return {"status": "Success"}

    def _log(self, pod: Json, query: Mapping[str, str]) -> Answer:
        status = pod["status"].get("containerStatuses", [{"state": {"waiting": {}}}])[0]
        if "waiting" in status["state"]:
            raise RefusedError(400, f"container {query['container']!r} is waiting to start")
        lines = self.world.logs.get(pod["metadata"]["uid"], "").splitlines(keepends=True)
        return 200, "".join(lines[-int(query["tailLines"]) :]).encode()


def _is_there(path: str, kind: str) -> bool:
    """Return whether a kind is of the API whose path is asked."""
    groups = {"jobs": "/apis/batch/", "jobsets": "/apis/jobset.x-k8s.io/"}
    groups["workloads"] = "/apis/kueue.x-k8s.io/v1beta2/"
    return path.startswith(groups.get(kind, "/api/v1/"))


def _fits(item: Json, query: Mapping[str, str]) -> bool:
    """Return whether labelSelector and fieldSelector, of equalities and names, choose an object."""
    labels = item["metadata"].get("labels", {})
    words = [each.partition("=") for each in query.get("labelSelector", "").split(",") if each]
    fields = [each.split("=") for each in query.get("fieldSelector", "").split(",") if each]
    is_chosen = all(labels.get(key) == value if is_ else key in labels for key, is_, value in words)
    return is_chosen and all(_field(item, key) == value for key, value in fields)


def version_of(item: Json) -> str:
    """Return the resourceVersion of an object: another one whenever something about it changes."""
    content = json.dumps([item.get("spec"), item.get("status")], sort_keys=True)
    return str(zlib.crc32(content.encode()))


def _versioned(item: Json) -> Json:
    return item | {"metadata": item["metadata"] | {"resourceVersion": version_of(item)}}


def _field(item: Json, path: str) -> object:
    value: object = item
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _json(status: int, content: Json) -> Answer:
    return status, json.dumps(content).encode()


def _refusal(status: int, message: str) -> Answer:
    return _json(status, {"kind": "Status", "status": "Failure", "message": message})


def _failed(fault: Fault) -> Answer:
    if isinstance(fault.outcome, int):
        words = MESSAGES.get(fault.outcome, "something went wrong")
        return _refusal(fault.outcome, fault.message or words)
    message = "the connection of a test"
    raise fault.outcome(message)


def _merge(target: Json, patch: Json) -> Json:
    """Apply a JSON merge patch (RFC 7386), whose values are never null here."""
    for key, value in patch.items():
        is_nested = isinstance(value, dict)
        target[key] = _merge(target.get(key) or {}, value) if is_nested else value
    return target
