"""Batch normalisation merged into convolutions."""

import pytest
import torch
from torch import nn

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Detector, build_detector
from job.detection.detectors.raw_output import ImageBatch, MapFeatures
from job.detection.inference.fold_batch_norm import fold_batch_norm


def trained(detector: Detector) -> Detector:
    """As after a training: no statistic, scale or shift is what it began as."""
    generator = torch.Generator().manual_seed(0)
    for module in detector.modules():
        if isinstance(module, nn.BatchNorm2d):
            for values, low in ((module.running_mean, -0.2), (module.running_var, 0.5)):
                assert values is not None
                values.copy_(torch.rand(values.shape, generator=generator) + low)
            module.weight.data.copy_(torch.rand(module.weight.shape, generator=generator) + 0.5)
            module.bias.data.copy_(torch.rand(module.bias.shape, generator=generator) - 0.5)
    return detector.eval()


@pytest.mark.parametrize("again", [False, True])
def test_outputs_stay_the_same_but_for_rounding(*, again: bool) -> None:
    """Boxes, classes and maps; none is left that counts, and folding twice is folding once."""
    small = DetectorConfig(size=96, width=0.25, backbone="scratch")
    detector = trained(build_detector(small, ("a", "b"), seed=0))
    images = ImageBatch.filled(torch.randint(0, 256, (2, 3, 96, 96), dtype=torch.uint8))
    with torch.inference_mode():
        expected = detector.forward_raw(images)
        fold_batch_norm(detector)
        if again:
            fold_batch_norm(detector)
        found = detector.forward_raw(images)
    assert not any(isinstance(module, nn.BatchNorm2d) for module in detector.modules())
    torch.testing.assert_close(found.boxes, expected.boxes, atol=1e-3, rtol=0)
    assert isinstance(found.features, MapFeatures)
    assert isinstance(expected.features, MapFeatures)
    for ours, theirs in (
        (found.logits_BAC, expected.logits_BAC),
        (found.embeddings_BE, expected.embeddings_BE),
        (found.features.map_BFYX, expected.features.map_BFYX),
    ):
        torch.testing.assert_close(ours, theirs, atol=1e-5 * float(theirs.abs().max()), rtol=0)
