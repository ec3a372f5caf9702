"""A double of the Kubernetes API: a real HTTP server, with a simulated cluster behind it.

    with ApiDouble(lambda attempt: run_stage(attempt.arguments)) as double:
        drive(..., double.client())
        assert double.orphaned == []

It knows Jobs, pods and their logs, events and ConfigMaps. A Job gets its pods and ends by itself:
the simulation takes a step at each request for Jobs, or when `tick` is called.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Executor
from datetime import datetime
from threading import RLock
from typing import Self

from kubernetes import client
from urllib3 import Retry

from tests.unit.launch.kubernetes.double import scenarios
from tests.unit.launch.kubernetes.double.controller import Controller
from tests.unit.launch.kubernetes.double.faults import Fault, Plan, Request
from tests.unit.launch.kubernetes.double.refusals import CONFIG_MAPS, JOBS, PODS, Json
from tests.unit.launch.kubernetes.double.resources import Resources
from tests.unit.launch.kubernetes.double.server import Answer, Server
from tests.unit.launch.kubernetes.double.world import World, wall_clock


def succeed(_: scenarios.Attempt) -> int:
    """End a pod well."""
    return 0


class ApiDouble:
    """A cluster of one's own, from entering to leaving it as a context.

    Attributes:
        controller: Its `behaviour` and its `forbidden` (why no pods can be created) may change.
        resources: Its `page_size` makes pages small; with `queueing`, Jobs wait as under Kueue.
        namespace: Where the methods below look; requests may use any.
    """

    def __init__(
        self,
        behaviour: scenarios.Behaviour = succeed,
        *,
        clock: Callable[[], datetime] = wall_clock,
        executor: Executor | None = None,
        automatic: bool = True,
        namespace: str = "default",
    ) -> None:
        """Make a cluster.

        Args:
            behaviour: What becomes of pods.
            clock: What the objects' times are.
            executor: Where the behaviour runs; unset, within a tick.
            automatic: Whether each request for Jobs is a tick.
            namespace: Of the Jobs that the methods name.
        """
        self.world = World(clock)
        self.controller = Controller(self.world, behaviour, executor)
        self.resources = Resources(self.world, self.controller)
        self.namespace = namespace
        self._automatic = automatic
        self._lock = RLock()
        self._server = Server(self._handle)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()

    def client(self, retries: Retry | int | None = None) -> client.ApiClient:
        """Return a client of this API; it has to be closed."""
        configuration = client.Configuration(host=self._server.url)
        configuration.proxy = None  # whatever this machine's is
        configuration.retries = retries
        return client.ApiClient(configuration)

    @property
    def url(self) -> str:
        """Where the API is."""
        return self._server.url

    def plan(self, faults: Plan) -> None:
        """Let requests go wrong from now on; they are numbered from the first one ever."""
        self._server.faults = faults

    @property
    def requests(self) -> list[Request]:
        """All requests, in order."""
        return self._server.requests

    @property
    def counts(self) -> Counter[str]:
        """How many requests there were, by verb and path."""
        return Counter(map(str, self.requests))

    @property
    def injected(self) -> list[tuple[Request, Fault]]:
        """The requests that went wrong, and how."""
        return self._server.injected

    @property
    def created(self) -> list[str]:
        """Names of all Jobs that ever were."""
        return self.resources.created

    @property
    def orphaned(self) -> list[str]:
        """Names of Jobs deleted without a propagation policy, so that their pods stayed."""
        return self.resources.orphaned

    def tick(self, times: int = 1) -> None:
        """Take the simulation further."""
        for _ in range(times):
            with self._lock:
                self.controller.tick()

    def job(self, name: str) -> Json:
        """Return a Job as it is now."""
        return self.world.get(JOBS, self.namespace, name)

    def pods(self, job: str) -> list[Json]:
        """Return a Job's pods, the oldest first."""
        return self.world.pods_of(self.job(job))

    def add_config_map(self, name: str, data: dict[str, str] | None = None) -> None:
        """Create a ConfigMap, without `data` where there is none."""
        content = {} if data is None else {"data": data}
        self.world.add(CONFIG_MAPS, self.namespace, {"metadata": {"name": name}, **content})

    def config_map(self, name: str) -> Json:
        """Return a ConfigMap as it is now."""
        return self.world.get(CONFIG_MAPS, self.namespace, name)

    def evict(self, pod: str, code: int = scenarios.EVICTED.code) -> None:
        """Let a drain end a pod with an exit code."""
        with self._lock:
            kept = self.world.get(PODS, self.namespace, pod)
            self.controller.show(kept, scenarios.Exit(code, disrupted=True))

    def delete_pod(self, pod: str) -> None:
        """Delete a pod."""
        with self._lock:
            self.resources.delete_pod(self.world.get(PODS, self.namespace, pod))

    def admit(self, job: str) -> None:
        """Let a queued Job begin, as Kueue does."""
        with self._lock:
            kept = self.job(job)
            kept["spec"]["suspend"] = False
            self.world.touch(kept)

    def _handle(self, request: Request, content_type: str, body: bytes) -> Answer:
        with self._lock:
            if self._automatic and request.verb == "GET" and "/jobs" in request.path:
                self.controller.tick()
            return self.resources.handle(request, content_type, body)
