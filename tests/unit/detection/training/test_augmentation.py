import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms import v2
from torchvision.tv_tensors import BoundingBoxes

from job.detection.detectors.base import Target
from job.detection.input_size import Square
from job.detection.seeding import seeded
from job.detection.training import augmentation
from job.detection.training.augmentation import Augmentation, augmented_view, training_sample
from job.detection.view import View, scaled
from job.errors import BadDataError
from job.records.annotation import Annotation

SIZE = 64
FILL = torch.tensor([10, 20, 30], dtype=torch.uint8)
CLASSES = {"disc": 0, "square": 1}


def annotate(image: Image.Image, boxes: list[list[float]], **flags: tuple[bool, ...]) -> Annotation:
    none = (False,) * len(boxes)
    return Annotation(
        width=image.width,
        height=image.height,
        boxes_xyxy=np.array(boxes, dtype=np.float32).reshape(-1, 4),
        labels=("square",) * len(boxes),
        difficult=flags.get("difficult", none),
        crowd=flags.get("crowd", none),
    )


def sample(
    image: Image.Image, annotation: Annotation, augmentation: Augmentation, seed: int = 0
) -> tuple[Tensor, Target]:
    return training_sample(
        image,
        annotation,
        CLASSES,
        input_size=Square(SIZE),
        fill=FILL,
        augmentation=augmentation,
        seed=[seed],
    )


def photo(width: int = 120, height: int = 90) -> Image.Image:
    """A smooth picture, so that two ways of resampling it agree."""
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 100 * np.sin(x / 17 + k) * np.cos(y / 23 - k) for k in range(3)]
    return Image.fromarray(np.stack(waves, -1).astype(np.uint8))


def test_without_augmentation_the_image_is_stretched_to_the_square() -> None:
    """Pixels are Pillow's bilinear resize, and boxes scale with the sides."""
    image = photo(128, 32)
    pixels, target = sample(image, annotate(image, [[64, 8, 128, 16]]), "none")
    expected = np.asarray(image.resize((SIZE, SIZE), Image.Resampling.BILINEAR))
    assert np.array_equal(pixels.permute(1, 2, 0).numpy(), expected)
    assert target["boxes"].tolist() == [[32, 16, 64, 32]]
    assert target["labels"].tolist() == [2]


@pytest.mark.parametrize("size_wh", [(128, 96), (64, 64), (31, 128), (1, 1)])
def test_what_is_scaled_is_the_whole_view_but_for_rounding(size_wh: tuple[int, int]) -> None:
    """Scaling a whole image by torch differs from rendering its view by two levels at most."""
    rng = np.random.default_rng(0)
    image = Image.fromarray(rng.integers(0, 256, (*size_wh[::-1], 3), dtype=np.uint8))
    expected = View.whole(image.size, (SIZE, SIZE)).render(image, FILL)
    pixels = scaled(image, (SIZE, SIZE))
    assert pixels.dtype == torch.uint8
    assert (pixels.int() - expected.int()).abs().max() <= 2


def test_a_view_past_the_edge_is_filled() -> None:
    """By hand: an image in the lower right quarter of a view twice as wide and high."""
    image = Image.new("RGB", (20, 10), (200, 0, 0))
    view = View(left=-20, top=-10, width=40, height=20, canvas_wh=(8, 8))
    pixels = view.render(image, FILL)
    expected = FILL.view(3, 1, 1).repeat(1, 8, 8)
    expected[:, 4:, 4:] = torch.tensor([200, 0, 0], dtype=torch.uint8).view(3, 1, 1)
    assert torch.equal(pixels, expected)
    assert view.to_canvas(torch.tensor([[0.0, 0.0, 20.0, 5.0]])).tolist() == [[4, 4, 8, 6]]


def test_a_flipped_view_mirrors_pixels_and_boxes() -> None:
    """By hand: what is left comes to lie right."""
    image = Image.new("RGB", (8, 8), (0, 0, 0))
    image.paste((255, 255, 255), (0, 0, 2, 8))
    view = View(0, 0, 8, 8, canvas_wh=(8, 8), flipped=True)
    assert view.render(image, FILL)[0, 0].tolist() == [0] * 6 + [255] * 2
    assert view.to_canvas(torch.tensor([[0.0, 0.0, 2.0, 8.0]])).tolist() == [[6, 0, 8, 8]]


@pytest.mark.parametrize("flipped", [False, True])
def test_boxes_go_back_to_the_image(flipped: bool) -> None:  # noqa: FBT001 - a case of the test
    """`to_image` undoes `to_canvas`."""
    view = View(left=-13, top=7, width=90, height=31, canvas_wh=(SIZE, SIZE), flipped=flipped)
    boxes = torch.tensor([[1.0, 10.0, 40.0, 30.0], [50.0, 8.0, 70.0, 20.0]])
    torch.testing.assert_close(view.to_image(view.to_canvas(boxes)), boxes)


