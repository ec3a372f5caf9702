"""Exported files find the same again, and other files are refused."""

import json
import sys
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from job.config.detector import DetectorConfig
from job.config.runtime import RuntimeConfig
from job.config.schema import EvaluateConfig
from job.data.shards import EncodedImage
from job.detection.detectors.base import Detector, build_detector
from job.detection.detectors.serialization import pack
from job.detection.detectors.ssd import SsdDetector
from job.detection.exported import writing
from job.detection.exported.description import FormatName
from job.detection.exported.models import DetectorModel, Model, open_model
from job.detection.exported.writing import exported
from job.detection.input_size import Square
from job.detection.metrics.detections import Detections
from job.errors import BadDataError, ConfigError, UsageError
from job.testing.trying import outspoken
from tests.unit.detection.detectors.hugging_face_models import FAMILIES, settings
from tests.unit.detection.detectors.hugging_face_models import write as write_family

CONFIG = EvaluateConfig(score_threshold=0.05, max_detections=20)
RUNTIME = RuntimeConfig(device="cpu", threads=1, batch_size=1)  # as a graph: no image is padded


def images() -> Iterator[EncodedImage]:
    """Two images of different sizes, with large spots of colours that are drawn by chance."""
    draw = np.random.default_rng(0)
    for name, size in {"a": (80, 48), "b": (64, 100)}.items():
        file = BytesIO()
        spots = Image.fromarray(draw.integers(0, 255, (5, 5, 3), dtype=np.uint8))
        spots.resize(size).save(file, "PNG")
        yield EncodedImage(name, ".png", file.getvalue())


def found_by(model: Model) -> Detections:
    return Detections.joined([*model.detections(images(), lambda transform: transform)])


def write(detector: Detector, config: DetectorConfig, name: FormatName, path: Path) -> Detections:
    """Export a detector to a file, and return what it found itself."""
    data = exported(detector, CONFIG, name, {"detector": config.model_dump(mode="json")})
    path.write_bytes(data)
    return found_by(DetectorModel(detector, CONFIG, RUNTIME))


def test_weights_with_their_description_are_enough(
    detector: SsdDetector, config: DetectorConfig, tmp_path: Path
) -> None:
    """The detector is built from the file alone, and keeps the same detections."""
    expected = write(detector, config, "safetensors", tmp_path / "model")
    model = open_model(tmp_path / "model", RUNTIME)
    assert model.classes == detector.classes
    found = found_by(model)
    assert len(found.scores) > 20
    np.testing.assert_array_equal(found.boxes_xyxy, expected.boxes_xyxy)
    np.testing.assert_array_equal(found.scores, expected.scores)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["onnx", "pt2"])
def test_a_graph_finds_the_same(
    name: FormatName, detector: SsdDetector, config: DetectorConfig, tmp_path: Path
) -> None:
    """Torch and onnxruntime find what al-voc finds, in pixels of the image."""
    if name == "onnx":
        pytest.importorskip("onnxruntime")
    with torch.no_grad():  # scores that differ, so that their order does not depend on rounding
        for values in detector.ssd.head.classification_head.parameters():
            values.mul_(30)
    expected = write(detector, config, name, tmp_path / "model")
    found = found_by(open_model(tmp_path / "model", RUNTIME))
    assert found.ids == ("a", "b")
    np.testing.assert_array_equal(found.offsets, expected.offsets)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)
    np.testing.assert_allclose(found.boxes_xyxy, expected.boxes_xyxy, atol=0.05)
    assert str(Path(__file__).parents[4]).encode() not in (tmp_path / "model").read_bytes()


