"""Runs of an MLflow tracking server, by its REST interface.

The experiment there has the name of ours. A run of ours is known by a tag with its name, and by a
tag for each of its parts. One that is there with the same parts is resumed. If a part was made
anew, a new run begins, and the older one stays as it is.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field

from job.artifacts.reader import Reader
from job.errors import AlJobError
from job.runtime.parallel import batched
from job.tracking.mlflow_api import Metric, MlflowApi, MlflowRun
from job.tracking.runs import Row, Run

_NAME = "al_voc.run"
_PART = "al_voc.part."
_PARENT = "mlflow.parentRunId"
_ROWS = 100
"""Of a request, which takes at most 1,000 values."""


@dataclass
class _Known:
    """A run of the server."""

    id: str
    begun: int
    """In milliseconds since 1970."""
    digests: list[str] = field(default_factory=list)
    """Of its parts that are there as a whole."""
    last_step: int = -1
    """Of a part that was begun, and not ended."""
    is_finished: bool = False

    @classmethod
    def of(cls, run: MlflowRun) -> "_Known":
        tags = run.tags
        return cls(
            run.info.run_id,
            run.info.start_time,
            [tags[name] for name in sorted(tags) if name.startswith(_PART)],
            run.last_step,
            run.info.status == "FINISHED",
        )


class Mlflow:
    """Shows an experiment at an MLflow tracking server."""

    def __init__(self, url: str, experiment: str) -> None:
        """Remember where it is; no request is sent.

        Raises:
            ConfigError: A secret that is named cannot be read.
        """
        self._api = MlflowApi(url)
        self._experiment = experiment
        self._id: str | None = None
        self._known = defaultdict[str, list[_Known]](list)

    @property
    def place(self) -> str:
        """The address of the experiment's page."""
        page = f"/#/experiments/{self._id}" if self._id else ""
        return f"{self._api.url}{page}"

    def put(self, run: Run, digests: list[str], reader: Reader) -> None:
        """Let a run of the server have these parts."""
        try:
            self._put(run, digests, reader)
        except AlJobError:  # perhaps only the answer is lost: look at what is there
            self._id = None
            self._known.clear()
            raise

    def _put(self, run: Run, digests: list[str], reader: Reader) -> None:
        known = self._find(run, digests)
        for part in range(len(known.digests) if known else 0, len(digests)):
            rows = run.rows(reader, part)
            known = known or self._create(run, rows[-1].seconds or 0)
            self._log(known, part, digests[part], rows)
        if known and len(digests) == run.num_parts and not known.is_finished:
            self._api.finish(known.id, _now())
            known.is_finished = True

    def _open(self) -> str:
        """Return the id of the experiment, and note the runs that it has."""
        if self._id is None:
            found = self._api.experiment(self._experiment)
            for each in self._api.runs(found):
                self._known[each.tags.get(_NAME, "")].append(_Known.of(each))
            self._id = found
        return self._id

    def _find(self, run: Run, digests: list[str]) -> _Known | None:
        """Return the run that has the most of these parts, and no others."""
        self._open()
        own = self._known[run.name]
        fitting = [each for each in own if each.digests == digests[: len(each.digests)]]
        return max(fitting, key=lambda each: len(each.digests), default=None)

    def _create(self, run: Run, seconds: float) -> _Known:
        """Return a new run, which began so many seconds ago."""
        tags = {_NAME: run.name}
        if run.parent:
            tags[_PARENT] = self._last(run.parent).id
        begun = _now() - int(seconds * 1000)
        known = _Known(self._api.create(self._open(), run.name, begun, tags), begun)
        self._api.log(known.id, params=run.about)
        self._known[run.name].append(known)
        return known

    def _last(self, run: Run) -> _Known:
        """Return the last run of a name; a new one, without any part, if there is none."""
        own = self._known[run.name]
        return own[-1] if own else self._create(run, 0)

    def _log(self, known: _Known, part: int, digest: str, rows: list[Row]) -> None:
        """Write the rows that are missing, and say then that the part is there as a whole.

        If none seems to be, the last one may be missing nevertheless: it may be at the place of the
        part before.
        """
        left = [row for row in rows if row.step > known.last_step] or rows[-1:]
        for some in batched(left, _ROWS):
            self._api.log(known.id, metrics=[each for row in some for each in _metrics(known, row)])
        self._api.log(known.id, tags={f"{_PART}{part:04d}": digest})
        known.digests.append(digest)
        known.last_step = -1


def _metrics(known: _Known, row: Row) -> list[Metric]:
    when = _now() if row.seconds is None else known.begun + int(row.seconds * 1000)
    return [Metric(key=k, value=v, timestamp=when, step=row.step) for k, v in row.values.items()]


def _now() -> int:
    """Return the time as MLflow counts it: milliseconds since 1970."""
    return int(time.time() * 1000)
