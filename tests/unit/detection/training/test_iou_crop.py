import pytest
import torch
from torchvision.transforms import v2
from torchvision.tv_tensors import BoundingBoxes

from job.detection.seeding import seeded
from job.detection.training.iou_crop import draw_crop

WIDTH, HEIGHT = 333, 217


@pytest.mark.parametrize("num_boxes", [1, 2, 9])
def test_a_crop_is_torchvisions(num_boxes: int) -> None:
    """The same stream gives the same crop, keeps the same boxes, and is left in the same state."""
    generator = torch.Generator().manual_seed(num_boxes)
    transform = v2.RandomIoUCrop()
    cropped = 0
    for seed in range(60):
        corners = torch.rand(2, num_boxes, 2, generator=generator).sort(0).values
        boxes = (corners * torch.tensor([WIDTH, HEIGHT])).permute(1, 0, 2).reshape(-1, 4)
        with seeded([seed]):
            canvas = BoundingBoxes(boxes, format="XYXY", canvas_size=(HEIGHT, WIDTH))
            expected = transform.make_params([canvas])
            state = torch.get_rng_state()
        with seeded([seed]):
            crop = draw_crop(boxes, WIDTH, HEIGHT)
            assert torch.equal(torch.get_rng_state(), state)
        assert (crop is None) == (not expected)
        if crop:
            kept = expected.pop("is_within_crop_area")
            assert torch.equal(crop.has_centre, kept)
            sides = {"left": crop.left, "top": crop.top, "width": crop.width, "height": crop.height}
            assert sides == expected
            cropped += 1
    assert cropped > 20
