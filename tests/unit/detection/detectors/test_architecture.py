"""What a configuration's detector is checked against, and a detector from another package."""

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from job.config import loading
from job.config.detector import DetectorConfig
from job.config.schema import ScoreConfig
from job.config.train import TrainConfig
from job.data.shards import EncodedImage
from job.detection.detectors.architecture import architecture_of
from job.detection.detectors.base import build_detector, load_model, save_model
from job.detection.inference.predict import Engine, record_images
from job.detection.training.context import TrainingContext
from job.detection.training.loop import fit
from job.errors import ConfigError
from job.records.annotation import Annotation
from job.registries import check_detector

CPU = torch.device("cpu")
EXPERIMENT = """
experiment: wrong
dataset: {name: drawn, synthetic: {num_pool: 8, num_test: 4, size: 64}}
arms: {random: {strategy: random}}
detector: {DETECTOR}
"""

OUTSIDE = '''
"""A detector of another package: two convolutions before SSD's heads."""

from job.detection.detectors.architecture import Architecture


class Small(Architecture):
    """SSD on two maps."""

    sizes = (64, 96)
    mean = std = (0.5, 0.5, 0.5)

    def build(self, config, classes, made_of):
        from collections import OrderedDict

        from torch import nn
        from torchvision.models.detection.anchor_utils import DefaultBoxGenerator
        from torchvision.models.detection.ssd import SSD, SSDHead

        from job.detection.detectors.ssd import SsdDetector

        class Maps(nn.Module):
            def __init__(self, layers):
                super().__init__()
                self.layers = layers

            def forward(self, images):
                fine = self.layers[0](images)
                return OrderedDict([("0", fine), ("1", self.layers[1](fine))])

        layers = nn.Sequential(nn.Conv2d(3, 8, 3, 16, 1), nn.Conv2d(8, 12, 3, 2, 1))
        anchors = DefaultBoxGenerator([[2], [2]])
        outputs = len(classes) + 1
        head = SSDHead([8, 12], anchors.num_anchors_per_location(), outputs)
        ssd = SSD(Maps(layers), anchors, (config.size, config.size), outputs, head=head)
        return SsdDetector(self, config, classes, ssd, layers, stride_16_map=0)
'''


@pytest.fixture
def _outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install a package with a detector, as pip would."""
    (tmp_path / "al_voc_small.py").write_text(OUTSIDE)
    metadata = tmp_path / "al_voc_small-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: al-voc-small\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[al_voc.detectors]\nsmall = al_voc_small:Small\n")
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.usefixtures("_outside")
def test_a_detector_of_another_package_is_trained_and_used() -> None:
    """A module and an entry point are enough to build, train, save, load and score with it."""
    config = DetectorConfig(model="small", size=64, backbone="scratch")
    detector = build_detector(config, ("disc", "square"), seed=0)
    before = save_model(detector)
    image = Image.new("RGB", (64, 64), "red")
    boxes = np.array([[8, 8, 40, 40]], dtype=np.float32)
    sample = image, Annotation(64, 64, boxes, ("disc",), (False,), (False,))
    training = TrainConfig(batch_size=2, augmentation="none")
    run = TrainingContext(detector, [sample], training, steps=3, seed=(0, 0), device=CPU)
    history = fit(run, save_checkpoint=lambda _: None, stop=lambda: False)
    assert np.isfinite(history[-1].loss)
    assert save_model(detector) != before
    loaded = load_model(save_model(detector), config)
    file = BytesIO()
    image.save(file, "PNG")
    encoded = EncodedImage("a", ".png", file.getvalue())
    engine = Engine(CPU, 1)
    settings = ScoreConfig(box_features=True, score_threshold=0)
    (record,) = record_images(loaded, [[encoded]], settings, engine)
    assert record.embeddings.shape == (1, 12)
    assert record.box_features is not None
    assert record.box_features.shape[1] == 8


@pytest.mark.usefixtures("_outside")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"model": "ssd_vg16", "size": 300},
            (
                "detector.model: unknown 'ssd_vg16'; did you mean 'ssd_vgg16'? "
                "known: faster_rcnn, fcos, retinanet, small, ssd_vgg16, ssdlite_mobilenet_v2, "
                "ssdlite_mobilenet_v3, transformers"
            ),
        ),
        (
            {"model": "ssd_vgg16", "wieghts": "hub"},
            (
                "detector 'ssd_vgg16': wieghts: unknown key; did you mean 'weights'? "
                "known: backbone, model, size, weights, width"
            ),
        ),
        ({"model": "ssd_vgg16"}, "detector.size: ssd_vgg16 takes 300 only (given: 320)"),
        (
            {"model": "ssd_vgg16", "size": 300, "width": 0.5, "backbone": "scratch"},
            "detector.width: ssd_vgg16 takes 1.0 only (given: 0.5)",
        ),
        ({"model": "small"}, "detector.size: small takes 64 or 96 only (given: 320)"),
        (
            {"model": "small", "size": 64},
            "detector.backbone: the hub has no weights for small; set scratch or name a file",
        ),
        (
            {"width": 0.5},
            (
                "detector.backbone: the hub has weights of ssdlite_mobilenet_v2 for width 1.0 "
                "only; set scratch or name a file"
            ),
        ),
    ],
)
def test_a_setting_that_a_detector_does_not_take_is_refused(
    settings: dict[str, Any], message: str
) -> None:
    """In one line that says what it takes."""
    with pytest.raises(ConfigError) as caught:
        architecture_of(DetectorConfig.model_validate(settings))
    assert str(caught.value) == message


@pytest.mark.usefixtures("_outside")
def test_a_detector_that_knows_no_early_stages_cannot_freeze_them() -> None:
    """The line says what it could freeze instead."""
    text = EXPERIMENT.replace("DETECTOR", "model: small, size: 64, backbone: 'file:a.pt'")
    message = r"^train\.freeze: small does not say which stages are early .*: set backbone or none"
    with pytest.raises(ConfigError, match=message):
        check_detector(loading.parse(f"{text}train: {{freeze: stages}}", "small"))


@pytest.mark.parametrize("detector", ["model: ssdlite", "model: ssd_vgg16"])
@pytest.mark.parametrize("command", ["init", "run"])
def test_a_wrong_detector_is_refused_before_anything_is_written(
    detector: str, command: str, tmp_path: Path, al_job: Callable[..., Any]
) -> None:
    """By its name or by its size, with the exit code of a wrong configuration."""
    path = tmp_path / "wrong.yaml"
    path.write_text(EXPERIMENT.replace("DETECTOR", detector))
    ended = al_job(command, path, "--store", tmp_path / "state")
    assert ended.code == ConfigError.exit_code
    assert "detector." in ended.err
    assert "Traceback" not in ended.err
    assert not list((tmp_path / "state").rglob("*.*"))
