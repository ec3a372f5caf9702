"""What the API does for each verb on each kind of object."""

import copy
import json
import re
from typing import Any

from tests.unit.launch.kubernetes.double import jobs, lists, pods, refusals, scenarios
from tests.unit.launch.kubernetes.double.controller import Controller
from tests.unit.launch.kubernetes.double.faults import Request
from tests.unit.launch.kubernetes.double.refusals import CONFIG_MAPS, EVENTS, JOBS, PODS, Json, Kind
from tests.unit.launch.kubernetes.double.server import Answer, json_answer
from tests.unit.launch.kubernetes.double.world import World

PATH = re.compile(
    r"/(?:api/v1|apis/batch/v1)/namespaces/(?P<namespace>[^/]+)"
    r"/(?P<plural>[a-z]+)(?:/(?P<name>[^/]+)(?P<log>/log)?)?"
)
KINDS = {kind.plural: kind for kind in (JOBS, PODS, EVENTS, CONFIG_MAPS)}
PATCH_TYPES = ("application/merge-patch+json", "application/strategic-merge-patch+json")
QUEUE = "kueue.x-k8s.io/queue-name"


class Resources:
    """Answers requests about the objects of a world.

    Attributes:
        created: Names of all Jobs that ever were.
        orphaned: Names of Jobs deleted without a propagation policy, whose pods stay.
        page_size: The most items of a page, where a request has a limit at all.
        queueing: Whether Jobs with a queue's label begin suspended, as Kueue wants.
    """

    def __init__(self, world: World, controller: Controller) -> None:
        self.world = world
        self.controller = controller
        self.created: list[str] = []
        self.orphaned: list[str] = []
        self.page_size: int | None = None
        self.queueing = False

    def handle(self, request: Request, content_type: str, body: bytes) -> Answer:
        """Answer a request.

        Raises:
            RefusedError: The API would refuse it.
        """
        match = PATH.fullmatch(request.path)
        kind = KINDS.get(match["plural"]) if match else None
        if match is None or kind is None or ("/batch/" in request.path) != (kind is JOBS):
            raise refusals.no_such_resource()
        data = json.loads(body) if body else {}
        namespace, name = match["namespace"], match["name"]
        match request.verb:
            case "GET" if match["log"]:
                return self._log(self.world.get(PODS, namespace, name), request.query)
            case "GET" if name:
                return json_answer(200, _typed(kind, self.world.get(kind, namespace, name)))
            case "GET":
                return self._list(kind, namespace, request.query)
            case "POST" if not name and kind in {JOBS, CONFIG_MAPS}:
                return self._create(kind, namespace, data)
            case "PATCH" if name:
                return self._patch(kind, self.world.get(kind, namespace, name), content_type, data)
            case "DELETE" if name:
                options = data | dict(request.query)
                return self._delete(kind, self.world.get(kind, namespace, name), options)
        message = "the server does not allow this method on the requested resource"
        raise refusals.RefusedError(405, "MethodNotAllowed", message, {})

    def _list(self, kind: Kind, namespace: str, query: Any) -> Answer:
        if query.get("watch") in {"true", "1", "True"}:
            message = "the double has no watches"
            raise refusals.bad_request(message)
        objects = self.world.objects[kind.plural]
        items = [item for key, item in sorted(objects.items()) if key[0] == namespace]
        found = lists.selected(kind.plural, items, query)
        content = lists.page(found, query, self.world.version, self.page_size)
        return json_answer(
            200, {"kind": f"{kind.name}List", "apiVersion": _version(kind)} | content
        )

    def _create(self, kind: Kind, namespace: str, data: Json) -> Answer:
        data.setdefault("metadata", {})
        if not data["metadata"].get("name"):
            field, problem = "metadata.name", "Required value: name or generateName is required"
            raise refusals.invalid(kind, "", field, problem)
        if kind is JOBS:
            jobs.check(data)
        item = self.world.add(kind, namespace, data)
        if kind is JOBS:
            self.created.append(item["metadata"]["name"])
            jobs.fill_in(item, item["metadata"]["uid"])
            if self.queueing and QUEUE in item["metadata"]["labels"]:
                item["spec"]["suspend"] = True
        return json_answer(201, _typed(kind, item))

    def _patch(self, kind: Kind, item: Json, content_type: str, patch: Json) -> Answer:
        if content_type not in PATCH_TYPES:
            raise refusals.unsupported_media_type()
        name, metadata = item["metadata"]["name"], item["metadata"]
        wanted = patch.get("metadata", {}).get("resourceVersion", metadata["resourceVersion"])
        if wanted != metadata["resourceVersion"]:
            raise refusals.conflict(kind, name)
        new = _merge(copy.deepcopy(item), patch)
        if kind is JOBS and new["spec"]["template"] != item["spec"]["template"]:
            problem = "Invalid value: field is immutable"
            raise refusals.invalid(kind, name, "spec.template", problem)
        if new != item:
            item.clear()
            item.update(new)
            self.world.touch(item)
        return json_answer(200, _typed(kind, item))

    def _delete(self, kind: Kind, item: Json, options: Json) -> Answer:
        metadata, policy = item["metadata"], options.get("propagationPolicy")
        uid = options.get("preconditions", {}).get("uid", metadata["uid"])
        if uid != metadata["uid"]:
            ours = f"UID in precondition: {uid}, UID in object meta: {metadata['uid']}"
            raise refusals.conflict(kind, metadata["name"], f"Precondition failed: {ours}")
        if kind is PODS:
            self.delete_pod(item)
            return json_answer(200, _typed(kind, item))
        if kind is JOBS and policy == "Foreground":
            metadata["deletionTimestamp"] = self.world.stamp()
            metadata["finalizers"] = ["foregroundDeletion"]
            self.world.touch(item)
            return json_answer(200, _typed(kind, item))
        if kind is JOBS and policy != "Background":
            self._orphan(item)
        del self.world.objects[kind.plural][metadata["namespace"], metadata["name"]]
        group = {"group": kind.group} if kind.group else {}
        details = {"name": metadata["name"], **group, "kind": kind.plural, "uid": metadata["uid"]}
        status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success"}
        return json_answer(200, status | {"details": details})

    def _orphan(self, job: Json) -> None:
        self.orphaned.append(job["metadata"]["name"])
        for pod in self.world.pods_of(job):
            del pod["metadata"]["ownerReferences"]

    def delete_pod(self, pod: Json) -> None:
        """Delete a pod: it is told to end; a Job counts it, and only then it is gone."""
        if pods.is_over(pod) or not pod["metadata"].get("ownerReferences"):
            del self.world.pods[pod["metadata"]["namespace"], pod["metadata"]["name"]]
            return
        pod["metadata"]["deletionTimestamp"] = self.world.stamp()
        self.controller.show(pod, scenarios.Exit(143))

    def _log(self, pod: Json, query: Any) -> Answer:
        name, containers = pod["metadata"]["name"], pod["spec"]["containers"]
        container = query.get("container") or containers[0]["name"]
        if container not in [each["name"] for each in containers]:
            message = f"container {container} is not valid for pod {name}"
            raise refusals.bad_request(message)
        statuses = pod["status"].get("containerStatuses")
        if not statuses:
            return Answer(204, b"", "text/plain")
        waiting = statuses[0]["state"].get("waiting")
        if waiting:
            images = {"ErrImagePull": "image can't be pulled"}
            images["ImagePullBackOff"] = "trying and failing to pull image"
            why = images.get(waiting["reason"], waiting["reason"])
            message = f'container "{container}" in pod "{name}" is waiting to start: {why}'
            raise refusals.bad_request(message)
        log = self.world.logs.get(pod["metadata"]["uid"], "")
        return Answer(200, _cut(log, query).encode(), "text/plain")


def _cut(log: str, query: Any) -> str:
    if "tailLines" in query:
        lines = int(query["tailLines"])
        log = "".join(log.splitlines(keepends=True)[-lines:]) if lines else ""
    return log[: int(query["limitBytes"])] if "limitBytes" in query else log


def _version(kind: Kind) -> str:
    return f"{kind.group}/v1" if kind.group else "v1"


def _typed(kind: Kind, item: Json) -> Json:
    return {"kind": kind.name, "apiVersion": _version(kind)} | item


def _merge(target: Json, patch: Json) -> Json:
    """Apply a JSON merge patch (RFC 7386)."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            before = target.get(key)
            target[key] = _merge(before if isinstance(before, dict) else {}, value)
        else:
            target[key] = value
    return target
