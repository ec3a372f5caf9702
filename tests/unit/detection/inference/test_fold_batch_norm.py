"""Batch normalisation merged into convolutions."""

import pytest
import torch
from torch import nn
from torchvision.ops import FrozenBatchNorm2d

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Detector, build_detector
from job.detection.detectors.raw_output import ImageBatch, MapFeatures
from job.detection.inference.fold_batch_norm import fold_batch_norm

NORMS = (nn.BatchNorm2d, FrozenBatchNorm2d)


def trained(detector: Detector) -> Detector:
    """As after a training: no statistic, scale or shift is what it began as."""
    generator = torch.Generator().manual_seed(0)
    for module in detector.modules():
        if isinstance(module, NORMS):
            for values, low in ((module.running_mean, -0.2), (module.running_var, 0.5)):
                assert values is not None
                values.copy_(torch.rand(values.shape, generator=generator) + low)
            assert isinstance(module.weight, torch.Tensor)
            assert isinstance(module.bias, torch.Tensor)
            module.weight.data.copy_(torch.rand(module.weight.shape, generator=generator) + 0.5)
            module.bias.data.copy_(torch.rand(module.bias.shape, generator=generator) - 0.5)
    return detector.eval()


@pytest.mark.parametrize("again", [False, True])
def test_outputs_stay_the_same_but_for_rounding(*, again: bool) -> None:
    """Boxes, classes and maps; none is left that counts, and folding twice is folding once."""
    assert_the_same_when_folded(DetectorConfig(size=96, width=0.25, backbone="scratch"), again)


@pytest.mark.parametrize(
    "settings",
    [
        {"network": "mobilenet_v3_large", "width": 0.25, "backbone": "file:any"},
        pytest.param({"network": "resnet50"}, marks=pytest.mark.detectors),
    ],
)
def test_layers_of_pretrained_backbones_are_folded_too(settings: dict[str, object]) -> None:
    """Batch normalisation that is frozen, and that of a ResNet's blocks."""
    small = {"model": "retinanet", "size": 96, "channels": 32, "backbone": "file:any"}
    assert_the_same_when_folded(DetectorConfig.model_validate(small | settings))


def assert_the_same_when_folded(config: DetectorConfig, again: bool = False) -> None:  # noqa: FBT001, FBT002 - a parameter of the test
    detector = trained(build_detector(config, ("a", "b"), seed=0))
    images = ImageBatch.filled(torch.randint(0, 256, (2, 3, 96, 96), dtype=torch.uint8))
    with torch.inference_mode():
        expected = detector.forward_raw(images)
        fold_batch_norm(detector)
        if again:
            fold_batch_norm(detector)
        found = detector.forward_raw(images)
    assert not any(isinstance(module, NORMS) for module in detector.modules())
    torch.testing.assert_close(found.boxes, expected.boxes, atol=1e-3, rtol=0)
    assert isinstance(found.features, MapFeatures)
    assert isinstance(expected.features, MapFeatures)
    for ours, theirs in (
        (found.logits_BAC, expected.logits_BAC),
        (found.embeddings_BE, expected.embeddings_BE),
        (found.features.map_BFYX, expected.features.map_BFYX),
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-5 * float(theirs.abs().max()), rtol=0)
