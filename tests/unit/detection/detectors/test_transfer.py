"""A start from a trained detector: which parts are taken, and why others are not."""

from pathlib import Path
from typing import cast

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Detector, build_detector, load_model, save_model
from job.detection.detectors.serialization import pack
from job.detection.detectors.ssd import SsdDetector
from job.detection.detectors.transfer import load_weights
from job.errors import ConfigError

CLASSES = ("disc", "square")


@pytest.fixture
def trained(config: DetectorConfig) -> SsdDetector:
    """Another detector of the same kind; no tensor is as its initialisation makes it."""
    made = cast("SsdDetector", build_detector(config, CLASSES, seed=9))
    with torch.no_grad():
        for number, tensor in enumerate(made.state_dict().values()):
            if tensor.is_floating_point():
                tensor.add_(1 + number / 512)
    return made


def floats(detector: Detector) -> dict[str, Tensor]:
    """The tensors that a training changes, copied."""
    return {k: v.clone() for k, v in detector.state_dict().items() if v.is_floating_point()}


def is_of_head(name: str) -> bool:
    return name.startswith("ssd.head.")


def assert_taken(detector: Detector, before: dict[str, Tensor], taken: dict[str, Tensor]) -> None:
    """Assert that these tensors were taken and all others are as before."""
    for name, value in floats(detector).items():
        assert torch.equal(value, taken.get(name, before[name])), name


