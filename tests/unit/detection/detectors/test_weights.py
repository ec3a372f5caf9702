import errno
import os
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.error import URLError

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor
from torchvision.models import mobilenet_v2
from torchvision.models.vgg import cfgs, make_layers

from job.config.detector import DetectorConfig
from job.detection.detectors import weights
from job.detection.detectors.base import build_detector, load_model, save_model
from job.detection.detectors.ssd import SsdDetector
from job.detection.detectors.weights import hub_file, load_backbone, new_detector
from job.errors import ConfigError, TemporaryError

CLASSES = ("disc", "square")


@pytest.fixture
def classifier() -> torch.nn.Module:
    """Torchvision's classifier at the test detector's width, with statistics of its own."""
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = mobilenet_v2(width_mult=0.25)
        for module in model.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.running_mean.uniform_(-1, 1)  # type: ignore[union-attr]
        model.eval()
    return cast("torch.nn.Module", model)


def last_maps(detector: SsdDetector, image: Tensor) -> Tensor:
    maps: dict[str, Tensor] = detector.ssd.backbone.eval()(image)
    return maps["1"]


@pytest.mark.parametrize("layout", ["classifier", "prefixed", "features", "old", "safetensors"])
def test_every_layout_of_torchvisions_weights_is_understood(
    layout: str, classifier: torch.nn.Module, detector: SsdDetector, tmp_path: Path
) -> None:
    """The backbone then computes what the classifier's feature layers do."""
    state = classifier.state_dict()
    if layout == "prefixed":
        state = {k: v for k, v in state.items() if k.startswith("features.")}
    if layout == "features":
        state = classifier.features.state_dict()  # type: ignore[union-attr]
    if layout == "old":
        state = {k: v for k, v in state.items() if not k.endswith("num_batches_tracked")}
    path = tmp_path / ("weights.safetensors" if layout == "safetensors" else "weights.pt")
    if layout == "safetensors":
        save_file(state, path)
    else:
        torch.save(state, path)
    load_backbone(detector, path)
    image = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = classifier.features(image)  # type: ignore[operator]
        torch.testing.assert_close(last_maps(detector, image), expected)


def test_vgg_weights_are_understood(vgg: SsdDetector, tmp_path: Path) -> None:
    """A VGG16 file reaches the layers before and after the split at conv4_3."""
    layers = make_layers(cfgs["D"])
    path = tmp_path / "vgg.safetensors"
    save_file({f"features.{k}": v for k, v in layers.state_dict().items()}, path)
    load_backbone(vgg, path)
    assert torch.equal(vgg.ssd.backbone.features[21].weight, layers[21].weight)
    assert torch.equal(vgg.ssd.backbone.extra[0][5].weight, layers[28].weight)


def test_weights_of_another_width_are_refused_whole(detector: SsdDetector, tmp_path: Path) -> None:
    """The message names the first layer that differs, and no weight has changed."""
    before = save_model(detector)
    path = tmp_path / "wide.pt"
    torch.save(mobilenet_v2(width_mult=0.5).state_dict(), path)
    with pytest.raises(ConfigError, match=r"wide\.pt: .*0\.0\.weight is \(16, 3, 3, 3\)") as caught:
        load_backbone(detector, path)
    assert "\n" not in str(caught.value)
    assert save_model(detector) == before


@pytest.mark.parametrize(
    ("change", "problem"),
    [({"0.0.weight": None}, "0.0.weight is missing"), ({"99.weight": 1}, "99.weight is unknown")],
)
def test_missing_and_unknown_layers_are_refused(
    change: dict[str, Any], problem: str, detector: SsdDetector, tmp_path: Path
) -> None:
    """A file must hold all layers of the backbone and no others."""
    state = detector.backbone_layers.state_dict()
    for key, value in change.items():
        if value is None:
            del state[key]
        else:
            state[key] = torch.ones(1)
    path = tmp_path / "weights.pt"
    torch.save(state, path)
    with pytest.raises(ConfigError, match=problem):
        load_backbone(detector, path)


class Unsafe:
    """What a state dictionary has no business to hold."""


@pytest.mark.parametrize("name", ["weights.pt", "weights.safetensors"])
def test_a_file_that_holds_no_weights_is_refused(
    name: str, detector: SsdDetector, tmp_path: Path
) -> None:
    """Text under the name of weights is answered in one line that names the file."""
    path = tmp_path / name
    path.write_text("a page that says: not found")
    with pytest.raises(ConfigError, match=name) as caught:
        load_backbone(detector, path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [Unsafe(), [1, 2], {"epoch": 3}])
