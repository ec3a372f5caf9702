"""A driver without a cluster: a store as slow as a bucket, and stages that are done at once."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from job.artifacts.reported import note_reported
from job.keys import StageRef
from job.launch.observer import Observer
from job.plan import Plan
from job.progress import StageStatus, States
from job.storage import Store
from job.storage.local import LocalStore
from job.whole import WholeRef
from tests.made_up import finish


class SlowStore(LocalStore):
    """A directory that answers as late as a bucket, and counts requests."""

    def __init__(self, root: Path, seconds: float = 0.0) -> None:
        super().__init__(root)
        self._seconds = seconds
        self.counts: Counter[str] = Counter()

    def read(self, key: str) -> bytes:
        self._ask("read")
        return super().read(key)

    def write(self, key: str, data: bytes, *, if_absent: bool = False) -> bool:
        self._ask("write")
        return super().write(key, data, if_absent=if_absent)

    def list(self, prefix: str) -> Iterator[str]:
        self._ask("list")
        return super().list(prefix)

    def _ask(self, verb: str) -> None:
        self.counts[verb] += 1
        time.sleep(self._seconds)


class AtOnce:
    """A launcher whose stages are done at the next look."""

    def __init__(
        self,
        store: Store,
        plan: Plan,
        running: int,
        is_done: Callable[[StageRef], bool],
        publish: Callable[[States], None],
    ) -> None:
        self._store, self._plan, self._running = store, plan, running
        self._is_done, self._publish = is_done, publish
        self._started: list[StageRef] = []

    def has_room(self, _: StageRef) -> bool:
        return len(self._started) < self._running

    def start(self, ref: StageRef) -> None:
        self._started.append(ref)

    def wait(self) -> list[StageRef]:
        states = {ref: StageStatus(state="pending", reason=200 * "x") for ref in self._started}
        self._publish(states)
        done, self._started = self._started, []
        for ref in done:
            if isinstance(ref.round, WholeRef):
                note_reported(self._store, ref.round.experiment, ref.round.of)
            else:
                finish(self._store, self._plan, [ref])
        assert all(map(self._is_done, done))
        return done


class Room:
    """A platform that starts stages of a launcher that is done at once."""

    release: str = "al-voc"
    place: str = "here"
    image: str = ""
    poll_seconds: float = 1.0

    def __init__(self, stages_store: Store, running: int) -> None:
        self._stages_store = stages_store
        self.running = running
        self.begun = time.monotonic()
        self.first_look: float | None = None
        self.largest = 0

    def ingest_state(self, _: str) -> str | None:
        return None

    def running_stages(self) -> list[StageRef]:
        return []

    def launcher(
        self,
        _: Store,
        plan: Plan,
        is_done: Callable[[StageRef], bool],
        publish: Callable[[States], None],
        observer: Observer,  # noqa: ARG002 - as a platform has it
    ) -> AtOnce:
        def look(states: States) -> None:
            if self.first_look is None:
                self.first_look = time.monotonic() - self.begun
            publish(states)

        return AtOnce(self._stages_store, plan, self.running, is_done, look)

    def publish(self, status: str) -> None:
        self.largest = max(self.largest, len(status))
