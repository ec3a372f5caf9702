"""Exports into a bucket on another server than the store's, with keys of their own."""

from collections.abc import Callable
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest

from job import experiment
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.storage import open_store
from job.storage.local import LocalStore

pytestmark = pytest.mark.integration

ROUND_0 = RoundRef("tiny", 0, None, 0)


@pytest.fixture
def labelled(tiny: str, tmp_path: Path) -> Path:
    """A local store with an experiment whose round 0 has six labelled images."""
    store = LocalStore(tmp_path / "state")
    plan = experiment.init(store, Plan(loading.parse(tiny, "tiny")))
    for stage in ("select", "annotate"):
        run_stage(store, plan, ROUND_0.stage(stage))  # type: ignore[arg-type]
    return tmp_path / "state"


@pytest.fixture
def profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A profile with the test servers' keys."""
    text = "[theirs]\naws_access_key_id = test-key\naws_secret_access_key = test-secret\n"
    path = tmp_path / "credentials"
    path.write_text(text)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(path))
    return "theirs"
