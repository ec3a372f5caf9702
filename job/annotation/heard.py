"""What people have said in a round that still waits, kept until it is in the book of labels.

Somebody may delete a task, or all of them, in the tool: what was drawn until the last look is here.
"""

from collections.abc import Sequence
from datetime import datetime

from job.annotation.book import Said, dump_answers, load_answers
from job.artifacts import names
from job.artifacts.stage_io import StageIO
from job.errors import MissingObjectError

_REMEDY = "remove it; what is in the tool still is read again"


class Heard:
    """The answers of a round, in one object that each pass may replace."""

    def __init__(self, io: StageIO) -> None:
        self._store = io.store
        self._key = io.ref.key(names.HEARD)
        self._digests: list[str] = []

    def read(self) -> list[Said]:
        """Return what was heard until the last pass, in the order of time.

        Raises:
            BadDataError: It is damaged, or written by a newer version.
        """
        try:
            data = self._store.read(self._key)
        except MissingObjectError:
            return []
        said = load_answers(data, f"{self._store.url}: {self._key}", _REMEDY)
        self._digests = [each.digest for each in said]
        return said

    def write(self, said: Sequence[Said], now: datetime) -> None:
        """Keep what is heard now, if it is something else than what was read."""
        if [each.digest for each in said] != self._digests:
            self._store.write(self._key, dump_answers([each.answer for each in said], now))
