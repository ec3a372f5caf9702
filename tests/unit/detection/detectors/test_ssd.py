import pytest
import torch

from job.config.detector import DetectorConfig
from job.detection.detectors.base import Target, build_detector, load_model, save_model
from job.detection.detectors.raw_output import ImageBatch
from job.detection.detectors.ssd import SsdDetector
from job.errors import BadDataError

CLASSES = ("disc", "square")


def some_images(size: int, num_images: int = 2) -> ImageBatch:
    generator = torch.Generator().manual_seed(0)
    shape = (num_images, 3, size, size)
    pixels = torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
    return ImageBatch.filled(pixels)


def some_targets() -> list[Target]:
    return [
        {
            "boxes": torch.tensor([[4.0, 8.0, 40.0, 50.0], [30.0, 10.0, 60.0, 30.0]]),
            "labels": torch.tensor([1, 2]),
        },
        {"boxes": torch.zeros(0, 4), "labels": torch.zeros(0, dtype=torch.int64)},
    ]


@pytest.mark.parametrize(
    ("size", "cells"),
    [
        (64, 16 + 4 + 1 + 1 + 1 + 1),
        (96, 36 + 9 + 4 + 1 + 1 + 1),
        (320, 400 + 100 + 25 + 9 + 4 + 1),
        (512, 1024 + 256 + 64 + 16 + 4 + 1),
    ],
)
def test_ssdlite_has_six_anchors_a_cell_of_six_maps_at_any_size(size: int, cells: int) -> None:
    """Maps begin at stride 16 and are halved, rounded up, down to one cell."""
    detector = build_detector(DetectorConfig(size=size, width=0.25, backbone="scratch"), CLASSES, 0)
    with torch.inference_mode():
        raw = detector.forward_raw(some_images(size))
    assert raw.logits_BAC.shape == (2, 6 * cells, 2)
    assert raw.background_BA is not None
    assert raw.background_BA.shape == (2, 6 * cells)
    assert raw.boxes.shape == (2, 6 * cells, 4)
    assert raw.boxes.min() >= 0
    assert raw.boxes.max() <= size


def test_ssd300_has_the_papers_8732_boxes(vgg: SsdDetector) -> None:
    """SSD300 predicts 8,732 boxes a class (Liu et al. 2016, table 7)."""
    assert vgg.anchors_A4.shape == (8732, 4)
    assert vgg.map_channels[:2] == [512, 1024]


def test_the_early_stages_of_vgg_are_the_first_two(vgg: SsdDetector) -> None:
    """By hand: conv1_1 and conv1_2 are the layers 0 and 2, conv2_1 and conv2_2 are 5 and 7."""
    vgg.freeze("stages")
    frozen = {name for name, each in vgg.named_parameters() if not each.requires_grad}
    vgg.requires_grad_()
    kinds = ("weight", "bias")
    assert frozen == {f"ssd.backbone.features.{n}.{kind}" for n in (0, 2, 5, 7) for kind in kinds}


def test_losses_are_torchvisions(detector: SsdDetector) -> None:
    """The losses of uint8 images are those of torchvision's SSD for the same images in [0, 1]."""
    images, targets = some_images(64), some_targets()
    detector.train()
    expected = detector.ssd([image / 255 for image in images.pixels_BCHW], targets)
    losses = detector.losses(images, targets)
    for name in ("classification", "bbox_regression"):
        loss = getattr(losses, name)
        torch.testing.assert_close(loss, expected[name], rtol=1e-4, atol=1e-4)


def test_a_batch_without_boxes_has_a_loss(detector: SsdDetector) -> None:
    """Images that show nothing give a finite loss that can be differentiated."""
    empty = some_targets()[1:] * 2
    losses = detector.train().losses(some_images(64), empty)
    losses.total.backward()  # type: ignore[no-untyped-call]
    assert torch.isfinite(losses.total)
    assert losses.weight == 0


def test_losses_are_float32_under_autocast(detector: SsdDetector) -> None:
    """In bfloat16 the network computes roughly the same, and the losses exactly typed."""
    images, targets = some_images(64), some_targets()
    exact = detector.train().losses(images, targets)
    with torch.autocast("cpu", torch.bfloat16):
        rough = detector.losses(images, targets)
    for name in ("classification", "bbox_regression"):
        loss, expected = getattr(rough, name), getattr(exact, name)
        assert loss.dtype == torch.float32
        assert loss.item() != expected.item()
        assert loss.item() == pytest.approx(expected.item(), rel=0.1)


def test_the_first_weights_are_a_function_of_the_seed(config: DetectorConfig) -> None:
    """The same seed gives the same detector, another another; the global stream stays."""
    before = torch.get_rng_state()
    one, same, other = (save_model(build_detector(config, CLASSES, seed)) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert torch.equal(torch.get_rng_state(), before)


def test_a_saved_model_sees_the_same(detector: SsdDetector, config: DetectorConfig) -> None:
    """A model that was written and read says the same, and is written to the same bytes."""
    detector.train().losses(some_images(64), some_targets())  # moves the running statistics
    data = save_model(detector.eval())
    loaded = load_model(data, config)
    assert loaded.classes == CLASSES
    assert save_model(loaded) == data
    with torch.inference_mode():
        expected, raw = (each.forward_raw(some_images(64)) for each in (detector, loaded))
    assert torch.equal(raw.logits_BAC, expected.logits_BAC)


def test_memory_layout_does_not_change_the_file(detector: SsdDetector) -> None:
    """A model that was trained channels-last is written like any other."""
    data = save_model(detector)
    detector.to(memory_format=torch.channels_last)
    assert save_model(detector) == data


@pytest.mark.parametrize(
    "other", [{"size": 96}, {"width": 0.5}, {"model": "ssd_vgg16", "size": 300}]
)
def test_another_detectors_file_is_refused(
    detector: SsdDetector, config: DetectorConfig, other: dict[str, object]
) -> None:
    """A model of another kind, size or width is refused in one line that names both."""
    wanted = config.model_copy(update=other)
    with pytest.raises(BadDataError, match=r"holds .*size 64.*configuration says") as caught:
        load_model(save_model(detector), wanted)
    assert "\n" not in str(caught.value)


def test_a_damaged_model_is_refused(detector: SsdDetector, config: DetectorConfig) -> None:
    """A model that was cut short is told from one of another detector."""
    with pytest.raises(BadDataError, match=r"model: damaged"):
        load_model(save_model(detector)[:-100], config)
