"""One driver an experiment: a heartbeat in the store by which a second one sees the first.

Whether another driver lives is judged by its heartbeat alone, which has to grow while somebody
looks: the clocks of two clusters need not agree. A driver of the same release takes over at once.
"""

import time
from collections.abc import Callable
from threading import Event, Thread
from typing import Self

from job.artifacts.holder import Holder, read_holder, remove_holder, write_holder
from job.errors import AlJobError, ConfigError, TemporaryError
from job.runtime import log
from job.runtime.retry import retry_while_unavailable
from job.storage import Store

SECONDS_BETWEEN_BEATS = 20.0
SECONDS_OF_SILENCE = 70.0
"""A driver whose heartbeat has not grown for this long is dead, or cut off from the store."""
SECONDS_BETWEEN_LOOKS = 5.0


class Hold:
    """A driver's hold on an experiment. The heartbeat ends with the `with` block.

    Whoever does not let go leaves `holder.json`: a later driver of the release continues at once,
    and any other one when it has seen that the heartbeat does not grow.
    """

    def __init__(self, store: Store, experiment: str, holder: Holder) -> None:
        self._store = store
        self._experiment = experiment
        self._mine = holder
        self._other: Holder | None = None
        self._ended = Event()
        self._thread = Thread(target=self._beat_until_ended, name="heartbeat", daemon=True)
        self.is_mine = False
        """Whether the experiment is this driver's, as far as it has seen."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """End the heartbeat."""
        self._ended.set()
        if self._thread.is_alive():
            self._thread.join(SECONDS_BETWEEN_LOOKS)

    def let_go(self) -> None:
        """Say that nobody is at work, unless a later driver continues the experiment."""
        self.__exit__()
        try:
            if self.is_mine and self._holds():
                remove_holder(self._store, self._experiment)
        except AlJobError as error:  # another driver finds a heartbeat that does not grow
            log.get().warning("driver.hold_left", reason=str(error))

    def take(self, tell: Callable[[str], object]) -> None:
        """Take hold of the experiment, and keep saying so.

        Args:
            tell: Called with what is waited for.

        Raises:
            ConfigError: Another release, cluster or namespace holds it, and is alive.
        """
        retry_while_unavailable(lambda: self._take(tell), tell=tell)
        self._thread.start()

    def _take(self, tell: Callable[[str], object]) -> None:
        now = self._read()
        if now and not now.is_same_release(self._mine):
            tell(f"to see whether {now}, which held {self._experiment}, is alive")
            wait_for_silence(self._store, self._experiment, now)
            log.get().warning("driver.hold_taken", holder=str(now), updated=str(now.updated))
        self._write(if_absent=now is None)
        if not self._holds():
            message = f"{self._experiment}: another driver has begun at the same time"
            raise TemporaryError(message)
        self.is_mine = True

    def check(self) -> None:
        """Return if the experiment is still this driver's.

        Raises:
            ConfigError: Another release, cluster or namespace has taken it.
            TemporaryError: Another driver of this release has.
        """
        if self._other is None:
            return
        if self._other.is_same_release(self._mine):
            message = f"{self._experiment}: a later driver of {self._other} has taken over"
            raise TemporaryError(message)
        raise _refusal(self._store, self._experiment, self._other)

    def beat(self) -> None:
        """Say once more that this driver is alive, unless the experiment is another's now."""
        now = self._read()
        if now and now.process != self._mine.process:
            self._other, self.is_mine = now, False
            return
        self._write()

    def _beat_until_ended(self) -> None:
        while self.is_mine and not self._ended.wait(SECONDS_BETWEEN_BEATS):
            try:
                self.beat()
            except Exception as error:  # noqa: BLE001 - without it, another driver takes over
                log.get().warning("driver.no_heartbeat", reason=repr(error))

    def _write(self, *, if_absent: bool = False) -> None:
        self._mine = self._mine.next_beat()
        write_holder(self._store, self._experiment, self._mine, if_absent=if_absent)

    def _read(self) -> Holder | None:
        return read_holder(self._store, self._experiment)

    def _holds(self) -> bool:
        now = self._read()
        return now is not None and now.process == self._mine.process


def refuse_while_held(store: Store, experiment: str) -> None:
    """Guard that no driver is at work on an experiment, and forget one that is dead.

    Raises:
        ConfigError: One is.
    """
    if holder := read_holder(store, experiment):
        log.get().info("run.waits", reason=f"to see whether {holder}, which held it, is alive")
        wait_for_silence(store, experiment, holder)
        remove_holder(store, experiment)


def wait_for_silence(store: Store, experiment: str, seen: Holder) -> None:
    """Return once a heartbeat has not grown for long enough, or nobody holds any more.

    Raises:
        ConfigError: It grows.
    """
    until = time.monotonic() + SECONDS_OF_SILENCE
    while time.monotonic() < until:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        now = read_holder(store, experiment)
        if now is None:
            return
        if now != seen:
            raise _refusal(store, experiment, now)


def _refusal(store: Store, experiment: str, other: Holder) -> ConfigError:
    message = (
        f"{store.url}: the experiment {experiment!r} is run by {other}, whose last heartbeat is of "
        f"{other.updated:%H:%M:%S} UTC: stop that one, or take another experiment name or store"
    )
    return ConfigError(message)