def test_a_model_of_ours_with_our_classes_is_taken_whole(
    detector: SsdDetector, trained: SsdDetector, tmp_path: Path
) -> None:
    """The head as well: a team goes on from its own detector."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(save_model(trained))
    before = floats(detector)
    assert load_weights(detector, path) == {}
    assert detector.pretrained == {"backbone", "neck", "head"}
    assert_taken(detector, before, floats(trained))


def test_another_input_size_takes_the_same_weights(trained: SsdDetector, tmp_path: Path) -> None:
    """Convolutions do not know the size, and default boxes are shares of it."""
    path = tmp_path / "model.safetensors"
    path.write_bytes(save_model(trained))
    large = build_detector(DetectorConfig(size=96, width=0.25, backbone="scratch"), CLASSES, seed=0)
    assert load_weights(large, path) == {}


@pytest.mark.parametrize(
    ("classes", "reason"),
    [
        (("disc", "ring"), "it has other classes: disc, ring"),
        (("square", "disc"), "its classes have another order: square, disc"),
    ],
)
def test_the_head_of_other_classes_is_drawn_anew(
    detector: SsdDetector,
    config: DetectorConfig,
    tmp_path: Path,
    classes: tuple[str, ...],
    reason: str,
) -> None:
    """It has as many outputs, and they mean something else. The rest is taken."""
    other = build_detector(config, classes, seed=4)
    path = tmp_path / "model.safetensors"
    path.write_bytes(save_model(other))
    before = floats(detector)
    assert load_weights(detector, path) == {"head": reason}
    assert detector.pretrained == {"backbone", "neck"}
    taken = {name: value for name, value in floats(other).items() if not is_of_head(name)}
    assert_taken(detector, before, taken)


def test_a_head_whose_classes_nobody_says_is_drawn_anew(
    detector: SsdDetector, trained: SsdDetector, tmp_path: Path
) -> None:
    """As many classes need not be the same ones."""
    path = tmp_path / "model.safetensors"
    save_file(trained.state_dict(), path, {"al-job": "no JSON"})
    assert load_weights(detector, path) == {"head": "the file does not say its classes"}


def test_half_precision_and_torchvisions_names_are_understood(
    detector: SsdDetector, trained: SsdDetector, tmp_path: Path
) -> None:
    """The backbone as `features`, the neck as ours, no head: as a detector of others comes."""
    backbone = {f"features.{k}": v for k, v in trained.backbone_layers.state_dict().items()}
    neck = {k: v for k, v in trained.state_dict().items() if ".extra." in k}
    held = {k: v.half() if v.is_floating_point() else v for k, v in (backbone | neck).items()}
    path = tmp_path / "detector.safetensors"
    save_file(held, path)
    before = floats(detector)
    assert load_weights(detector, path) == {"head": "the file has none"}
    halved = {k: v.half().float() for k, v in floats(trained).items() if not is_of_head(k)}
    assert_taken(detector, before, halved)


@pytest.mark.parametrize("prefix", ["", "features."])
def test_a_backbone_alone_is_a_start_too(
    detector: SsdDetector, trained: SsdDetector, tmp_path: Path, prefix: str
) -> None:
    """In either of the layouts that `detector.backbone` takes."""
    path = tmp_path / "backbone.pt"
    layers = trained.backbone_layers.state_dict()
    torch.save({f"{prefix}{k}": v for k, v in layers.items()}, path)
    assert load_weights(detector, path).keys() == {"neck", "head"}
    assert detector.pretrained == {"backbone"}


def test_torchvisions_own_ssd_is_understood(vgg: SsdDetector, tmp_path: Path) -> None:
    """Its names lack the `ssd.` of ours, and it does not say its classes."""
    before = {k: v.clone() for k, v in vgg.state_dict().items()}
    path = tmp_path / "ssd300.safetensors"
    save_file({k: (v + 1).contiguous() for k, v in vgg.ssd.state_dict().items()}, path)
    assert load_weights(vgg, path) == {"head": "the file does not say its classes"}
    after = {k: v.clone() for k, v in vgg.state_dict().items()}
    vgg.load_state_dict(before)
    vgg.pretrained = frozenset()
    for name, value in after.items():
        assert torch.equal(value, before[name] + (not is_of_head(name))), name


def test_a_part_is_taken_whole_or_not_at_all(
    detector: SsdDetector, trained: SsdDetector, tmp_path: Path
) -> None:
    """One tensor is missing from the neck, and one has another shape in the backbone."""
    state = trained.state_dict()
    del state["ssd.backbone.extra.1.1.1.bias"]
    state["ssd.backbone.features.0.0.1.bias"] = torch.zeros(3)
    path = tmp_path / "model.safetensors"
    path.write_bytes(pack(state, trained.description))
    before = floats(detector)
    assert load_weights(detector, path) == {
        "backbone": "ssd.backbone.features.0.0.1.bias is (3,), expected (8,)",
        "neck": "ssd.backbone.extra.1.1.1.bias is missing",
    }
    assert detector.pretrained == {"head"}
    assert_taken(detector, before, {k: v for k, v in floats(trained).items() if is_of_head(k)})


def test_a_file_that_fits_nothing_is_refused(detector: SsdDetector, tmp_path: Path) -> None:
    """One line says what the file says it is, and the first difference; nothing has changed."""
    wide = build_detector(DetectorConfig(size=64, width=0.5, backbone="scratch"), CLASSES, seed=0)
    path = tmp_path / "wide.safetensors"
    path.write_bytes(save_model(wide))
    before = save_model(detector)
    with pytest.raises(ConfigError) as caught:
        load_weights(detector, path)
    assert str(caught.value) == (
        f"detector.weights: {path}: nothing in it fits ssdlite_mobilenet_v2 at width 0.25 "
        "(it says: ssdlite_mobilenet_v2 at width 0.5): backbone: "
        "ssd.backbone.features.0.0.0.weight is (16, 3, 3, 3), expected (8, 3, 3, 3); "
        "name another, or leave it out"
    )
    assert save_model(detector) == before
    assert not detector.pretrained


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "no such file; name another, or leave it out"), (b"<html>", "neither safetensors nor")],
)
def test_a_file_without_weights_is_refused(
    detector: SsdDetector, tmp_path: Path, content: bytes | None, words: str
) -> None:
    """The line names the setting and the file."""
    path = tmp_path / "model.safetensors"
    if content:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=rf"^detector\.weights: .*model\.safetensors: {words}"):
        load_weights(detector, path)


def test_a_detector_that_does_not_name_its_head_has_no_neck(
    detector: SsdDetector, trained: SsdDetector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All outside the backbone may depend on the classes, and is taken for these alone."""
    monkeypatch.setattr(SsdDetector, "is_of_head", Detector.is_of_head)
    path = tmp_path / "model.safetensors"
    path.write_bytes(pack(trained.state_dict(), {"classes": ["ring"]}))
    assert load_weights(detector, path) == {"head": "it has other classes: ring"}
    assert detector.pretrained == {"backbone"}


def test_a_saved_model_knows_which_parts_were_pretrained(
    detector: SsdDetector, config: DetectorConfig
) -> None:
    """Also in the round after next, when a warm start has loaded and saved it once more."""
    from_weights = config.model_copy(update={"weights": "file:any.safetensors"})
    detector.remember_pretrained(["neck", "backbone"])
    again = load_model(save_model(detector), from_weights)
    assert load_model(save_model(again), from_weights).pretrained == {"backbone", "neck"}
