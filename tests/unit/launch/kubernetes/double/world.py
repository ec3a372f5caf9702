"""The objects of a cluster, as etcd would keep them, and its clock."""

import copy
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from tests.unit.launch.kubernetes.double import refusals
from tests.unit.launch.kubernetes.double.refusals import CONFIG_MAPS, EVENTS, JOBS, PODS, Json, Kind

Key = tuple[str, str]
"""Namespace and name."""


class HandClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)


def wall_clock() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


class World:
    """All objects, by kind and then by namespace and name; and what each pod has logged."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.clock = clock
        self.objects: dict[str, dict[Key, Json]] = {
            kind.plural: {} for kind in (JOBS, PODS, EVENTS, CONFIG_MAPS)
        }
        self.logs: dict[str, str] = {}
        """By the uid of the pod."""
        self._versions = itertools.count(1)
        self.version = "0"

    @property
    def jobs(self) -> dict[Key, Json]:
        """All Jobs."""
        return self.objects["jobs"]

    @property
    def pods(self) -> dict[Key, Json]:
        """All pods."""
        return self.objects["pods"]

    def stamp(self) -> str:
        """Return the time as the API writes it, in whole seconds."""
        return self.clock().strftime("%Y-%m-%dT%H:%M:%SZ")

    def add(self, kind: Kind, namespace: str, item: Json) -> Json:
        """Create an object with what the API server fills in, and return it as it is kept.

        Raises:
            RefusedError: There is one of this name, which may be on its way out.
        """
        name = item["metadata"]["name"]
        there = self.objects[kind.plural].get((namespace, name))
        if there is not None:
            deleting = "deletionTimestamp" in there["metadata"]
            raise refusals.already_exists(kind, name, deleting=deleting)
        item = copy.deepcopy(item)
        item["metadata"] |= {
            "namespace": namespace,
            "uid": str(uuid4()),
            "creationTimestamp": self.stamp(),
        }
        self.objects[kind.plural][namespace, name] = item
        self.touch(item)
        return item

    def get(self, kind: Kind, namespace: str, name: str) -> Json:
        """Return an object as it is kept.

        Raises:
            RefusedError: There is none of this name.
        """
        try:
            return self.objects[kind.plural][namespace, name]
        except KeyError:
            raise refusals.not_found(kind, name) from None

    def touch(self, item: Json) -> None:
        """Give a changed object its new resourceVersion."""
        self.version = item["metadata"]["resourceVersion"] = str(next(self._versions))

    def pods_of(self, job: Json) -> list[Json]:
        """Return the pods a Job owns, the oldest first."""
        uid = job["metadata"]["uid"]
        return [
            pod
            for pod in self.pods.values()
            if any(owner["uid"] == uid for owner in pod["metadata"].get("ownerReferences", []))
        ]

    def tell(self, item: Json, kind: Kind, reason: str, message: str, component: str) -> None:
        """Record an event about an object; the same one again only counts up."""
        events, about = self.objects["events"], item["metadata"]
        for event in events.values():
            same = (event["involvedObject"]["uid"], event["reason"], event["message"])
            if same == (about["uid"], reason, message):
                event |= {"count": event["count"] + 1, "lastTimestamp": self.stamp()}
                return self.touch(event)
        group = f"{kind.group}/v1" if kind.group else "v1"
        involved = {"kind": kind.name, "apiVersion": group}
        involved |= {key: about[key] for key in ("namespace", "name", "uid", "resourceVersion")}
        normal = reason in {"SuccessfulCreate", "Completed", "Suspended", "Resumed"}
        event = {
            "metadata": {"name": f"{about['name']}.{len(events):016x}"},
            "involvedObject": involved,
            "reason": reason,
            "message": message,
            "type": "Normal" if normal else "Warning",
            "count": 1,
            "eventTime": None,
            "firstTimestamp": self.stamp(),
            "lastTimestamp": self.stamp(),
            "source": {"component": component},
            "reportingComponent": component,
            "reportingInstance": "",
        }
        self.add(EVENTS, about["namespace"], event)
        return None
