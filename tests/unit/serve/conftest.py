"""The tiny experiment, finished, and with people at work."""

import pytest

from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.unit.serve.people import with_people


@pytest.fixture(autouse=True)
def sketched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Curves are not drawn: that takes longer than all else."""
    monkeypatch.setattr("job.report.drawing.render.draw_svg", lambda plot: f"<svg>{plot.alt}</svg>")


@pytest.fixture(scope="session")
def people(finished: LocalStore) -> MemoryStore:
    """People at work; only read."""
    return with_people(finished)