def test_a_pickle_of_something_else_is_refused(
    content: object, detector: SsdDetector, tmp_path: Path
) -> None:
    """Only a dictionary of tensors is taken; nothing in the file is executed."""
    path = tmp_path / "weights.pt"
    torch.save(content, path)
    with pytest.raises(ConfigError, match=r"weights\.pt"):
        load_backbone(detector, path)


def test_a_missing_file_is_named(detector: SsdDetector, tmp_path: Path) -> None:
    """The path that does not exist is in the message."""
    with pytest.raises(ConfigError, match=r"nowhere\.pt: no such file"):
        load_backbone(detector, tmp_path / "nowhere.pt")


def offered(detector: SsdDetector, monkeypatch: pytest.MonkeyPatch, hub: object) -> None:
    """Let torchvision have such weights for the detector's width."""
    width = detector.description["width"]
    monkeypatch.setattr(type(detector.architecture), "hub_weights", {width: "TheirWeights.V1"})
    monkeypatch.setattr(weights, "get_weight", {"TheirWeights.V1": hub}.__getitem__)


def test_an_unreachable_hub_says_how_to_do_without(
    detector: SsdDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without network, the error can be retried and says how to give a file."""

    class Unreachable:
        def get_state_dict(self, **_: object) -> NoReturn:
            reason = "no route"
            raise URLError(reason)

    offered(detector, monkeypatch, Unreachable())
    with pytest.raises(TemporaryError, match="file:PATH"):
        load_backbone(detector, "hub")


@pytest.mark.parametrize("home", ["file/below", "link"])
def test_a_hub_without_a_place_on_the_disk_is_a_wrong_setting(
    home: str, detector: SsdDetector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No later attempt gets past it; the line names the variable."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "file")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / home))
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    hub_weights = {0.25: "MobileNet_V2_Weights.IMAGENET1K_V1"}
    monkeypatch.setattr(type(detector.architecture), "hub_weights", hub_weights)
    with pytest.raises(ConfigError, match="TORCH_HOME") as caught:
        load_backbone(detector, "hub")
    assert "\n" not in str(caught.value)


def test_a_read_only_file_system_is_a_wrong_setting(
    detector: SsdDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container without a volume for weights."""

    class ReadOnly:
        def get_state_dict(self, **_: object) -> NoReturn:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), "/home/x")

    offered(detector, monkeypatch, ReadOnly())
    with pytest.raises(ConfigError, match=r"Read-only file system.*TORCH_HOME"):
        load_backbone(detector, "hub")


