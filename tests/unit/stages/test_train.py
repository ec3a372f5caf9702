"""The stage `train`: what it starts from."""

from pathlib import Path

import pytest

from job.artifacts.experiment_file import load_experiment
from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.config.schema import Config
from job.errors import ConfigError
from job.plan import Plan
from job.stages import run_stage
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.stores import filled
from tests.unit.stages.tiny import ROUND_0, growing


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


def test_training_uses_corrected_labels_from_the_move_on(grown: MemoryStore) -> None:
    """Round 2 trains on corrected labels of two images, and names them; earlier rounds do not."""
    reader = Reader(grown)
    assert reader.corrected(growing(1)) == ()
    assert reader.corrected(growing(2)) == ("000000", "000001")
    plan = Plan(load_experiment(grown, "growing"))
    labels = [
        {image.id: image.annotation for image in RoundReader(grown, plan, ref).labelled_so_far()}
        for ref in (growing(1), growing(2))
    ]
    for image_id in ("000000", "000001"):
        before, after = (each[image_id].boxes_xyxy for each in labels)
        assert after[:, 0].tolist() == [max(left - 3, 0) for left in before[:, 0].tolist()]
        assert after[:, 1:].tolist() == before[:, 1:].tolist()
