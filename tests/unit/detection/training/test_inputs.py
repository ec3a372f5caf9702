"""What a training is given, also in another process."""

from pathlib import Path

import numpy as np

from job.config.schema import Config
from job.data.shards import LabelledImage, with_labels
from job.detection.training.inputs import TrainingInputs
from job.records.annotation import Annotation


def label(left: float) -> Annotation:
    """One disc in an image of 64 x 64 pixels."""
    box = np.array([[left, 4, 30, 40]], np.float32)
    return Annotation(64, 64, box, ("disc",), (False,), (False,))


def test_other_processes_get_the_same_inputs(settings: Config) -> None:
    """Corrected labels too, to the last digit."""
    corrections = {"one": label(1 / 3), "two": label(2)}
    inputs = TrainingInputs(
        settings, (Path("/shard.tar"),), warm_start=True, seed=(0, 1), corrections=corrections
    )
    found = TrainingInputs.from_json(inputs.to_json())
    assert (found.config, found.shards, found.seed) == (settings, inputs.shards, (0, 1))
    assert found.warm_start
    assert list(found.corrections) == ["one", "two"]
    for image_id, expected in corrections.items():
        assert found.corrections[image_id].to_json() == expected.to_json()


def test_a_corrected_label_takes_the_place_of_the_shards() -> None:
    """Only that of its image; the order and the images stay."""
    images = [
        LabelledImage(image_id, Path("/shard.tar"), ".jpg", 0, 1, label(0))
        for image_id in ("a", "b")
    ]
    changed = with_labels(images, {"b": label(5), "c": label(6)})
    assert [image.id for image in changed] == ["a", "b"]
    assert [image.annotation.boxes_xyxy[0, 0] for image in changed] == [0, 5]
