"""A run that is not of any experiment, and an MLflow tracking server."""

import os
from collections.abc import Iterator

import pytest

from job.artifacts.reader import Reader
from job.storage.memory import MemoryStore
from job.tracking.runs import Row, Run
from tests.unit.tracking.mlflow_double import MlflowDouble

READER = Reader(MemoryStore())


class MadeUp(Run):
    """A run whose parts have a row each, of the values that it is given."""

    def __init__(self, name: str, *values: float, of: int = 2, parent: Run | None = None) -> None:
        self.name, self.parent, self.num_parts = name, parent, of
        self.values = values
        self.read: list[int] = []
        """The parts whose rows were asked for."""

    @property
    def about(self) -> dict[str, str]:
        return {"arm": "brust"}

    @property
    def digests(self) -> list[str]:
        return [f"{value:0<64}" for value in self.values]

    def digest(self, reader: Reader, part: int) -> str | None:  # noqa: ARG002 - nothing is stored
        return self.digests[part] if part < len(self.values) else None

    def rows(self, reader: Reader, part: int) -> list[Row]:  # noqa: ARG002 - nothing is stored
        self.read.append(part)
        return [Row(10 * (part + 1), {"map/iou50": self.values[part]})]


@pytest.fixture
def server() -> Iterator[str]:
    """The address of a double of MLflow; with MLFLOW_TRACKING_URI, of that server."""
    if real := os.environ.get("MLFLOW_TRACKING_URI"):
        yield real
        return
    with MlflowDouble() as double:
        yield double.url


class Shown:
    """A sink that notes how many parts of each run it was given last."""

    place = "nowhere"

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.asked = 0
        self.parts: dict[str, int] = {}

    def put(self, run: Run, digests: list[str], reader: Reader) -> None:
        self.asked += 1
        if self.error:
            raise self.error
        assert run.rows(reader, len(digests) - 1)
        self.parts[run.name] = len(digests)
