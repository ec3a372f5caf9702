"""Files for TensorBoard, in the store: it reads folders and buckets by itself.

Each run is a folder, and each part of it a file that never changes, named by its number and by what
it is known by. TensorBoard reads the files of a folder in the order of their names, so it may watch
while they are added.
"""

import tempfile
import time
from pathlib import Path

from job.artifacts.reader import Reader
from job.errors import ConfigError
from job.keys import ExperimentKeys
from job.storage import Store
from job.tracking.runs import Row, Run

_NAME = "events.out.tfevents."


class TensorBoard:
    """Writes what TensorBoard shows of an experiment."""

    def __init__(self, store: Store, experiment: str) -> None:
        """Remember where the files lie.

        Raises:
            ConfigError: The extra `tensorboard` is not installed.
        """
        _refuse_missing_extra()
        self._store = store
        self._prefix = ExperimentKeys(experiment).tensorboard

    @property
    def place(self) -> str:
        """The folder, as `tensorboard --logdir` takes it."""
        folder = self._prefix.removesuffix("/")
        path = self._store.local_path(folder)
        return f"tensorboard --logdir {path or f'{self._store.url}/{folder}'}"

    def put(self, run: Run, digests: list[str], reader: Reader) -> None:
        """Write the files that are missing, and remove those of parts that were made anew."""
        folder = f"{self._prefix}{run.name}/"
        names = [f"{_NAME}{part:04d}.{digest[:16]}" for part, digest in enumerate(digests)]
        wanted = {f"{folder}{name}": part for part, name in enumerate(names)}
        there = set(self._store.list(f"{folder}{_NAME}"))
        for key in sorted(there - wanted.keys()):
            self._store.delete(key)
        for key, part in wanted.items():
            if key not in there:
                self._store.write(key, _events(run.rows(reader, part)))


def _refuse_missing_extra() -> None:
    try:
        import tensorboardX  # noqa: F401, PLC0415 - an optional extra
    except ModuleNotFoundError as error:
        message = (
            f"tracking.tensorboard: it needs the package {error.name}: install al-voc with its "
            "extra, `pip install 'al-voc[tensorboard]'`"
        )
        raise ConfigError(message) from error


def _events(rows: list[Row]) -> bytes:
    """Return a file of events; the last of them happened now."""
    from tensorboardX.proto.event_pb2 import Event  # noqa: PLC0415 - an optional extra
    from tensorboardX.proto.summary_pb2 import Summary  # noqa: PLC0415
    from tensorboardX.record_writer import RecordWriter  # noqa: PLC0415

    begun = time.time() - (rows[-1].seconds or 0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events"
        writer = RecordWriter(str(path))
        writer.write(Event(wall_time=begun, file_version="brain.Event:2").SerializeToString())
        for row in rows:
            values = [Summary.Value(tag=tag, simple_value=x) for tag, x in row.values.items()]
            when, summary = begun + (row.seconds or 0), Summary(value=values)
            writer.write(Event(wall_time=when, step=row.step, summary=summary).SerializeToString())
        writer.close()
        return path.read_bytes()
