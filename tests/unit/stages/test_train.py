"""The stage `train`: what it starts from."""

from pathlib import Path

import pytest

from job.config.schema import Config
from job.errors import ConfigError
from job.plan import Plan
from job.stages import run_stage
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.stores import filled
from tests.unit.stages.tiny import ROUND_0


def test_weights_that_are_not_there_are_named(
    finished: LocalStore, settings: Config, tmp_path: Path
) -> None:
    """A backbone from a file or the store that is missing never means from scratch."""
    store = filled(MemoryStore(), finished)
    for backbone in (f"file:{tmp_path / 'no.pt'}", "store:weights/no.safetensors"):
        detector = settings.detector.model_copy(update={"backbone": backbone})
        wrong = settings.model_copy(update={"detector": detector})
        with pytest.raises(ConfigError, match=r"detector\.backbone: .*no\."):
            run_stage(store, Plan(wrong), ROUND_0.stage("train"))
