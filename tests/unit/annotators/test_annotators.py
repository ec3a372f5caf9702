"""Annotators by name, those of other packages too."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from job import experiment
from job.annotators import ANNOTATORS
from job.config import loading
from job.data.shards import read_labelled
from job.errors import ConfigError
from job.keys import RoundRef
from job.plan import Plan
from job.stages import run_stage
from job.storage.local import LocalStore
from tests.outputs import output_key, read_output

FULL_FRAME = '''
import numpy as np
from job.annotators import Annotator
from job.records.annotation import Annotation

class FullFrame(Annotator):
    """Finds a disc in every image, as large as the image."""

    def annotate(self, ids):
        box = np.array([[0, 0, 64, 64]], np.float32)
        return {each: Annotation(64, 64, box, ("disc",), (False,), (False,)) for each in ids}
'''


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AL_CACHE", str(tmp_path / "cache"))


def test_the_oracle_is_the_default(tiny: str) -> None:
    """An experiment that names no annotator is a simulation."""
    assert loading.parse(tiny, "tiny.yaml").annotation.annotator == "oracle"


def test_an_unknown_annotator_ends_before_anything_runs(tiny: str, tmp_path: Path) -> None:
    """The message names the setting, the closest name and the known ones."""
    store = LocalStore(tmp_path / "state")
    with pytest.raises(ConfigError) as error:
        experiment.init(
            store, Plan(loading.parse(tiny + "annotation: {annotator: orcle}\n", "tiny.yaml"))
        )
    expected = "annotation.annotator: unknown 'orcle'; did you mean 'oracle'? known: oracle"
    assert str(error.value) == expected
    assert list(store.list("")) == []


def test_an_annotator_of_another_package_labels_the_picks(
    tiny: str, tmp_path: Path, install_plugin: Callable[..., None]
) -> None:
    """One class and one entry point: the labelled shard and the cost are of its boxes."""
    install_plugin(
        "full_frame", FULL_FRAME, "al_voc.annotators", "full-frame = full_frame:FullFrame"
    )
    assert ANNOTATORS.names() == ["full-frame", "oracle"]
    store = LocalStore(tmp_path / "state")
    config = loading.parse(tiny + "annotation: {annotator: full-frame}\n", "tiny.yaml")
    begun = experiment.init(store, Plan(config))
    ref = RoundRef("tiny", 0, None, 0)
    run_stage(store, begun, ref.stage("select"))
    run_stage(store, begun, ref.stage("annotate"))
    path = store.local_path(output_key(store, ref.stage("annotate"), "00000.tar"))
    assert path
    images = read_labelled(path)
    assert len(images) == 6
    assert all(image.annotation.boxes_xyxy.tolist() == [[0, 0, 64, 64]] for image in images)
    cost = json.loads(read_output(store, ref.stage("annotate"), "cost.json"))
    assert (cost["images"], cost["boxes"], cost["class_counts"]["disc"]) == (6, 6, 6)
