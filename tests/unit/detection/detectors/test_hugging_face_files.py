"""What is read of a model of transformers, and what is refused."""

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import transformers
from huggingface_hub import errors

from job.config.detector import DetectorConfig
from job.detection.detectors.architecture import architecture_of
from job.detection.detectors.weights import new_detector
from job.errors import AlJobError, ConfigError, TemporaryError
from tests.unit.detection.detectors.hugging_face_models import SQUARE, rt_detr, settings, write

torch.set_num_threads(1)

CLASSES = ("red", "green", "blue")


def refusal(config: DetectorConfig) -> AlJobError:
    with pytest.raises(AlJobError) as caught:
        new_detector(config, CLASSES, 0, Path)
    assert "\n" not in str(caught.value)
    return caught.value


def test_what_is_no_detector_is_refused(tmp_path: Path) -> None:
    """In one line each: no files, another task, no processor, a size that no layer takes."""
    nothing = refusal(settings(tmp_path))
    assert f"detector.name: {tmp_path}: no configuration of a model" in str(nothing)
    transformers.ResNetConfig().save_pretrained(tmp_path)
    assert str(refusal(settings(tmp_path))) == (
        f"detector.name: {tmp_path}: resnet is not a model for object detection"
    )
    rt_detr()[0].save_pretrained(tmp_path)
    assert f"detector.name: {tmp_path}: no processor of images" in str(refusal(settings(tmp_path)))
    write(tmp_path)
    assert str(refusal(settings(tmp_path, size=100))).startswith(
        f"detector.size: 100: {tmp_path} does not take it ("
    )
    no_weights = str(refusal(settings(tmp_path, backbone="hub")))
    assert no_weights.startswith(f"detector.backbone: hub: {tmp_path}: no weights that can be read")


def test_a_processor_of_another_kind_is_refused(tmp_path: Path) -> None:
    """A rectangle, or one whose scores are neither softmax nor sigmoid."""
    rt_detr()[0].save_pretrained(tmp_path)
    transformers.RTDetrImageProcessor(size={"height": 64, "width": 96}).save_pretrained(tmp_path)
    assert "neither a square nor a shortest edge" in str(refusal(settings(tmp_path)))
    transformers.ViTImageProcessor(size=SQUARE).save_pretrained(tmp_path)
    assert "its processor shows no scores of boxes" in str(refusal(settings(tmp_path)))


def test_logits_of_another_number_are_refused(tmp_path: Path) -> None:
    """DETR's processor expects an output for no object, which RT-DETR does not have."""
    rt_detr()[0].save_pretrained(tmp_path)
    transformers.DetrImageProcessor(size=SQUARE).save_pretrained(tmp_path)
    assert str(refusal(settings(tmp_path))) == (
        f"detector.name: {tmp_path}: a box has 3 logits for 3 classes, and not the 4 of which its "
        "processor makes scores"
    )


def test_a_missing_library_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    monkeypatch.setitem(sys.modules, "transformers", None)
    error = refusal(settings(tmp_path))
    assert isinstance(error, ConfigError)
    assert str(error).startswith("detector.model: transformers: the library is missing (")
    assert str(error).endswith("pip install 'al-voc[transformers]'")


def test_the_place_of_the_files_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder, the hub's cache, or the hub; a name that neither can have is refused."""
    told = {}
    for name, cached in ((str(tmp_path), None), ("owner/model", "there"), ("owner/other", None)):
        monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_, c=cached, **__: c)
        told[name] = architecture_of(settings(Path(name))).own_files()
    assert told == {
        str(tmp_path): f"the folder {tmp_path}",
        "owner/model": "owner/model: in the cache of the hub",
        "owner/other": "owner/other: will be downloaded",
    }
    monkeypatch.undo()
    with pytest.raises(ConfigError, match="no such folder, nor a name of the hub"):
        architecture_of(settings(Path("/no/such/folder"))).own_files()


ANSWER = SimpleNamespace(headers={}, request=None, status_code=404)


@pytest.mark.parametrize(
    ("raised", "kind", "told"),
    [
        (
            errors.RepositoryNotFoundError("404\nnot found", response=ANSWER),
            ConfigError,
            "not a folder, nor a model that the hub shows at revision main",
        ),
        (
            errors.LocalEntryNotFoundError("no connection\nand not in the cache"),
            TemporaryError,
            "it could not be downloaded from the hub (no connection): give a folder instead",
        ),
        (PermissionError("no"), ConfigError, "name another directory in HF_HOME"),
        (errors.HFValidationError("bad"), ConfigError, "nor a name of the hub (OWNER/MODEL)"),
    ],
)
def test_errors_of_the_hub_are_one_line(
    monkeypatch: pytest.MonkeyPatch, raised: Exception, kind: type[AlJobError], told: str
) -> None:
    """What may pass is a temporary error, and the rest is one of the configuration."""

    def fail(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr("huggingface_hub.snapshot_download", fail)
    error = refusal(settings(Path("owner/model")))
    assert isinstance(error, kind)
    assert told in str(error)