@pytest.mark.parametrize("seed", range(25))
def test_geometry_is_torchvisions(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the same draws, one resampling gives what padding, cropping and resizing give."""
    monkeypatch.setattr(augmentation, "_DISTORT", lambda pixels: pixels)
    image = photo()
    boxes = [[10.0, 20.0, 60.0, 70.0], [50.0, 5.0, 110.0, 60.0]]
    steps = v2.Compose(
        [
            v2.RandomZoomOut(fill=FILL.tolist()),
            v2.RandomIoUCrop(),
            v2.RandomHorizontalFlip(),
            v2.Resize((SIZE, SIZE)),
            v2.SanitizeBoundingBoxes(min_size=1),
        ]
    )
    with seeded([seed]):
        expected = steps(
            {
                "image": v2.functional.to_image(image),
                "boxes": BoundingBoxes(boxes, format="XYXY", canvas_size=(90, 120)),
                "labels": torch.tensor([2, 2]),
            }
        )
    pixels, target = sample(image, annotate(image, boxes), "ssd", seed)
    torch.testing.assert_close(target["boxes"], expected["boxes"].as_subclass(Tensor))
    difference = (pixels.float() - expected["image"].float()).abs()
    assert difference.mean() < 4


def test_colours_are_distorted_only_within_the_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies past the edges keeps the fill colour, which normalisation makes 0."""
    monkeypatch.setattr(augmentation, "_DISTORT", lambda pixels: torch.full_like(pixels, 255))
    image = photo()
    for seed in range(20):
        pixels, _ = sample(image, annotate(image, []), "ssd", seed)
        is_fill = (pixels == FILL.view(3, 1, 1)).all(0)
        assert torch.equal(~is_fill, (pixels == 255).all(0))


def test_a_sample_is_a_function_of_its_seed() -> None:
    """The same seed gives the same sample, others others; the global stream stays."""
    image = photo()
    annotation = annotate(image, [[10, 20, 60, 70]])
    before, threads = torch.get_rng_state(), torch.get_num_threads()
    one, again, other = (sample(image, annotation, "ssd", seed)[0] for seed in (1, 1, 2))
    assert torch.equal(one, again)
    assert not torch.equal(one, other)
    assert torch.equal(torch.get_rng_state(), before)
    assert torch.get_num_threads() == threads


def test_flip_only_flips() -> None:
    """`flip` gives the resized image or its mirror image, each about half the time."""
    image = photo()
    plain, _ = sample(image, annotate(image, []), "none")
    drawn = [sample(image, annotate(image, []), "flip", seed)[0] for seed in range(40)]
    flipped = [torch.equal(pixels, plain.flip(-1)) for pixels in drawn]
    assert all(f or torch.equal(p, plain) for f, p in zip(flipped, drawn, strict=True))
    assert 10 <= sum(flipped) <= 30


def test_crowds_are_no_targets_and_difficult_boxes_are() -> None:
    """A crowd region is left out; a difficult box is learnt from, as in SSD's own training."""
    image = photo(SIZE, SIZE)
    annotation = annotate(
        image,
        [[0, 0, 30, 30], [5, 5, 40, 40], [1, 2, 30, 40]],
        crowd=(True, False, False),
        difficult=(False, True, False),
    )
    _, target = sample(image, annotation, "none")
    assert target["boxes"].tolist() == [[5, 5, 40, 40], [1, 2, 30, 40]]


def test_boxes_too_small_to_see_are_left_out() -> None:
    """A box of less than a pixel of the square is not a target."""
    image = photo(640, 640)
    _, target = sample(image, annotate(image, [[0, 0, 9, 100], [0, 0, 11, 100]]), "none")
    assert target["boxes"].shape == (1, 4)


@pytest.mark.parametrize("augmentation", ["ssd", "flip", "none"])
def test_an_image_without_boxes_is_a_sample(augmentation: Augmentation) -> None:
    """Its targets are empty, of the right shape and type."""
    image = photo()
    for seed in range(5):
        pixels, target = sample(image, annotate(image, []), augmentation, seed)
        assert pixels.shape == (3, SIZE, SIZE)
        assert target["boxes"].shape == (0, 4)
        assert target["labels"].dtype == torch.int64


@pytest.mark.parametrize(("width", "height"), [(300, 2), (3, 200), (1, 1)])
def test_an_image_of_few_pixels_is_a_sample(width: int, height: int) -> None:
    """A side too short to be cropped is left whole."""
    image = Image.new("RGB", (width, height))
    annotation = annotate(image, [[0, 0, width, height]])
    for seed in range(20):
        pixels, target = sample(image, annotation, "ssd", seed)
        assert pixels.shape == (3, SIZE, SIZE)
        assert len(target["boxes"]) <= 1


def test_an_unknown_class_is_bad_data() -> None:
    """The class's name is in the message."""
    image = photo()
    annotation = annotate(image, [[0, 0, 50, 50]])
    with pytest.raises(BadDataError, match="'square'"):
        training_sample(
            image,
            annotation,
            {"disc": 0},
            input_size=Square(SIZE),
            fill=FILL,
            augmentation="none",
            seed=[0],
        )


def test_an_augmented_view_maps_back_to_the_image() -> None:
    """The image's centre is in the view, whatever is drawn, and pixels depend on the seed."""
    image = photo()
    first, _ = augmented_view(image, input_size=Square(SIZE), fill=FILL, seed=[0])
    differs = False
    for seed in range(20):
        pixels, view = augmented_view(image, input_size=Square(SIZE), fill=FILL, seed=[seed])
        assert view.left < 60 < view.left + view.width
        assert view.top < 45 < view.top + view.height
        differs |= not torch.equal(pixels, first)
    assert differs