def test_the_hubs_weights_are_used(
    detector: SsdDetector, classifier: torch.nn.Module, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the hub gives ends up in the backbone, once its hash was checked."""

    class Hub:
        def get_state_dict(self, *, progress: bool, check_hash: bool) -> dict[str, Tensor]:
            assert check_hash
            assert not progress
            return classifier.state_dict()

    offered(detector, monkeypatch, Hub())
    load_backbone(detector, "hub")
    weight = detector.backbone_layers.state_dict()["18.0.weight"]
    assert torch.equal(weight, classifier.state_dict()["features.18.0.weight"])


def test_where_weights_of_the_hub_come_from_is_told_with_their_licence(
    detector: SsdDetector,
    classifier: torch.nn.Module,
    config: DetectorConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The marker of the training has it, and the report; or that the licence is not known."""

    class Hub:
        def get_state_dict(self, **_: object) -> dict[str, Tensor]:
            return classifier.state_dict()

    offered(detector, monkeypatch, Hub())
    of_hub = config.model_copy(update={"backbone": "hub"})
    for licence, words in (("MIT", "MIT"), ("", "not known")):
        monkeypatch.setattr(type(detector.architecture), "licence", licence)
        made = new_detector(of_hub, ("a",), 0, Path)
        assert made.origins["backbone"] == f"hub: TheirWeights.V1 (licence: {words})"


def test_a_backbone_leaves_the_head_alone(
    classifier: torch.nn.Module, config: DetectorConfig, tmp_path: Path
) -> None:
    """Only the backbone changes: the head stays what the seed made it."""
    path = tmp_path / "weights.pt"
    torch.save(classifier.state_dict(), path)
    one, other = (cast("SsdDetector", build_detector(config, ("a",), seed=3)) for _ in range(2))
    load_backbone(one, path)
    for name, value in other.ssd.head.state_dict().items():
        assert torch.equal(one.ssd.head.state_dict()[name], value)


def test_what_came_from_a_file_is_known_as_pretrained(
    classifier: torch.nn.Module, config: DetectorConfig, tmp_path: Path
) -> None:
    """All of the backbone's parameters and no others, also of a model that was saved and loaded."""
    path = tmp_path / "weights.pt"
    torch.save(classifier.state_dict(), path)
    drawn = build_detector(config, ("a",), seed=3)
    assert not drawn.pretrained_names()
    load_backbone(drawn, path)
    num_tensors = len(classifier.features.state_dict())  # type: ignore[union-attr]
    assert len(drawn.pretrained_names()) == num_tensors
    assert not any("head" in name for name in drawn.pretrained_names())
    taken = config.model_copy(update={"backbone": f"file:{path}"})
    for each, expected in (taken, drawn.pretrained), (config, frozenset()):
        assert load_model(save_model(drawn), each).pretrained == expected


def test_the_hub_is_not_asked_for_a_backbone_that_the_weights_hold(
    classifier: torch.nn.Module,
    detector: SsdDetector,
    config: DetectorConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where there is no network, they are enough. Each part knows where it comes from."""

    def refuse(_: object) -> NoReturn:
        message = "the hub was asked"
        raise AssertionError(message)

    monkeypatch.setattr(type(detector.architecture), "hub_weights", {0.25: "Theirs.V1"})
    monkeypatch.setattr(weights, "get_weight", refuse)
    path = tmp_path / "backbone.pt"
    torch.save(classifier.state_dict(), path)
    taken = config.model_copy(update={"backbone": "hub", "weights": "store:theirs.pt"})
    made = new_detector(taken, CLASSES, 0, {"theirs.pt": path}.__getitem__)
    weight = made.backbone_layers.state_dict()["18.0.weight"]
    assert torch.equal(weight, classifier.state_dict()["features.18.0.weight"])
    drawn = "drawn from the seed (the file has none)"
    assert made.origins == {"backbone": "store:theirs.pt", "neck": drawn, "head": drawn}
    assert made.description["pretrained"] == ["backbone"]


def test_a_backbone_that_the_weights_lack_comes_from_its_own_file(
    classifier: torch.nn.Module, config: DetectorConfig, tmp_path: Path
) -> None:
    """Weights may hold the other parts alone."""
    backbone, others = tmp_path / "backbone.pt", tmp_path / "others.pt"
    torch.save(classifier.state_dict(), backbone)
    trained = build_detector(config, CLASSES, seed=9)
    state = trained.state_dict()
    torch.save({k: v for k, v in state.items() if ".features." not in k}, others)
    places = {"backbone": f"file:{backbone}", "weights": f"file:{others}"}
    made = new_detector(config.model_copy(update=places), CLASSES, 0, Path)
    weight = made.backbone_layers.state_dict()["18.0.weight"]
    assert torch.equal(weight, classifier.state_dict()["features.18.0.weight"])
    assert made.origins == {
        "backbone": f"file:{backbone}",
        "neck": f"file:{others}",
        "head": "drawn from the seed (the file does not say its classes)",
    }
    assert made.pretrained == {"backbone", "neck"}


def test_a_detector_without_weights_is_as_it_was(config: DetectorConfig) -> None:
    """Its file says nothing that an earlier version did not say."""
    made = new_detector(config, CLASSES, 0, Path)
    assert set(made.origins.values()) == {"drawn from the seed"}
    assert made.description.keys() == {"model", "size", "width", "classes"}


def test_a_user_without_a_home_is_asked_for_a_place(
    detector: SsdDetector, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Torch would make a folder named `~` where the command runs."""
    monkeypatch.setattr("torch.hub.get_dir", lambda: "~/.cache/torch/hub")
    monkeypatch.setattr(type(detector.architecture), "hub_weights", {0.25: "Theirs.V1"})
    with pytest.raises(ConfigError, match="no home directory: set TORCH_HOME"):
        hub_file(DetectorConfig(model="ssd_vgg16", size=300))
    with pytest.raises(ConfigError, match="no home directory: set TORCH_HOME"):
        load_backbone(detector, "hub")