@pytest.mark.detectors
@pytest.mark.parametrize("name", ["onnx", "pt2"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_graph_of_a_transformer_finds_the_same(
    family: str, name: FormatName, tmp_path: Path
) -> None:
    """Also in images of another aspect ratio than that it was traced with."""
    config = settings(write_family(tmp_path / "family", family))
    detector = outspoken(build_detector(config, ("a", "b", "c"), seed=0))
    expected = write(detector, config, name, tmp_path / "model")
    found = found_by(open_model(tmp_path / "model", RUNTIME))
    assert len(found.scores) > 5
    np.testing.assert_array_equal(found.offsets, expected.offsets)
    np.testing.assert_array_equal(found.labels, expected.labels)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-4)
    np.testing.assert_allclose(found.boxes_xyxy, expected.boxes_xyxy, atol=0.05)


def test_a_package_that_is_missing_is_named(
    detector: SsdDetector, config: DetectorConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says which package it is, and how to install it."""
    monkeypatch.setattr(writing, "find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"needs the package onnx, .* pip install 'al-voc\[onnx"):
        write(detector, config, "onnx", tmp_path / "model")
    (tmp_path / "model").write_bytes(b"\x08\x0aonnx")
    with pytest.raises(ConfigError, match="needs the package onnxruntime"):
        open_model(tmp_path / "model", RUNTIME)


def test_a_detector_that_cannot_be_traced_is_told_in_one_line(
    detector: SsdDetector,
    config: DetectorConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever torch raises, the line has the format, the detector and what works instead."""

    def fail(*_: object, **__: object) -> None:
        sys.stderr.write("the graph so far, in many lines")
        message = "no such operator\nand many more lines"
        raise NotImplementedError(message)

    monkeypatch.setattr("torch.export.export", fail)
    with pytest.raises(UsageError) as raised:
        write(detector, config, "pt2", tmp_path / "model")
    assert str(raised.value) == (
        "--format pt2: torch cannot trace ssdlite_mobilenet_v2 (NotImplementedError: no such "
        "operator); safetensors works for every detector"
    )
    assert not capsys.readouterr().err


class Letterbox(Square):
    """A rule of another package."""


def test_a_rule_of_size_that_no_graph_could_say_is_refused(
    detector: SsdDetector, config: DetectorConfig, tmp_path: Path
) -> None:
    """A file that said Square would show the network other images; weights know their detector."""
    detector.input_size = Letterbox(config.size)
    with pytest.raises(UsageError, match=r"--format pt2: .* neither Square nor Fit"):
        write(detector, config, "pt2", tmp_path / "model")
    assert write(detector, config, "safetensors", tmp_path / "model").ids == ("a", "b")


def zipped(name: str, text: str) -> bytes:
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, text)
    return file.getvalue()


OTHERS = {
    "a round's model": (pack({}, {"model": "ssd_vgg16"}), "does not say the settings"),
    "settings of a later version": (
        pack({}, {"detector": {}, "evaluate": {"limit": 3}}),
        "as another version does",
    ),
    "safetensors of others": (b"\x02" + 7 * b"\0" + b"{}", "not written by al-job"),
    "a zip file": (zipped("a/b.txt", ""), "was not written by"),
    "half a zip file": (zipped("a/b.txt", "")[:40], "not a model that can be read, or damaged"),
    "not what it says": (
        zipped("archive/extra/al-job.json", json.dumps({"classes": ["a"]})),
        "does not say its classes and its input size",
    ),
    "no graph in it": (
        zipped(
            "archive/extra/al-job.json",
            '{"classes": ["a"], "input_size": {"size": 64}, "fill": [0, 0, 0], "evaluate": {}}',
        ),
        "not a model that can be read, or damaged",
    ),
}


@pytest.mark.parametrize("what", OTHERS)
def test_another_file_is_refused(what: str, tmp_path: Path) -> None:
    """One line says what the file is not."""
    data, reason = OTHERS[what]
    (tmp_path / "model").write_bytes(data)
    with pytest.raises(BadDataError, match=reason) as raised:
        open_model(tmp_path / "model", RUNTIME)
    assert str(raised.value).startswith(f"{tmp_path / 'model'}: ")
    assert "\n" not in str(raised.value)


def test_what_is_no_model_at_all_is_refused(tmp_path: Path) -> None:
    """What has no signature is taken for ONNX, which onnxruntime then cannot read."""
    pytest.importorskip("onnxruntime")
    (tmp_path / "model").write_bytes(b"hello")
    with pytest.raises(BadDataError, match="not a model that can be read, or damaged"):
        open_model(tmp_path / "model", RUNTIME)
