"""The stage `train`: what it starts from."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path

import pytest

from job import experiment
from job.artifacts.experiment_file import load_experiment
from job.artifacts.markers import load_marker
from job.artifacts.reader import Reader
from job.artifacts.round_reader import RoundReader
from job.config import loading
from job.config.schema import Config
from job.detection.detectors.base import build_detector, save_model
from job.detection.detectors.serialization import pack
from job.errors import ConfigError, StopRequested
from job.keys import RoundRef
from job.plan import Plan, Subset
from job.stages import run_stage
from job.storage.local import LocalStore
from job.storage.memory import MemoryStore
from tests.outputs import output_key, read_output
from tests.stores import filled
from tests.unit.stages.tiny import ROUND_0, growing

RANDOM_1 = RoundRef("tiny", 0, "random", 1)


def test_weights_that_are_not_there_are_named(
    finished: LocalStore, settings: Config, tmp_path: Path
) -> None:
    """A backbone from a file or the store that is missing never means from scratch."""
    store = filled(MemoryStore(), finished)
    for place in (f"file:{tmp_path / 'no.pt'}", "store:weights/no.safetensors"):
        for setting in ("backbone", "weights"):
            detector = settings.detector.model_copy(update={setting: place})
            wrong = settings.model_copy(update={"detector": detector})
            with pytest.raises(ConfigError, match=rf"detector\.{setting}: .*no\."):
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


FROM_A_DETECTOR = {
    "backbone: scratch": "backbone: scratch, weights: 'store:weights/theirs.safetensors'",
    "steps: 4": "epochs: 1.5\n  min_steps: 4\n  freeze: stages\n  pretrained_rate_factor: 0.1",
    "size: 64}\nrounds: 3": "size: 64}\nrounds: 2",
}
"""What the tiny experiment is changed to: all that is new of a start from a detector at once."""


@pytest.fixture(scope="module")
def transferred(tiny: str) -> tuple[MemoryStore, Plan]:
    """A store where rounds 0 and 1 of an arm were trained from the weights of a detector."""
    for old, new in FROM_A_DETECTOR.items():
        assert old in tiny
        tiny = tiny.replace(old, new)
    store = MemoryStore()
    config = loading.parse(tiny, "tiny")
    theirs = build_detector(config.detector, ("theirs",), seed=5)
    store.write("weights/theirs.safetensors", save_model(theirs))
    outcome = experiment.run(store, config, Subset(("random",)))
    return store, outcome.plan


def test_the_marker_says_what_training_started_from(transferred: tuple[MemoryStore, Plan]) -> None:
    """Each part with its origin, and the digest of weights that lie in the store."""
    store, _ = transferred
    first, second = (
        load_marker(store.read(ref.stage("train").done), "marker") for ref in (ROUND_0, RANDOM_1)
    )
    weights = "store:weights/theirs.safetensors"
    assert first.start == {
        "backbone": weights,
        "neck": weights,
        "head": "drawn from the seed (it has other classes: theirs)",
    }
    assert "weights/theirs.safetensors" in first.inputs
    assert second.start == {"detector": "the model of the previous round"}


def test_the_steps_follow_the_images(transferred: tuple[MemoryStore, Plan]) -> None:
    """By hand: 1.5 epochs of 6 and of 10 images in batches of 4 are 2.25 and 3.75 steps.

    The floor of 4 steps counts more in both.
    """
    store, _ = transferred
    for ref in (ROUND_0, RANDOM_1):
        *_, last = read_output(store, ref.stage("train"), "history.jsonl").decode().splitlines()
        assert json.loads(last)["step"] == 4


@pytest.mark.slow
def test_a_killed_training_from_a_detector_ends_on_the_same_bytes(
    transferred: tuple[MemoryStore, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the weights and with a warm start: resumed at its checkpoint, as if never killed."""
    finished, plan = transferred
    for ref in (ROUND_0, RANDOM_1):
        store = filled(MemoryStore(), finished)
        stage = ref.stage("train")
        key = output_key(store, stage, "model.safetensors")
        expected = store.read(key)
        store.delete(key)
        store.delete(stage.done)
        with monkeypatch.context() as patch:
            patch.setattr("job.stages.train.asked_to_stop", stopping_after(3))
            with pytest.raises(StopRequested, match="at step 3 of 4"):
                run_stage(store, plan, stage)
        assert run_stage(store, plan, stage)["steps"] == 4
        assert store.read(key) == expected


def stopping_after(num_steps: int) -> Callable[[], AbstractContextManager[Callable[[], bool]]]:
    """Return a stand-in for `asked_to_stop`, as if a signal came after so many steps."""

    @contextmanager
    def asked() -> Iterator[Callable[[], bool]]:
        steps = count()
        yield lambda: next(steps) == num_steps

    return asked


def test_a_backbone_that_nobody_trained_is_not_frozen(tiny: str) -> None:
    """The weights hold no backbone that fits: refused, and not frozen as the seed drew it."""
    text = tiny.replace("scratch", "scratch, weights: 'store:theirs.safetensors'")
    config = loading.parse(text.replace("steps: 4", "freeze: backbone"), "tiny")
    store = MemoryStore()
    theirs = build_detector(config.detector, ("disc",), seed=5).state_dict()
    neck = {name: value for name, value in theirs.items() if ".extra." in name}
    store.write("theirs.safetensors", pack(neck, {}))
    message = r"train\.freeze: backbone, but the backbone is drawn from the seed \(the file has"
    with pytest.raises(ConfigError, match=message):
        experiment.run(store, config)
