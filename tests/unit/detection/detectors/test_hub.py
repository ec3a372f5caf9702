"""A start from torchvision's whole detectors, as its own builders make them without weights."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torchvision.models import WeightsEnum, get_model, get_weight

from job.config.detector import DetectorConfig
from job.detection.detectors import weights
from job.detection.detectors.architecture import architecture_of
from job.detection.detectors.weights import hub_file, new_detector
from job.errors import ConfigError

RESNET = {"size": 320, "backbone": "scratch", "weights": "hub"}
MOBILE = RESNET | {"network": "mobilenet_v3_large"}
WHOLE = {
    "retinanet_resnet50_fpn": {"model": "retinanet", **RESNET},
    "fcos_resnet50_fpn": {"model": "fcos", **RESNET},
    "fasterrcnn_resnet50_fpn": {"model": "faster_rcnn", **RESNET},
    "retinanet_resnet50_fpn_v2": {"model": "retinanet", **RESNET, "version": 2},
    "fasterrcnn_resnet50_fpn_v2": {"model": "faster_rcnn", **RESNET, "version": 2},
    "fasterrcnn_mobilenet_v3_large_320_fpn": {"model": "faster_rcnn", **MOBILE},
    "fasterrcnn_mobilenet_v3_large_fpn": {"model": "faster_rcnn", **MOBILE, "size": 640},
    "ssdlite320_mobilenet_v3_large": {"model": "ssdlite_mobilenet_v3", **RESNET},
    "ssd300_vgg16": {"model": "ssd_vgg16", **RESNET, "size": 300},
}
"""By the name of torchvision's builder: the configuration that its weights are of."""


class Hub:
    """Gives what torchvision's builder makes in place of what would be downloaded."""

    def __init__(self, builder: str, monkeypatch: pytest.MonkeyPatch) -> None:
        with torch.random.fork_rng():
            torch.manual_seed(7)
            network: nn.Module = get_model(builder, weights=None, weights_backbone=None)
        self.state: dict[str, Tensor] = network.state_dict()
        self.meta: dict[str, Any] = {}
        monkeypatch.setattr(weights, "get_weight", self.get)

    def get(self, name: str) -> "Hub":
        """Take the place of torchvision's function of that name."""
        found: WeightsEnum = get_weight(name)
        self.name, self.meta = name, found.meta
        return self

    def get_state_dict(self, **_: object) -> dict[str, Tensor]:
        return self.state


@pytest.mark.parametrize(
    "builder",
    [
        pytest.param(name, marks=[] if name.startswith("ssdlite") else pytest.mark.detectors)
        for name in WHOLE
    ],
)
def test_every_tensor_of_torchvisions_detector_is_taken(
    builder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a data set with COCO's classes all, else all that does not depend on the classes."""
    hub = Hub(builder, monkeypatch)
    config = DetectorConfig.model_validate(WHOLE[builder])
    assert str(architecture_of(config).hub_detector(config)).lower().startswith(builder[:8])
    few = new_detector(config, ("a", "b"), 0, Path)
    assert few.pretrained == {"backbone", "neck"}
    origin = f"hub: {hub.name} (licence: BSD-3-Clause, "
    assert few.origins["backbone"] == few.origins["neck"]
    assert few.origins["neck"].startswith(origin)
    assert "it has other classes" in few.origins["head"]
    all_of_coco = new_detector(config, hub.meta["categories"][1:], 0, Path)
    assert all_of_coco.pretrained == {"backbone", "neck", "head"}
    taken, names = all_of_coco.state_dict(), all_of_coco.known_names()
    counted = {k: v for k, v in hub.state.items() if not k.endswith("num_batches_tracked")}
    assert all(torch.equal(taken[names[name]], value) for name, value in counted.items())
    floats = {name for name, value in taken.items() if value.is_floating_point()}
    assert len(counted) == len(floats)


def test_the_file_of_a_whole_detector_is_known_before_it_is_downloaded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By torchvision's address of it; `al-job doctor` says whether it is there."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    config = DetectorConfig.model_validate(WHOLE["fasterrcnn_mobilenet_v3_large_fpn"])
    name = "fasterrcnn_mobilenet_v3_large_fpn-fb6a3cc7.pth"
    assert hub_file(config) == tmp_path / "checkpoints" / name


@pytest.mark.parametrize(
    "settings",
    [
        {"model": "retinanet", "network": "mobilenet_v3_large"},
        {"model": "faster_rcnn", "channels": 128},
        {"model": "ssdlite_mobilenet_v2"},
    ],
)
def test_a_detector_that_the_hub_lacks_is_refused(settings: dict[str, Any]) -> None:
    """Before anything is built or downloaded."""
    config = DetectorConfig.model_validate({"weights": "hub", **settings})
    with pytest.raises(ConfigError, match=r"the hub has no trained .*; leave it out"):
        architecture_of(config)
