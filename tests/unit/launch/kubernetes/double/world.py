"""The objects of a namespace, as the API server keeps them."""

import copy
import itertools
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

Json = dict[str, Any]


class RefusedError(Exception):
    """A request that the API refuses with a status."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def now() -> str:
    """Return the time as the API writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class World:
    """All objects by kind and name, and the log of each pod by its uid."""

    def __init__(self) -> None:
        self.jobs: dict[str, Json] = {}
        self.job_sets: dict[str, Json] = {}
        self.pods: dict[str, Json] = {}
        self.events: dict[str, Json] = {}
        self.config_maps: dict[str, Json] = {}
        self.workloads: dict[str, Json] = {}
        self.logs: dict[str, str] = {}
        self._numbers = itertools.count(1)

    def kind(self, plural: str) -> dict[str, Json]:
        """Return the objects of a kind, such as `jobs`.

        Raises:
            RefusedError: There is no such kind.
        """
        kinds = {"jobs": self.jobs, "pods": self.pods, "events": self.events}
        kinds |= {"configmaps": self.config_maps, "workloads": self.workloads}
        kinds["jobsets"] = self.job_sets
        if plural not in kinds:
            raise RefusedError(404, "the server could not find the requested resource")
        return kinds[plural]

    def get(self, plural: str, name: str) -> Json:
        """Return an object.

        Raises:
            RefusedError: There is none of this name.
        """
        try:
            return self.kind(plural)[name]
        except KeyError:
            raise RefusedError(404, f'{plural} "{name}" not found') from None

    def add(self, plural: str, item: Json) -> Json:
        """Create an object, and return it as it is kept.

        Raises:
            RefusedError: There is one of this name.
        """
        name = item["metadata"]["name"]
        if name in self.kind(plural):
            raise RefusedError(409, f'{plural} "{name}" already exists')
        item = copy.deepcopy(item)
        item["metadata"] |= {"namespace": "default", "uid": str(uuid4())}
        item["metadata"]["creationTimestamp"] = now()
        self.kind(plural)[name] = item
        return item

    def pods_of(self, job: Json) -> list[Json]:
        """Return the pods that a Job owns, the oldest first."""
        uid = job["metadata"]["uid"]
        return [pod for pod in self.pods.values() if owner_of(pod) == uid]

    def collect_garbage(self) -> None:
        """Remove the Jobs of ConfigMaps that are gone, and the pods of Jobs that are gone."""
        owners = {each["metadata"]["uid"] for each in self.config_maps.values()}
        for name, job in list(self.jobs.items()):
            if owner_of(job) and owner_of(job) not in owners:
                del self.jobs[name]
        uids = {job["metadata"]["uid"] for job in self.jobs.values()}
        for name, pod in list(self.pods.items()):
            if owner_of(pod) and owner_of(pod) not in uids:
                del self.pods[name]

    def tell(self, kind: str, item: Json, reason: str, message: str) -> None:
        """Record a warning about an object."""
        name = f"{item['metadata']['name']}.{next(self._numbers):016x}"
        involved = {"kind": kind, "name": item["metadata"]["name"]}
        event = {"metadata": {"name": name}, "involvedObject": involved, "type": "Warning"}
        self.add("events", event | {"reason": reason, "message": message, "lastTimestamp": now()})


def owner_of(item: Json) -> str | None:
    """Return the uid of a pod's Job, or of what owns a Job, if it has one."""
    owners = item["metadata"].get("ownerReferences", [])
    return owners[0]["uid"] if owners else None
